// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
)

// remaining returns what the getter says.
func (r *rig) remaining() int {
	r.t.Helper()
	n, err := r.m.RemainingAttempts()
	require.NoError(r.t, err)
	return n
}

// With a limit each failure but the last is an attempt, whatever its reason;
// clients and the application are told how many are left, and no event is
// emitted (manager.md 7.1).
func TestAttempts(t *testing.T) {
	for _, reason := range []hal.Reason{hal.ReasonNoAPFound, hal.ReasonBeaconTimeout} {
		bubble(t, func(t *testing.T, r *rig) {
			r.cfg.Attempts = 3
			r.start()
			require.Equal(t, 3, r.remaining())
			r.apply()
			time.Sleep(time.Second)
			synctest.Wait()
			r.wifi.takeCalls()
			r.takeEvents()
			for _, left := range []int{2, 1} {
				r.wifi.lost(reason)
				require.Equal(t, left, r.remaining())
				state, err := r.m.WiFiState()
				require.NoError(t, err)
				require.Equal(t, wifiprov.StationAttemptFailed, state)
				require.Equal(t, "attempt failed", state.String())
				_, err = r.m.DisconnectReason()
				require.ErrorIs(t, err, wifiprov.ErrFail)
				want := map[int]string{2: "08015a06100162020802", 1: "08015a06100162020801"}[left]
				require.Equal(t, want, r.answer("prov-config", "5200"))
				require.Empty(t, r.takeEvents())
				time.Sleep(100 * time.Millisecond)
				synctest.Wait()
				require.Equal(t, []string{"Connect"}, r.wifi.takeCalls())
			}
			r.wifi.lost(reason)
			require.Zero(t, r.remaining())
			if reason == hal.ReasonNoAPFound {
				require.Equal(t, []string{"CRED_FAIL access point not found"}, r.takeEvents())
				require.Equal(t, "08015a0410035001", r.answer("prov-config", "5200"))
			} else { // a reason that maps to nothing
				require.Equal(t, []string{"CRED_FAIL authentication error"}, r.takeEvents())
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			require.Empty(t, r.wifi.takeCalls(), "connected again after the last attempt")
			r.wifi.lost(reason)
			require.Zero(t, r.remaining(), "the counter ran over")
		})
	}
	bubble(t, func(t *testing.T, r *rig) { // an attempt that succeeds
		r.cfg.Attempts = 2
		r.start()
		r.apply()
		r.wifi.lost(hal.ReasonAuthFail)
		r.wifi.gotIP()
		require.Equal(t, []string{"CRED_RECV MyNetwork", "CRED_SUCCESS"}, r.takeEvents())
		require.Equal(t, 2, r.remaining())
	})
	bubble(t, func(t *testing.T, r *rig) { // no limit
		r.start()
		require.Zero(t, r.remaining())
	})
}

// The counter starts anew with a reset and new credentials, with those without
// a reset, with reprovisioning, after a success, and at each start (Q-M5).
func TestQM5_AttemptsStartAnew(t *testing.T) {
	for name, renew := range map[string]func(r *rig){
		"reset":       func(r *rig) { require.NoError(r.t, r.m.ResetOnFailure()) },
		"prov-ctrl":   func(r *rig) { require.Equal(r.t, "08026200", r.answer("prov-ctrl", "0801")) },
		"retry":       func(*rig) {},
		"reprovision": func(r *rig) { require.NoError(r.t, r.m.ResetForReprovision()) },
		"restart": func(r *rig) {
			r.m.StopProvisioning()
			r.m.Wait()
			r.startOnly()
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.cfg.Attempts, r.cfg.RetryAfterFailure = 2, name == "retry"
				r.init()
				require.NoError(t, r.m.DisableAutoStop(time.Second))
				r.startOnly()
				for range 3 {
					r.apply()
					time.Sleep(time.Second) // the first attempt begins
					synctest.Wait()
					r.takeEvents()
					r.wifi.lost(hal.ReasonAuthFail)
					require.Equal(t, 1, r.remaining())
					require.Empty(t, r.takeEvents())
					r.wifi.lost(hal.ReasonAuthFail)
					require.Equal(t, []string{"CRED_FAIL authentication error"}, r.takeEvents())
					renew(r)
				}
			})
		})
	}
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.Attempts = 2
		r.start()
		r.apply()
		r.wifi.lost(hal.ReasonAuthFail)
		r.wifi.gotIP()
		r.takeEvents()
		r.wifi.lost(hal.ReasonAuthFail)
		require.Empty(t, r.takeEvents(), "a link lost after success has its own attempts")
	})
}

