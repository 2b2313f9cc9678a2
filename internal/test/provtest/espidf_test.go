// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package provtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/hal/esp32/idf/idftest"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/softap"
)

// Every scenario on the binding for ESP-IDF, over ESP-IDF's HTTP server and
// over the stack of our own on its Bluetooth controller.
func TestSuiteESPIDF(t *testing.T) {
	t.Run("HTTP", func(t *testing.T) { Suite(t, espHTTPRig) })
	t.Run("BLE", func(t *testing.T) { Suite(t, espBLERig) })
}

// esp is an ESP32 with the task of its application. It stays the same over
// reboots.
type esp struct {
	*idf.Device
	stack espStack

	t    *testing.T
	air  *sim.Air
	home *sim.AP
	chip *idftest.Chip
	task *task // pumps
}

// espStack is the BLE stack of the present boot.
type espStack struct{ *att.Host }

func newESP(t *testing.T) *esp {
	e := &esp{t: t, air: sim.NewAir(sim.AirConfig{})}
	var err error
	e.home, err = e.air.AddAP(Home)
	require.NoError(t, err)
	e.chip = idftest.New(t, idftest.Config{Air: e.air})
	e.boot()
	return e
}

// boot opens the chip and begins to pump.
func (e *esp) boot() {
	dev, err := idf.Open(idf.Config{})
	require.NoError(e.t, err)
	host, err := att.New(dev.Bluetooth(), att.Config{Clock: dev})
	require.NoError(e.t, err)
	e.Device, e.stack.Host, e.task = dev, host, startTask(dev.Pump)
}

// Go is the present boot's.
func (e *esp) Go(fn func()) { e.Device.Go(fn) }

func (e *esp) shutDown() {
	e.task.end(e.Wake)
	require.NoError(e.t, e.Device.Close())
	require.Zero(e.t, e.Lost())
	require.Empty(e.t, e.chip.Left())
}

func (e *esp) rig(config wifiprov.Config, dial func() client.Transport) *Rig {
	config.WiFi, config.Clock, config.Pump = e, e, func(maxWait time.Duration) { e.task.wait(maxWait) }
	return &Rig{
		Air: e.air, Home: e.home, Config: config, Dial: dial,
		Reboot: func() error {
			e.shutDown()
			if err := e.chip.Reset(); err != nil {
				return err
			}
			e.boot()
			return nil
		},
		Close: e.shutDown,
	}
}

func espHTTPRig(t *testing.T) *Rig {
	e := newESP(t)
	scheme := softap.New(softap.Config{AP: e, Server: httpd.Config{Platform: e, Random: idf.Random()}})
	return e.rig(wifiprov.Config{Scheme: scheme}, func() client.Transport {
		transport, err := client.NewHTTP(client.HTTPConfig{Dial: e.chip.Network.Dial})
		require.NoError(t, err)
		return transport
	})
}

func espBLERig(t *testing.T) *Rig {
	e := newESP(t)
	scheme := ble.New(ble.Config{GATT: &e.stack, Free: ble.FreeBT, Memory: e, Server: gatt.Config{Go: e.Go}})
	return e.rig(wifiprov.Config{Scheme: scheme}, func() client.Transport {
		d := &BLEDevice{Device: &Device{Air: e.air, tb: t}}
		return d.Dial(blecentral.Config{})
	})
}
