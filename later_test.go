// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// Functions that releases after v4.4 added (manager.md 10).

// Whether a device is provisioned can be asked before anything runs (v5.0).
func TestIsProvisionedTouchesNothing(t *testing.T) {
	r := newRig(t)
	r.init()
	got, err := r.m.IsProvisioned()
	require.NoError(t, err)
	require.True(t, got)
	r.wifi.ram = hal.StationConfig{Passphrase: "no SSID"}
	got, err = r.m.IsProvisioned()
	require.NoError(t, err)
	require.False(t, got)
	require.Empty(t, r.wifi.takeCalls(), "the driver was touched")
	r.wifi.failNext("StationConfig", errDriver)
	got, err = r.m.IsProvisioned()
	require.ErrorIs(t, err, wifiprov.ErrFail)
	require.ErrorIs(t, err, errDriver)
	require.False(t, got)
	require.NoError(t, r.m.Deinit())
}

// IsIdle is true in IDLE and without Init, and in no other state (v5.3, Q-M18).
func TestQM18_IsIdle(t *testing.T) {
	require.True(t, wifiprov.IsIdle(), "the default manager")
	bubble(t, func(t *testing.T, r *rig) {
		require.True(t, r.m.IsIdle(), "before Init")
		r.init()
		require.True(t, r.m.IsIdle())
		r.startOnly()
		require.False(t, r.m.IsIdle())
		r.apply()
		require.False(t, r.m.IsIdle())
		r.wifi.lost(hal.ReasonAuthFail)
		require.False(t, r.m.IsIdle())
		r.wifi.gotIP()
		require.False(t, r.m.IsIdle())
		r.m.StopProvisioning()
		require.False(t, r.m.IsIdle(), "stopping")
		r.m.Wait()
		require.True(t, r.m.IsIdle())
		require.NoError(t, r.m.Deinit())
		require.True(t, r.m.IsIdle(), "after Deinit")
	})
}

// AdjustStation may change what is applied, is called only when it will be used
// and holds no lock (Q-M19).
func TestQM19_AdjustStation(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var got []hal.StationConfig
		r.cfg.AdjustStation = func(c *hal.StationConfig) {
			got = append(got, *c)
			c.MinAuth = hal.AuthWPA2PSK
			c.ScanMethod = hal.ScanFast
		}
		r.init()
		require.ErrorIs(t, r.m.ConfigureStation(fresh), wifiprov.ErrFail)
		require.Empty(t, got, "called in IDLE")
		r.startOnly()
		require.ErrorIs(t, r.m.ConfigureStation(hal.StationConfig{SSID: "0123456789012345678901234567890123"}), wifiprov.ErrInvalidArg)
		require.Empty(t, got, "called for credentials that are too long")
		r.takeEvents()
		require.Equal(t, "08036a00", r.answer("prov-config", "0802620f0a036e6574120870617373776f7264"))
		require.Equal(t, "08057a00", r.answer("prov-config", "0804"))
		want := hal.StationConfig{SSID: "net", Passphrase: "password", ScanMethod: hal.ScanAllChannel}
		require.Equal(t, []hal.StationConfig{want}, got)
		want.MinAuth, want.ScanMethod = hal.AuthWPA2PSK, hal.ScanFast
		require.Equal(t, want, r.wifi.flash)
		require.Equal(t, []string{"CRED_RECV net"}, r.takeEvents())
		require.ErrorIs(t, r.m.ConfigureStation(fresh), wifiprov.ErrFail)
		require.Len(t, got, 1, "called for credentials that are refused")
	})
}

