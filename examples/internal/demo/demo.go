// SPDX-License-Identifier: Apache-2.0

// Package demo has what the simulated devices among the examples share: the
// networks around them, the flags of their security, and how long they live.
package demo

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// Air returns an air with the networks HomeNet (passphrase "correct horse") and
// Café (open).
func Air(cfg sim.AirConfig) (*sim.Air, error) {
	air := sim.NewAir(cfg)
	for _, ap := range []sim.APConfig{
		{SSID: "HomeNet", Passphrase: "correct horse", Channel: 6, RSSI: -47, Auth: hal.AuthWPA2PSK},
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

// New makes the device's half.
func (s *Security) New() (protocomm.Security, error) {
	switch s.Mode {
	case 0:
		return sec0.New(), nil
	case 1:
		return sec1.New(sec1.Config{PoP: security.Secret(s.PoP)})
	case 2:
		// A product keeps salt and verifier and never knows the password.
		salt, verifier, err := sec2.Generate(s.User, security.Secret(s.Password), sec2.DefaultSaltSize, rand.Reader)
		if err != nil {
			return nil, err
		}
		return sec2.New(sec2.Config{Salt: salt, Verifier: verifier})
	}
	return nil, fmt.Errorf("-sec is %d; it can be 0, 1 or 2", s.Mode)
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
