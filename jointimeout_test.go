// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
)

// sleep lets time pass and what it brings happen.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// trying starts a service and applies credentials, up to the first attempt.
func (r *rig) trying() {
	r.t.Helper()
	r.cfg.StatusEndpoint = true
	r.start()
	r.apply()
	sleep(time.Second)
	r.takeEvents()
	r.wifi.takeCalls()
}

// With a limit of attempts, one that gets no address counts as failed after 60 s
// or what Config.JoinTimeout says; the station leaves in between. It does not
// matter whether the driver says that it left, or nothing at all.
func TestJoinTimeout(t *testing.T) {
	for set, want := range map[time.Duration]time.Duration{0: time.Minute, 7 * time.Second: 7 * time.Second} {
		for _, silent := range []bool{false, true} {
			bubble(t, func(t *testing.T, r *rig) {
				r.cfg.Attempts, r.cfg.JoinTimeout = 3, set
				r.trying()
				for _, left := range []int{2, 1} {
					if !silent {
						r.wifi.emit(hal.Event{Kind: hal.EventConnected})
					}
					sleep(want - 1)
					require.Empty(t, r.wifi.takeCalls())
					sleep(1)
					require.Equal(t, []string{"Disconnect"}, r.wifi.takeCalls())
					if !silent {
						r.wifi.lost(hal.ReasonAssocLeave)
					}
					require.Equal(t, left, r.remaining())
					require.Empty(t, r.takeEvents())
					s := r.provStatus()
					require.Equal(t, pb.ProvStateConnecting, s.State)
					require.Zero(t, s.DisconnectReason, "no driver gave one")
					if !silent {
						require.Equal(t, pb.ProvStepDhcp, s.Step)
					}
					sleep(time.Second)
					require.Equal(t, []string{"Connect"}, r.wifi.takeCalls())
				}
				r.wifi.emit(hal.Event{Kind: hal.EventConnected})
				sleep(want)
				require.Equal(t, []string{"CRED_FAIL authentication error"}, r.takeEvents())
				require.Equal(t, "08015a0410035000", r.answer("prov-config", "5200"))
				failed := r.provStatus()
				require.Equal(t, pb.RespProvStatus{Version: 1, State: pb.ProvStateFailed, Attempt: 3, AttemptsAllowed: 3, Step: pb.ProvStepDhcp}, failed)
				require.Equal(t, []string{"Disconnect"}, r.wifi.takeCalls())
				r.wifi.lost(hal.ReasonAssocLeave)
				sleep(time.Hour)
				require.Empty(t, r.takeEvents())
				require.Empty(t, r.wifi.takeCalls())
				require.Equal(t, failed, r.provStatus())
				require.NoError(t, r.m.ResetOnFailure())
				r.apply()
				require.Equal(t, 3, r.remaining())
			})
		}
	}
}

// Without a limit the first attempt that gets no address fails the credentials,
// if a time was set. Otherwise it goes on, as in the C original.
func TestJoinTimeoutWithoutAttempts(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.JoinTimeout = 10 * time.Second
		r.trying()
		sleep(10*time.Second - 1)
		require.Empty(t, r.takeEvents())
		sleep(1)
		require.Equal(t, []string{"CRED_FAIL authentication error"}, r.takeEvents())
		require.Equal(t, []string{"Disconnect"}, r.wifi.takeCalls())
		// An application that goes on by itself is heard again.
		r.wifi.lost(hal.ReasonAssocLeave)
		r.wifi.gotIP()
		require.Equal(t, []string{"CRED_SUCCESS"}, r.takeEvents())
	})
	bubble(t, func(t *testing.T, r *rig) {
		r.trying()
		sleep(24 * time.Hour)
		require.Empty(t, r.takeEvents())
		require.Empty(t, r.wifi.takeCalls())
		require.Equal(t, "08015a021001", r.answer("prov-config", "5200"))
	})
}