// The release whose map of reasons counts can be chosen (manager.md 7.2).
func TestReasonMaps(t *testing.T) {
	final := map[wifiprov.ReasonMap][]hal.Reason{
		wifiprov.ReasonsNewest: {14},
		wifiprov.ReasonsV444:   {2, 14},
		wifiprov.ReasonsV431:   {2, 4, 14},
		wifiprov.ReasonsV40:    {2, 4},
	}
	for m, reasons := range final {
		for _, reason := range []hal.Reason{2, 4, 14} {
			bubble(t, func(t *testing.T, r *rig) {
				r.cfg.Reasons = m
				r.start()
				r.apply()
				r.takeEvents()
				r.wifi.lost(reason)
				var want []string
				for _, f := range reasons {
					if f == reason {
						want = []string{"CRED_FAIL authentication error"}
					}
				}
				require.Equal(t, want, r.takeEvents(), "map %d, reason %d", m, reason)
			})
		}
	}
}

// With RetryAfterFailure new credentials need no reset, from the application
// and from clients; in other states they are refused as ever.
func TestRetryAfterFailure(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.RetryAfterFailure = true
		r.start()
		r.apply()
		require.ErrorIs(t, r.m.ConfigureStation(hal.StationConfig{SSID: "x"}), wifiprov.ErrFail)
		r.wifi.lost(hal.ReasonNoAPFound)
		r.takeEvents()
		r.wifi.takeCalls()
		require.Equal(t, "08036a00", r.answer("prov-config", "0802620f0a036e6574120870617373776f7264"))
		require.Equal(t, "08057a00", r.answer("prov-config", "0804"))
		require.Equal(t, []string{"SetMode APSTA", "SetStorage flash", "SetStationConfig net", "Disconnect"}, r.wifi.takeCalls())
		r.wifi.lost(hal.ReasonAssocLeave) // what the disconnect may cause
		require.Equal(t, "08015a021001", r.answer("prov-config", "5200"))
		require.Equal(t, []string{"CRED_RECV net"}, r.takeEvents())
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, []string{"Connect"}, r.wifi.takeCalls())
		r.wifi.gotIP()
		require.Equal(t, []string{"CRED_SUCCESS"}, r.takeEvents())
		require.ErrorIs(t, r.m.ConfigureStation(hal.StationConfig{SSID: "x"}), wifiprov.ErrFail)
	})
	bubble(t, func(t *testing.T, r *rig) { // auto-stop of an earlier success does not end the retry
		r.cfg.RetryAfterFailure = true
		r.start()
		r.apply()
		r.wifi.gotIP()
		r.wifi.lost(hal.ReasonNoAPFound)
		r.apply()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.NotContains(t, r.takeEvents(), "END")
	})
	bubble(t, func(t *testing.T, r *rig) { // without the option
		r.start()
		r.apply()
		r.wifi.lost(hal.ReasonNoAPFound)
		require.ErrorIs(t, r.m.ConfigureStation(hal.StationConfig{SSID: "x"}), wifiprov.ErrFail)
	})
}

// An application that reconnects by itself, as the published example does, may
// have the new credentials' address before the manager begins its attempt.
func TestRetryWhenTheApplicationConnects(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.RetryAfterFailure = true
		r.start()
		r.apply()
		r.wifi.lost(hal.ReasonNoAPFound)
		r.wifi.linkErr = hal.ErrNotConnected
		r.apply()
		r.takeEvents()
		r.wifi.gotIP() // of a link that the disconnect has just ended
		require.Empty(t, r.takeEvents())
		r.wifi.linkErr = nil
		r.wifi.gotIP()
		require.Equal(t, []string{"CRED_SUCCESS"}, r.takeEvents())
		r.wifi.takeCalls()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.NotContains(t, r.wifi.takeCalls(), "Connect")
	})
}
