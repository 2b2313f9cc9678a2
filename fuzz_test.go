// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// FuzzService throws requests of any bytes at any endpoint, from several
// sessions, mixed with driver events, time and the application's own calls.
// Nothing may panic or hang, and at the end the service stops and can be
// started and used again.
//
// The input is a list of steps: a selector byte, a length byte, and that many
// bytes.
func FuzzService(f *testing.F) {
	f.Add([]byte{0, 2, 0x52, 0})
	f.Add([]byte("\x00\x11\x08\x02\x62\x0d\x0a\x01x\x12\x08password\x00\x02\x08\x04\x10\x01\x02\x0f\x01\x01\x00\x02\x52\x00\x11\x01\x00"))
	f.Add([]byte{1, 4, 0x52, 2, 8, 1, 0x10, 1, 1, 1, 2, 8, 2, 1, 4, 8, 4, 0x72, 0, 2, 2, 8, 1, 2, 2, 8, 3})
	f.Add([]byte{1, 6, 0x52, 4, 0x18, 5, 8, 1, 0x0f, 1, 3, 0x0f, 1, 3, 0x12, 0})
	f.Fuzz(func(t *testing.T, steps []byte) { fuzzBody(t, 0, steps) })
}

// FuzzServiceOptions is the same with options, each bit one. With verification
// the station's configuration after the service is what flash has.
func FuzzServiceOptions(f *testing.F) {
	f.Add(byte(0xff), []byte{0, 2, 0x52, 0, 6, 0})
	f.Add(byte(0x0f), []byte("\x00\x11\x08\x02\x62\x0d\x0a\x01x\x12\x08password\x00\x02\x08\x04\x10\x14\x02\x0f\x03\x0f\x00\x00\x02\x52\x00\x11\x01\x00\x06\x00"))
	f.Fuzz(fuzzBody)
}

func fuzzBody(t *testing.T, options byte, steps []byte) {
	endpoints := []string{"prov-config", "prov-scan", "prov-ctrl", "prov-session", "proto-ver", "unknown", "prov-status"}
	if len(steps) > 2000 {
		t.Skip()
	}
	bubble(t, func(t *testing.T, r *rig) {
		r.wifi.found = twoNetworks
		r.cfg.VerifyCredentials = options&1 != 0
		r.cfg.ReconnectFormer = options&3 == 3
		r.cfg.RetryAfterFailure = options&4 != 0
		r.cfg.StatusEndpoint = options&8 != 0
		r.cfg.Attempts = int(options >> 4 & 3)
		if options&64 != 0 {
			r.cfg.AdjustStation = func(c *hal.StationConfig) { c.MinAuth = hal.AuthWPA2PSK }
		}
		if options&128 != 0 {
			r.cfg.Version = wifiprov.VersionNetProv
		}
		r.scanAnswers(20*time.Millisecond, func(uint8) []hal.AccessPoint { return twoNetworks })
		r.init()
		require.NoError(t, r.m.DisableAutoStop(time.Second))
		r.startOnly()
		var wg sync.WaitGroup
		for len(steps) >= 2 {
			selector, n := int(steps[0]), min(int(steps[1]), len(steps)-2)
			body := append([]byte{}, steps[2:2+n]...)
			steps = steps[2+n:]
			switch kind := selector % 20; {
			case kind < len(endpoints):
				pc, id := r.scheme.pc, protocomm.SessionID(selector/20)
				// Concurrent, for a request may block on a scan.
				wg.Go(func() { _, _ = pc.Handle(nil, endpoints[kind], id, body) })
			case kind == 15:
				e := hal.Event{Kind: hal.EventKind(n % 6)}
				if n > 0 {
					e.Reason = hal.Reason(body[0])
				}
				r.wifi.emit(e)
			case kind == 16:
				time.Sleep(time.Duration(n) * 50 * time.Millisecond)
			case kind == 17:
				_ = r.m.ResetOnFailure()
			case kind == 18:
				r.m.StopProvisioning()
			case kind == 19:
				_ = r.m.StartProvisioning(sec0.New(), "PROV_TEST", "")
			}
			if selector%3 == 0 {
				synctest.Wait()
			}
		}
		r.m.StopProvisioning()
		wg.Wait()
		r.m.Wait()
		if r.cfg.VerifyCredentials {
			require.Equal(t, r.wifi.flash, r.wifi.ram)
		}
		require.NoError(t, r.m.StartProvisioning(sec0.New(), "PROV_TEST", ""))
		require.Equal(t, connectingState, r.answer("prov-config", "5200"))
		require.Equal(t, scanFinished0, r.answer("prov-scan", scanStatus))
		require.NoError(t, r.m.ConfigureStation(hal.StationConfig{SSID: "y"}))
		r.wifi.gotIP()
		state, err := r.m.WiFiState()
		require.NoError(t, err)
		require.Equal(t, wifiprov.StationConnected, state)
	})
}