// Each attempt has the whole time, and what ends it ends its time too.
func TestJoinTimeoutBelongsToItsAttempt(t *testing.T) {
	const limit = 10 * time.Second
	rigged := func(name string, fn func(t *testing.T, r *rig)) {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.clock.stubborn = name == "stubborn clock"
				r.cfg.Attempts, r.cfg.JoinTimeout = 2, limit
				r.init()
				require.NoError(t, r.m.DisableAutoStop(time.Second))
				r.startOnly()
				r.apply()
				sleep(time.Second + limit - 1) // the first is about to end
				r.takeEvents()
				r.wifi.takeCalls()
				fn(t, r)
				r.clock.stubborn = false
			})
		})
	}
	quiet := func(t *testing.T, r *rig) {
		t.Helper()
		sleep(limit * 3)
		require.Empty(t, r.takeEvents())
		require.NotContains(t, r.wifi.takeCalls(), "Disconnect")
	}
	again := func(t *testing.T, r *rig) {
		r.wifi.lost(hal.ReasonAuthFail)
		require.Equal(t, 1, r.remaining())
		sleep(100*time.Millisecond + limit - 1)
		require.Equal(t, []string{"Connect"}, r.wifi.takeCalls())
		require.Equal(t, 1, r.remaining(), "the time of the attempt before ran out")
		sleep(1)
		require.Equal(t, []string{"CRED_FAIL authentication error"}, r.takeEvents())
	}
	rigged("lost and begun again", again)
	rigged("stubborn clock", again)
	rigged("address", func(t *testing.T, r *rig) {
		r.wifi.gotIP()
		require.Equal(t, []string{"CRED_SUCCESS"}, r.takeEvents())
		quiet(t, r)
	})
	rigged("lost when the time is over", func(t *testing.T, r *rig) {
		sleep(1)
		r.wifi.lost(hal.ReasonBeaconTimeout)
		require.Equal(t, 1, r.remaining(), "counted twice")
	})
	rigged("stop", func(t *testing.T, r *rig) {
		r.m.StopProvisioning()
		r.m.Wait()
		r.takeEvents()
		quiet(t, r)
	})
	rigged("deinit", func(t *testing.T, r *rig) {
		require.NoError(t, r.m.Deinit())
		r.takeEvents()
		quiet(t, r)
	})
	rigged("reprovision", func(t *testing.T, r *rig) {
		require.NoError(t, r.m.ResetForReprovision())
		r.takeEvents()
		r.wifi.takeCalls()
		quiet(t, r)
	})
	rigged("failure and reset", func(t *testing.T, r *rig) {
		r.wifi.lost(hal.ReasonAuthFail)
		r.wifi.lost(hal.ReasonAuthFail)
		require.NoError(t, r.m.ResetOnFailure())
		r.takeEvents()
		quiet(t, r)
	})
	rigged("link lost after success", func(t *testing.T, r *rig) {
		r.wifi.gotIP()
		r.wifi.lost(hal.ReasonBeaconTimeout)
		require.Equal(t, 1, r.remaining())
		r.takeEvents()
		sleep(100*time.Millisecond + limit)
		require.Equal(t, []string{"CRED_FAIL authentication error"}, r.takeEvents())
	})
}

// A driver that is busy for ever ends nothing by that, and one that is busy for
// a while leaves the attempt its time.
func TestJoinTimeoutOfABusyDriver(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.JoinTimeout = 10 * time.Second
		r.start()
		r.apply()
		r.takeEvents()
		r.wifi.failNext("Connect", hal.ErrBusy)
		sleep(time.Second + 10*time.Second - 1)
		require.Empty(t, r.takeEvents())
		sleep(1)
		require.Equal(t, []string{"CRED_FAIL authentication error"}, r.takeEvents())
	})
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.JoinTimeout = 10 * time.Second
		r.start()
		r.apply()
		r.takeEvents()
		r.wifi.failNext("Connect", hal.ErrBusy)
		sleep(5 * time.Second)
		r.wifi.failNext("Connect", nil)
		sleep(time.Second + 10*time.Second - 1)
		require.Empty(t, r.takeEvents())
		sleep(1)
		require.Equal(t, []string{"CRED_FAIL authentication error"}, r.takeEvents())
	})
}

