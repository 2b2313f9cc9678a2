// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package ble_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/schemetest"
)

// blockable is a controller that can be made to take nothing.
type blockable struct {
	*sim.Controller
	blocked atomic.Bool
}

func (b *blockable) Send(packet []byte) error {
	if b.blocked.Load() {
		return errors.New("no controller")
	}
	return b.Controller.Send(packet)
}

// The contract of schemes through the whole stack: each request comes from a
// phone of its own over a simulated link.
func TestConformanceOverHCI(t *testing.T) {
	schemetest.RunInBubble(t, func(t *testing.T) schemetest.Rig {
		air := sim.NewAir(sim.AirConfig{})
		device, err := air.NewController(sim.ControllerConfig{})
		require.NoError(t, err)
		transport := &blockable{Controller: device}
		host, err := att.New(transport, att.Config{MaxConns: 8})
		require.NoError(t, err)
		return schemetest.Rig{
			Scheme: ble.New(ble.Config{GATT: host}),
			Name:   "PROV_1",
			Ask: func(endpoint string, req []byte) ([]byte, error) {
				phone, err := air.NewController(sim.ControllerConfig{})
				if err != nil {
					return nil, err
				}
				defer phone.Close()
				central, err := blecentral.New(phone, blecentral.Config{})
				if err != nil {
					return nil, err
				}
				transport, err := client.NewBLE(client.BLEConfig{Central: central, FindTimeout: 2 * time.Second, ConnectTimeout: 2 * time.Second, Timeout: 5 * time.Second})
				if err != nil {
					return nil, err
				}
				defer transport.Close()
				return transport.Do(t.Context(), endpoint, req)
			},
			Block: func() func() {
				transport.blocked.Store(true)
				return func() { transport.blocked.Store(false) }
			},
			Left: func() error {
				time.Sleep(time.Second)
				if _, _, on := device.Advertising(); on || device.Links() > 0 {
					return errors.New("the device advertises or is connected")
				}
				return nil
			},
		}
	})
}