// What AdjustStation does in between is noticed: the service stopped or gone,
// other credentials, a configuration out of bounds, a panic.
func TestAdjustStationInterferes(t *testing.T) {
	for name, tc := range map[string]struct {
		hook func(r *rig, c *hal.StationConfig)
		want error
	}{
		"stops":   {func(r *rig, _ *hal.StationConfig) { r.m.StopProvisioning() }, wifiprov.ErrFail},
		"deinits": {func(r *rig, _ *hal.StationConfig) { _ = r.m.Deinit() }, wifiprov.ErrInvalidState},
		"applies others": {func(r *rig, _ *hal.StationConfig) {
			err := r.m.ConfigureStation(hal.StationConfig{SSID: "Other"})
			require.ErrorIs(r.t, err, wifiprov.ErrFail)
			require.ErrorContains(r.t, err, "AdjustStation")
		}, nil},
		"too long": {func(_ *rig, c *hal.StationConfig) { c.SSID = "0123456789012345678901234567890123" }, wifiprov.ErrInvalidArg},
		"asks": {func(r *rig, _ *hal.StationConfig) {
			_, err := r.m.WiFiState()
			require.NoError(r.t, err)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.cfg.AdjustStation = func(c *hal.StationConfig) { tc.hook(r, c) }
				r.start()
				err := r.m.ConfigureStation(fresh)
				if tc.want != nil {
					require.ErrorIs(t, err, tc.want)
					require.Equal(t, former, r.wifi.flash)
				} else {
					require.NoError(t, err)
					require.Equal(t, fresh, r.wifi.flash)
				}
			})
		})
	}
	bubble(t, func(t *testing.T, r *rig) {
		panics := true
		r.cfg.AdjustStation = func(*hal.StationConfig) {
			if panics {
				panic("a bug in the application")
			}
		}
		r.start()
		require.Panics(t, r.apply)
		panics = false
		r.apply()
	})
	bubble(t, func(t *testing.T, r *rig) { // two clients at once: one is called for
		calls := 0
		r.cfg.AdjustStation = func(*hal.StationConfig) {
			calls++
			time.Sleep(time.Second)
		}
		r.start()
		go func() { require.NoError(t, r.m.ConfigureStation(fresh)) }()
		synctest.Wait()
		require.ErrorIs(t, r.m.ConfigureStation(hal.StationConfig{SSID: "Other"}), wifiprov.ErrFail)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, fresh, r.wifi.flash)
		require.Equal(t, 1, calls)
	})
}

// bleScheme is a fakeScheme with the optional abilities.
type bleScheme struct {
	*fakeScheme
	report func(scheme.TransportEvent)
}

func (s *bleScheme) NewService() (scheme.Service, error) {
	_, err := s.fakeScheme.NewService()
	return s, err
}
func (s *bleScheme) KeepBLEOn(keep bool) error { return s.call("KeepBLEOn", keep) }
func (s *bleScheme) ReportTransport(fn func(scheme.TransportEvent)) {
	_ = s.call("ReportTransport")
	s.report = fn
}

// KeepBLEOn reaches a scheme that has BLE, before its start, and can be taken
// back (Q-T30).
func TestKeepBLEOn(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		require.ErrorIs(t, r.m.KeepBLEOn(true), wifiprov.ErrInvalidState)
		r.init()
		require.ErrorIs(t, r.m.KeepBLEOn(true), wifiprov.ErrNotSupported)
	})
	bubble(t, func(t *testing.T, r *rig) {
		ble := &bleScheme{fakeScheme: r.scheme}
		r.cfg.Scheme = ble
		r.init()
		r.scheme.calls = nil
		require.NoError(t, r.m.KeepBLEOn(true))
		require.NoError(t, r.m.KeepBLEOn(false))
		require.NoError(t, r.m.KeepBLEOn(true))
		r.startOnly()
		require.Equal(t, []string{"KeepBLEOn true", "KeepBLEOn false", "KeepBLEOn true", "SetService PROV_TEST", "Start"}, r.scheme.calls)
		require.ErrorIs(t, r.m.KeepBLEOn(false), wifiprov.ErrInvalidState, "while it runs")
		r.m.StopProvisioning()
		r.m.Wait()
		r.scheme.failing["KeepBLEOn"] = errDriver
		require.ErrorIs(t, r.m.KeepBLEOn(false), errDriver)
	})
}

// events returns what subscribers get beside the service's own events.
func (r *rig) subscribed() *[]wifiprov.Event {
	var got []wifiprov.Event
	r.m.Subscribe(func(e wifiprov.Event) {
		if e.Kind > wifiprov.EventDeinit {
			got = append(got, e)
		}
	})
	return &got
}

// How handshakes went is told to subscribers, and to nobody else (protocomm.md
// 7).
func TestSessionEventsReachSubscribers(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		got := r.subscribed()
		r.init()
		require.NoError(t, r.m.StartProvisioning(secWith(t, "abcd1234"), "PROV_TEST", ""))
		r.takeEvents()
		require.NotNil(t, handshake(t, r, "abcd1234"))
		require.Nil(t, handshake(t, r, "wrong"))
		require.NoError(t, r.scheme.pc.OpenSession(9))
		_, err := r.requestAs(9, "prov-session", "10015a03a20100")
		require.ErrorIs(t, err, wifiprov.ErrInvalidArg)
		require.Equal(t, []wifiprov.Event{
			{Kind: wifiprov.EventSessionSetupOK, Session: 1},
			{Kind: wifiprov.EventSessionMismatch, Session: 1},
			{Kind: wifiprov.EventSessionInvalidParams, Session: 9},
		}, *got)
		require.Equal(t, "SECURITY_SESSION_SETUP_OK", wifiprov.EventSessionSetupOK.String())
		require.Equal(t, "SECURITY_SESSION_INVALID_SECURITY_PARAMS", wifiprov.EventSessionInvalidParams.String())
		require.Equal(t, "SECURITY_SESSION_CREDENTIALS_MISMATCH", wifiprov.EventSessionMismatch.String())
		require.Empty(t, r.takeEvents())
	})
}