// What prov-status tells of an attempt that took too long is its own, not that of
// the one before.
func TestProvStatusOfLateAttempt(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.Attempts, r.cfg.JoinTimeout = 3, 10*time.Second
		r.cfg.StatusEndpoint = true
		r.start()
		r.apply()
		r.wifi.failNext("Connect", errDriver)
		sleep(time.Second)
		require.Equal(t, pb.ProvProblemRefused, r.provStatus().Problem)
		r.wifi.failNext("Connect", nil)
		sleep(time.Second)
		require.Zero(t, r.provStatus().Problem, "an attempt has begun")
		r.wifi.lost(hal.ReasonAuthFail)
		sleep(100 * time.Millisecond)
		require.Equal(t, uint32(202), r.provStatus().DisconnectReason, "it stays while the next attempt runs")
		r.wifi.emit(hal.Event{Kind: hal.EventConnected})
		sleep(10 * time.Second)
		late := r.provStatus()
		require.Zero(t, late.DisconnectReason)
		require.Equal(t, pb.ProvStepDhcp, late.Step)
		require.Equal(t, uint32(2), late.Attempt)
		require.Equal(t, uint32(1), late.AttemptsLeft)
		r.wifi.lost(hal.ReasonAssocLeave)
		require.Equal(t, late, r.provStatus())
		sleep(time.Second)
		require.Equal(t, pb.ProvStepUnknown, r.provStatus().Step, "the next attempt")
	})
}

// With VerifyCredentials the former ones are back when the time is over, and what
// the station does with them has no limit.
func TestJoinTimeoutAndVerify(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.JoinTimeout, r.cfg.ReconnectFormer = 10*time.Second, true
		r.verified()
		sleep(10 * time.Second)
		require.Equal(t, []string{"SetStorage RAM", "SetStationConfig Former", "SetStorage flash", "Disconnect"}, r.wifi.takeCalls())
		require.Equal(t, []string{"CRED_FAIL authentication error"}, r.takeEvents())
		require.Equal(t, former, r.wifi.ram)
		require.Equal(t, former, r.wifi.flash)
		r.wifi.lost(hal.ReasonAssocLeave)
		sleep(time.Second)
		require.Equal(t, []string{"Connect"}, r.wifi.takeCalls(), "the former network is joined")
		sleep(time.Hour)
		require.Empty(t, r.wifi.takeCalls())
		require.Empty(t, r.takeEvents())
	})
}

func TestJoinTimeoutIsChecked(t *testing.T) {
	r := newRig(t)
	r.cfg.JoinTimeout = -1
	err := r.m.Init(r.cfg)
	require.ErrorIs(t, err, wifiprov.ErrInvalidArg)
	require.ErrorContains(t, err, "JoinTimeout")
}

const setNet = "0802620f0a036e6574120870617373776f7264" // SSID net, passphrase password

// clientTrying has session 1 apply credentials, up to the first attempt.
func (r *rig) clientTrying() {
	r.t.Helper()
	r.start()
	require.NoError(r.t, r.scheme.pc.OpenSession(1))
	require.Equal(r.t, "08036a00", r.answer("prov-config", "080262140a074d794e6574776f1209"+"706173737068726173"))
	require.Equal(r.t, "08057a00", r.answer("prov-config", "0804"))
	sleep(time.Second)
	r.takeEvents()
	r.wifi.takeCalls()
}

