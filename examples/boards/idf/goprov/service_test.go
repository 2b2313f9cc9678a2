// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package main

import (
	"crypto/rand"
	"encoding/hex"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/esp32/idf/idftest"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// phone provisions the device over its transport.
func phone(t *testing.T, air *sim.Air, chip *idftest.Chip, bluetooth bool, cfg client.Config) {
	t.Helper()
	var transport client.Transport
	var err error
	if bluetooth {
		var controller *sim.Controller
		controller, err = air.NewController(sim.ControllerConfig{})
		require.NoError(t, err)
		var central *blecentral.Central
		central, err = blecentral.New(controller, blecentral.Config{})
		require.NoError(t, err)
		transport, err = client.NewBLE(client.BLEConfig{Central: central})
	} else {
		transport, err = client.NewHTTP(client.HTTPConfig{Dial: chip.Network.Dial})
	}
	require.NoError(t, err)
	c, err := client.New(transport, cfg)
	require.NoError(t, err)
	require.NoError(t, c.Connect(t.Context()))
	_, err = c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
	require.NoError(t, err)
	require.NoError(t, c.Close())
}

// The life of the application's task: provisioned over each transport under
// each security, then joins by itself, is reset, and is as new.
func TestService(t *testing.T) {
	salt, verifier, err := sec2.Generate("wifiprov", "password", sec2.DefaultSaltSize, rand.Reader)
	require.NoError(t, err)
	for security := range 3 {
		for _, bluetooth := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				air := sim.NewAir(sim.AirConfig{})
				_, err := air.AddAP(sim.APConfig{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK})
				require.NoError(t, err)
				chip := idftest.New(t, idftest.Config{Air: air})
				var events []string
				cfg := settings{
					bluetooth: bluetooth, security: security, name: "PROV_1", pop: "abcd1234",
					salt: hex.EncodeToString(salt), verifier: hex.EncodeToString(verifier),
					tell: func(kind wifiprov.EventKind, _ wifiprov.FailReason) { events = append(events, kind.String()) },
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					provisionOnce(t, cfg)
				}()
				synctest.Wait()
				phone(t, air, chip, bluetooth, client.Config{Security: client.Security0 + client.Security(security), PoP: "abcd1234", Username: "wifiprov", Password: "password"})
				<-done
				require.Equal(t, []string{"INIT", "START", "CRED_RECV", "CRED_SUCCESS", "END", "DEINIT"}, events)
				require.NoError(t, chip.Reset())
				joinAgain(t, cfg, chip)
			})
		}
	}
}

func provisionOnce(t *testing.T, cfg settings) {
	var s service
	require.NoError(t, s.open(cfg))
	require.Error(t, s.open(cfg))
	provisioned, err := s.provisioned()
	require.NoError(t, err)
	require.False(t, provisioned)
	require.False(t, s.pump(0), "not started")
	require.NoError(t, s.start())
	for s.pump(time.Second) {
	}
	require.NoError(t, s.close())
	require.NoError(t, s.close())
}

func joinAgain(t *testing.T, cfg settings, chip *idftest.Chip) {
	var s service
	cfg.tell = nil
	require.NoError(t, s.open(cfg))
	provisioned, err := s.provisioned()
	require.NoError(t, err)
	require.True(t, provisioned)
	require.NoError(t, s.connect())
	for range 5 {
		s.pump(time.Second)
	}
	_, err = s.dev.Link()
	require.NoError(t, err)
	require.NoError(t, s.reset())
	provisioned, err = s.provisioned()
	require.NoError(t, err)
	require.False(t, provisioned)
	require.NoError(t, s.start())
	s.stop()
	for s.pump(time.Second) {
	}
	chip.Fail("esp_wifi_deinit", 1, idftest.Fail)
	require.Error(t, s.close())
	require.NoError(t, s.close())
}

// What cannot be used is said, and nothing is left of it.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := idftest.New(t, idftest.Config{Air: sim.NewAir(sim.AirConfig{})})
		var s service
		for _, cfg := range []settings{
			{security: 3}, {security: 2}, {security: 2, salt: "x"}, {security: 2, salt: "00", verifier: "0"},
		} {
			require.Error(t, s.open(cfg))
			require.Empty(t, chip.Left())
		}
		_, err := s.provisioned()
		for _, err := range []error{err, s.start(), s.connect(), s.reset()} {
			require.ErrorIs(t, err, errNotInitialised)
		}
		require.False(t, s.pump(0))
		require.Equal(t, -1, int(result(errNotInitialised)))
		require.Equal(t, errNotInitialised.Error(), lastError)
		n, ok := eventNumber(wifiprov.EventDeinit)
		require.True(t, ok)
		require.Equal(t, 6, n)
		_, ok = eventNumber(wifiprov.EventTransportConnected)
		require.False(t, ok)
	})
}
