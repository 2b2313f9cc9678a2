// SPDX-License-Identifier: Apache-2.0

// Package demo has what the simulated devices among the examples share: the
// networks around them, the flags of their security, an endpoint, and how long they
// live.
package demo

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/protocomm"
)

// Air returns an air with the networks HomeNet (passphrase "correct horse") and
// Café (open).
func Air(cfg sim.AirConfig) (*sim.Air, error) {
	air := sim.NewAir(cfg)
	for _, ap := range []sim.APConfig{
		simdevice.Home,
		{SSID: "Café", Channel: 11, RSSI: -68},
	} {
		if _, err := air.AddAP(ap); err != nil {
			return nil, err
		}
	}
	return air, nil
}

// Security is what the flags say about a device's security.
type Security struct {
	Mode                int
	PoP, User, Password string
}

// Flags declares the flags.
func (s *Security) Flags() {
	flag.IntVar(&s.Mode, "sec", 1, "security `mode`, 0, 1 or 2")
	flag.StringVar(&s.PoP, "pop", "abcd1234", "proof of possession for security 1; empty: none")
	flag.StringVar(&s.User, "user", "wifiprov", "user `name` for security 2")
	flag.StringVar(&s.Password, "password", "abcd1234", "password for security 2")
}

// Device returns the security of the device.
func (s *Security) Device() (simdevice.Security, error) {
	switch s.Mode {
	case 0:
		return simdevice.Security0(), nil
	case 1:
		return simdevice.Security1(hal.Secret(s.PoP)), nil
	case 2:
		// A product keeps salt and verifier and never knows the password.
		return simdevice.Security2(s.User, hal.Secret(s.Password)), nil
	}
	return simdevice.Security{}, fmt.Errorf("-sec is %d; it can be 0, 1 or 2", s.Mode)
}

// CustomData is the endpoint of ESP-IDF's examples; esp_prov's --custom_data sends to
// it. It tells what it gets.
func CustomData(tell func(req []byte)) []simdevice.Endpoint {
	return []simdevice.Endpoint{{Name: "custom-data", Handler: func(_ protocomm.SessionID, req []byte) ([]byte, error) {
		tell(req)
		return []byte("SUCCESS\x00"), nil
	}}}
}

// Context returns a context that ends when the program is interrupted, and after
// lifetime unless that is 0.
func Context(lifetime time.Duration) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	if lifetime == 0 {
		return ctx, stop
	}
	return context.WithTimeout(ctx, lifetime)
}