// With CorrectWhileConnecting the session that applied credentials may replace
// them while they are tried, and nobody else. Without, nobody may.
func TestCorrectWhileConnecting(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		bubble(t, func(t *testing.T, r *rig) {
			r.cfg.CorrectWhileConnecting, r.cfg.Attempts = allowed, 3
			r.clientTrying()
			r.wifi.lost(hal.ReasonNoAPFound)
			require.NoError(t, r.scheme.pc.OpenSession(2))
			as := func(id protocomm.SessionID, endpoint, body string) string {
				t.Helper()
				resp, err := r.requestAs(id, endpoint, body)
				require.NoError(t, err)
				return resp
			}
			refused := func(id protocomm.SessionID) {
				t.Helper()
				require.Equal(t, "080210056200", as(id, "prov-ctrl", "0801"))
				require.Equal(t, "08036a00", as(id, "prov-config", setNet))
				require.Equal(t, "08057a020805", as(id, "prov-config", "0804"))
			}
			refused(2)
			require.ErrorIs(t, r.m.ConfigureStation(fresh), wifiprov.ErrFail)
			require.ErrorIs(t, r.m.ResetOnFailure(), wifiprov.ErrInvalidState)
			require.Empty(t, r.wifi.takeCalls())
			if !allowed {
				refused(1)
				return
			}
			sleep(100 * time.Millisecond)
			r.wifi.takeCalls()
			require.Equal(t, "08036a00", as(1, "prov-config", setNet))
			require.Equal(t, "08057a00", as(1, "prov-config", "0804"))
			require.Equal(t, []string{"SetMode APSTA", "SetStorage flash", "SetStationConfig net", "Disconnect"}, r.wifi.takeCalls())
			require.Equal(t, []string{"CRED_RECV net"}, r.takeEvents())
			require.Equal(t, 3, r.remaining())
			require.Equal(t, "08015a021001", as(1, "prov-config", "5200"))
			r.wifi.lost(hal.ReasonAssocLeave) // of the attempt that was left
			require.Equal(t, 3, r.remaining())
			sleep(time.Second - 1)
			require.Empty(t, r.wifi.takeCalls())
			sleep(1)
			require.Equal(t, []string{"Connect"}, r.wifi.takeCalls())
			refused(2)
			r.wifi.gotIP()
			require.Equal(t, []string{"CRED_SUCCESS"}, r.takeEvents())
			refused(1) // as ever after success
			require.Equal(t, hal.SSID("net"), r.wifi.flash.SSID)
		})
	}
}

// The same with a Reset: the station leaves, the credentials are gone, and others
// may be sent by anybody.
func TestResetWhileConnecting(t *testing.T) {
	for _, verify := range []bool{false, true} {
		bubble(t, func(t *testing.T, r *rig) {
			r.cfg.CorrectWhileConnecting, r.cfg.VerifyCredentials = true, verify
			r.cfg.StatusEndpoint, r.cfg.JoinTimeout = true, 10*time.Second
			r.clientTrying()
			r.wifi.lost(hal.ReasonBeaconTimeout)
			sleep(100 * time.Millisecond)
			require.Equal(t, []string{"Connect"}, r.wifi.takeCalls())
			require.Equal(t, "08026200", r.answer("prov-ctrl", "0801"))
			if verify {
				require.Equal(t, []string{"SetStorage RAM", "SetStationConfig", "Disconnect", "SetStorage flash"}, r.wifi.takeCalls())
				require.Equal(t, former, r.wifi.flash)
			} else {
				require.Equal(t, []string{"SetStationConfig", "Disconnect"}, r.wifi.takeCalls())
				require.Zero(t, r.wifi.flash)
			}
			r.wifi.lost(hal.ReasonAssocLeave)
			r.wifi.gotIP()
			require.Equal(t, "08015a021001", r.answer("prov-config", "5200"))
			require.Equal(t, pb.RespProvStatus{Version: 1, State: pb.ProvStateWaiting}, r.provStatus())
			sleep(time.Minute)
			require.Empty(t, r.takeEvents())
			require.Empty(t, r.wifi.takeCalls())
			require.NoError(t, r.scheme.pc.OpenSession(2))
			_, err := r.requestAs(2, "prov-config", setNet)
			require.NoError(t, err)
			answer, err := r.requestAs(2, "prov-config", "0804")
			require.NoError(t, err)
			require.Equal(t, "08057a00", answer)
			require.Equal(t, "080210056200", r.answer("prov-ctrl", "0801"), "of another session's credentials")
			if verify {
				require.Equal(t, former, r.wifi.flash)
				r.m.StopProvisioning()
				r.m.Wait()
				require.Equal(t, former, r.wifi.ram)
				require.Equal(t, former, r.wifi.flash)
			}
		})
	}
}