// Clients that come and go on a transport that knows are told as well.
func TestTransportEventsReachSubscribers(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ble := &bleScheme{fakeScheme: r.scheme}
		r.cfg.Scheme = ble
		r.init()
		ble.report(scheme.TransportEvent{Connected: true, Conn: 1}) // nobody listens
		got := r.subscribed()
		ble.report(scheme.TransportEvent{Connected: true, Conn: 3})
		ble.report(scheme.TransportEvent{Conn: 3, Reason: 0x13})
		require.Equal(t, []wifiprov.Event{
			{Kind: wifiprov.EventTransportConnected, Conn: 3},
			{Kind: wifiprov.EventTransportDisconnected, Conn: 3, ConnReason: 0x13},
		}, *got)
		require.Equal(t, "TRANSPORT_CONNECTED TRANSPORT_DISCONNECTED", (*got)[0].Kind.String()+" "+(*got)[1].Kind.String())
		*got = nil
		gone := protocomm.ErrFail
		ble.report(scheme.TransportEvent{Lost: true, Err: gone})
		ble.report(scheme.TransportEvent{Restored: true})
		require.Equal(t, []wifiprov.Event{{Kind: wifiprov.EventTransportLost, Err: gone}, {Kind: wifiprov.EventTransportRestored}}, *got)
		require.Equal(t, "TRANSPORT_LOST TRANSPORT_RESTORED", (*got)[0].Kind.String()+" "+(*got)[1].Kind.String())
	})
}

// Strangers whose handshakes fail without end push no event of the service out
// of the queue of a handler that is stuck.
func TestStrangersDoNotDisplaceEvents(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		got := r.subscribed()
		r.init()
		require.NoError(t, r.m.StartProvisioning(secWith(t, "abcd1234"), "PROV_TEST", ""))
		r.takeEvents()
		release := make(chan struct{})
		r.at(wifiprov.EventCredRecv, func() { <-release })
		go r.apply()
		synctest.Wait()
		r.wifi.lost(hal.ReasonAuthFail)
		for range 100 {
			require.Nil(t, handshake(t, r, "wrong"))
		}
		r.wifi.gotIP()
		close(release)
		synctest.Wait()
		require.Equal(t, []string{"CRED_RECV MyNetwork", "CRED_FAIL authentication error", "CRED_SUCCESS"}, r.takeEvents())
		require.Less(t, len(*got), 32)
		require.NotEmpty(t, *got)
	})
}

// ProofDelay reaches the message layer: a wrong proof refuses all handshakes for
// that long, and established sessions go on.
func TestProofDelay(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.ProofDelay = 7 * time.Second
		r.init()
		require.NoError(t, r.m.StartProvisioning(secWith(t, "abcd1234"), "PROV_TEST", ""))
		session := handshake(t, r, "abcd1234")
		require.NotNil(t, session)
		guess := func(pop string) error {
			c, err := sec1.NewClient(sec1.Config{PoP: security.Secret(pop)})
			require.NoError(t, err)
			require.NoError(t, r.scheme.pc.OpenSession(2))
			var resp []byte
			for {
				req, done, err := c.Step(resp)
				if err != nil || done {
					return err
				}
				if resp, err = r.scheme.pc.Handle(nil, "prov-session", 2, req); err != nil {
					return err
				}
			}
		}
		require.ErrorIs(t, guess("wrong"), protocomm.ErrMismatch)
		time.Sleep(7*time.Second - 1)
		require.ErrorIs(t, guess("abcd1234"), wifiprov.ErrInvalidState)
		wire, err := session.Encrypt(nil, []byte{0x52, 0x00})
		require.NoError(t, err)
		_, err = r.scheme.pc.Handle(nil, "prov-config", 1, wire)
		require.NoError(t, err)
		time.Sleep(1)
		require.NoError(t, guess("abcd1234"))
	})
}
