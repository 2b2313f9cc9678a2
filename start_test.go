// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
)

func secWith(t testing.TB, pop string) protocomm.Security {
	t.Helper()
	sec, err := sec1.New(sec1.Config{PoP: security.Secret(pop)})
	require.NoError(t, err)
	return sec
}

// The order of driver calls (manager.md 4.4): the configuration is blanked, in
// RAM, before the station is disconnected, so that an application that
// reconnects at every disconnect has no network to connect to (Q-M29); flash
// keeps its credentials and the storage is FLASH afterwards (Q-M8).
func TestQM29_QM8_StartOrder(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		r.wifi.storage = hal.StorageRAM
		r.startOnly()
		require.Equal(t, []string{
			"SetMode STA", "Start", "SetStorage RAM", "SetStationConfig", "Disconnect", "SetStorage flash",
		}, r.wifi.takeCalls())
		require.Equal(t, []string{"INIT", "START"}, r.takeEvents())
		require.Equal(t, hal.SSID("Former"), r.wifi.flash.SSID)
		require.Empty(t, r.wifi.ram.SSID)
		provisioned, err := r.m.IsProvisioned()
		require.NoError(t, err)
		require.False(t, provisioned, "the service runs and no credentials were applied")
	})
}

// Each step of a start failing once: the error comes through, the former
// configuration is back, flash was never touched, nothing is left running and
// the next start succeeds.
func TestStartFailures(t *testing.T) {
	steps := []string{"SetMode", "Start", "SetStorage", "SetStationConfig", "Disconnect", "scheme SetService", "scheme Start"}
	for _, step := range steps {
		t.Run(step, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.init()
				set := func(err error) {
					if name, isScheme := cutPrefix(step, "scheme "); isScheme {
						r.scheme.failing[name] = err
					} else {
						r.wifi.failNext(name, err)
					}
				}
				set(errDriver)
				err := r.m.StartProvisioning(secWith(t, "abcd1234"), "PROV_TEST", "")
				require.ErrorIs(t, err, errDriver)
				r.m.Wait() // does not block
				set(nil)
				if step != "SetStationConfig" {
					require.Equal(t, hal.SSID("Former"), r.wifi.ram.SSID, "the former configuration is gone")
				}
				require.Equal(t, hal.SSID("Former"), r.wifi.flash.SSID)
				require.Equal(t, hal.Secret("former-secret"), r.wifi.flash.Passphrase)
				require.Equal(t, hal.StorageFlash, r.wifi.storage)
				require.Zero(t, r.wifi.subscribers())
				require.Equal(t, []string{"INIT"}, r.takeEvents())
				// Settings are possible again, and the next start works.
				require.NoError(t, r.m.DisableAutoStop(time.Second))
				r.startOnly()
				require.Equal(t, []string{"START"}, r.takeEvents())
			})
		})
	}
}

func cutPrefix(s, prefix string) (string, bool) {
	if len(s) > len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):], true
	}
	return s, false
}

// A failure after the transport came up takes it down again (Q-M12), and a
// failed start with a PoP leaves none behind (Q-M30).
func TestQM12_QM30_FailureAfterTransport(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		require.ErrorIs(t, r.m.StartProvisioning(nil, "PROV_TEST", ""), wifiprov.ErrInvalidArg)
		require.NotContains(t, r.scheme.calls, "Start", "the transport was touched for a nil security")
		require.Empty(t, r.wifi.takeCalls())

		r.scheme.failing["Start"] = errDriver
		require.ErrorIs(t, r.m.StartProvisioning(secWith(t, "abcd1234"), "PROV_TEST", ""), errDriver)
		r.scheme.failing["Start"] = nil
		require.NoError(t, r.m.StartProvisioning(secWith(t, ""), "PROV_TEST", ""))
		text, err := r.scheme.pc.Handle(nil, "proto-ver", 1, []byte("ESP"))
		require.NoError(t, err)
		require.Contains(t, string(text), `["no_pop", "wifi_scan"]`)
		client := handshake(t, r, "")
		require.NotNil(t, client)
	})
}

// handshake makes session 1 and returns the client's half, nil when refused.
func handshake(t *testing.T, r *rig, pop string) *sec1.Client {
	t.Helper()
	client, err := sec1.NewClient(sec1.Config{PoP: security.Secret(pop)})
	require.NoError(t, err)
	require.NoError(t, r.scheme.pc.OpenSession(1))
	var resp []byte
	for {
		req, done, err := client.Step(resp)
		if err != nil {
			return nil
		}
		if done {
			return client
		}
		if resp, err = r.scheme.pc.Handle(nil, "prov-session", 1, req); err != nil {
			return nil
		}
	}
}