// A session that is closed and opened anew may be another client's.
func TestCorrectEndsWithTheSession(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.CorrectWhileConnecting = true
		r.clientTrying()
		require.NoError(t, r.scheme.pc.CloseSession(1))
		require.NoError(t, r.scheme.pc.OpenSession(1))
		require.Equal(t, "080210056200", r.answer("prov-ctrl", "0801"))
		require.Equal(t, "08036a00", r.answer("prov-config", setNet))
		require.Equal(t, "08057a020805", r.answer("prov-config", "0804"))
	})
	bubble(t, func(t *testing.T, r *rig) { // the application's own belong to nobody
		r.cfg.CorrectWhileConnecting, r.cfg.RetryAfterFailure = true, true
		r.clientTrying()
		r.wifi.lost(hal.ReasonAuthFail)
		r.apply()
		require.Equal(t, "080210056200", r.answer("prov-ctrl", "0801"))
	})
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.CorrectWhileConnecting = true
		r.start()
		require.NoError(t, r.scheme.pc.OpenSession(1))
		r.apply()
		require.Equal(t, "080210056200", r.answer("prov-ctrl", "0801"))
	})
}

// Credentials that are corrected under VerifyCredentials never reach flash unless
// they lead to an address; AdjustStation is asked for the new ones.
func TestCorrectAndVerify(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var adjusted []hal.SSID
		r.cfg.AdjustStation = func(c *hal.StationConfig) { adjusted = append(adjusted, c.SSID) }
		r.cfg.CorrectWhileConnecting, r.cfg.VerifyCredentials = true, true
		r.clientTrying()
		require.Equal(t, "08036a00", r.answer("prov-config", setNet))
		require.Equal(t, "08057a00", r.answer("prov-config", "0804"))
		require.Equal(t, []string{"SetMode APSTA", "SetStorage RAM", "SetStationConfig net", "Disconnect", "SetStorage flash"}, r.wifi.takeCalls())
		require.Equal(t, former, r.wifi.flash)
		require.Equal(t, []hal.SSID{"MyNetwo", "net"}, adjusted)
		r.wifi.linkErr = hal.ErrNotConnected
		r.wifi.gotIP() // of the first, too late
		require.Equal(t, former, r.wifi.flash)
		r.wifi.linkErr = nil
		sleep(time.Second)
		r.wifi.gotIP()
		require.Equal(t, hal.SSID("net"), r.wifi.flash.SSID)
		require.Equal(t, []string{"CRED_RECV net", "CRED_SUCCESS"}, r.takeEvents())
	})
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.CorrectWhileConnecting, r.cfg.VerifyCredentials = true, true
		r.clientTrying()
		require.Equal(t, "08036a00", r.answer("prov-config", setNet))
		require.Equal(t, "08057a00", r.answer("prov-config", "0804"))
		sleep(time.Second)
		r.wifi.lost(hal.ReasonAuthFail)
		require.Equal(t, former, r.wifi.ram)
		require.Equal(t, former, r.wifi.flash)
	})
	bubble(t, func(t *testing.T, r *rig) { // a driver that refuses the new ones goes on with the old
		r.cfg.CorrectWhileConnecting = true
		r.clientTrying()
		r.wifi.failNext("SetStationConfig", errDriver)
		require.Equal(t, "08036a00", r.answer("prov-config", setNet))
		require.Equal(t, "08057a020805", r.answer("prov-config", "0804"))
		require.NotContains(t, r.wifi.takeCalls(), "Disconnect")
		r.wifi.failNext("SetStationConfig", nil)
		r.wifi.gotIP()
		require.Equal(t, []string{"CRED_SUCCESS"}, r.takeEvents())
	})
}