// The capabilities are those of the present start (Q-M7).
func TestQM7_CapabilitiesOfThisStart(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		texts := []string{}
		for _, sec := range []protocomm.Security{sec0.New(), secWith(t, "abcd1234"), secWith(t, "")} {
			require.NoError(t, r.m.StartProvisioning(sec, "PROV_TEST", ""))
			text, err := r.scheme.pc.Handle(nil, "proto-ver", 1, []byte("ESP"))
			require.NoError(t, err)
			texts = append(texts, string(text))
			r.m.StopProvisioning()
			r.m.Wait()
		}
		require.Contains(t, texts[0], `["no_sec", "wifi_scan"]`)
		require.Contains(t, texts[1], `["wifi_scan"]`)
		require.Contains(t, texts[2], `["no_pop", "wifi_scan"]`)
	})
}

// An empty PoP is none: it is announced, and the handshake works without
// (Q-M27).
func TestQM27_EmptyPoP(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		require.NoError(t, r.m.StartProvisioning(secWith(t, ""), "PROV_TEST", ""))
		require.NotNil(t, handshake(t, r, ""))
		require.Nil(t, handshake(t, r, "abcd1234"))
	})
}

// The PoP is good until the transport is down, also in the cleanup delay (Q-M3).
func TestQM3_HandshakeWhileStopping(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		require.NoError(t, r.m.DisableAutoStop(10*time.Second))
		require.NoError(t, r.m.StartProvisioning(secWith(t, "abcd1234"), "PROV_TEST", ""))
		r.m.StopProvisioning()
		time.Sleep(5 * time.Second)
		require.NotNil(t, handshake(t, r, "abcd1234"))
		require.Nil(t, handshake(t, r, "wrong"))
	})
}

// A failed start leaves no timers behind that a later stop or configure could
// trip over (Q-M31), and Wi-Fi stays started in station mode (Q-M14).
func TestQM31_QM14_TimersAfterFailedStart(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		r.scheme.failing["Start"] = errDriver
		require.Error(t, r.m.StartProvisioning(sec0.New(), "PROV_TEST", ""))
		r.scheme.failing["Start"] = nil
		require.Equal(t, hal.ModeSTA, r.wifi.mode)
		require.ErrorIs(t, r.m.ConfigureStation(hal.StationConfig{SSID: "x"}), wifiprov.ErrFail)
		require.NoError(t, r.m.DisableAutoStop(time.Second))
		r.startOnly()
		r.m.StopProvisioning()
		r.m.Wait()
		require.Equal(t, []string{"INIT", "START", "END"}, r.takeEvents())
	})
}

// Starting twice, and starting while stopping, is INVALID_STATE.
func TestStartTwice(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		err := r.m.StartProvisioning(sec0.New(), "PROV_TEST", "")
		require.ErrorIs(t, err, wifiprov.ErrInvalidState)
		require.ErrorContains(t, err, "STARTED")
		r.m.StopProvisioning()
		err = r.m.StartProvisioning(sec0.New(), "PROV_TEST", "")
		require.ErrorIs(t, err, wifiprov.ErrInvalidState)
		require.ErrorContains(t, err, "STOPPING")
		r.m.Wait()
		r.startOnly()
	})
}

// A start with a configuration that cannot be read goes on; there is nothing
// to restore then.
func TestStartWithoutFormerConfig(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		r.wifi.failNext("StationConfig", errDriver)
		_, err := r.m.IsProvisioned()
		require.ErrorIs(t, err, wifiprov.ErrFail)
		require.ErrorIs(t, err, errDriver)
		r.scheme.failing["Start"] = errDriver
		require.Error(t, r.m.StartProvisioning(sec0.New(), "PROV_TEST", ""))
		require.Equal(t, []string{
			"SetMode STA", "Start", "SetStorage RAM", "SetStationConfig", "Disconnect", "SetStorage flash",
		}, r.wifi.takeCalls())
		r.scheme.failing["Start"] = nil
		r.startOnly()
	})
}

// The bounds on sessions reach the message layer.
func TestSessionBounds(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.MaxSessions, r.cfg.MaxHalfOpen = 3, 1
		r.init()
		require.NoError(t, r.m.StartProvisioning(secWith(t, ""), "PROV_TEST", ""))
		for id := range protocomm.SessionID(5) {
			require.NoError(t, r.scheme.pc.OpenSession(id+2))
			open, halfOpen := r.scheme.pc.Sessions()
			require.Equal(t, 1, open)
			require.Equal(t, 1, halfOpen)
		}
	})
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.MaxSessions = 3
		r.start()
		for id := range protocomm.SessionID(5) {
			require.NoError(t, r.scheme.pc.OpenSession(id+2))
		}
		open, _ := r.scheme.pc.Sessions()
		require.Equal(t, 3, open)
	})
}
