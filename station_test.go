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
)

// Credentials go to flash, the station connects in exactly one second
// (manager.md 4.15; Q-M24), and the state follows.
func TestQM24_Configure(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.apply()
		require.Equal(t, []string{"SetMode APSTA", "SetStorage flash", "SetStationConfig MyNetwork"}, r.wifi.takeCalls())
		require.Equal(t, hal.StationConfig{SSID: "MyNetwork", Passphrase: "passphrase", ScanMethod: hal.ScanAllChannel}, r.wifi.flash)
		require.Equal(t, []string{"CRED_RECV MyNetwork"}, r.takeEvents())
		provisioned, err := r.m.IsProvisioned()
		require.NoError(t, err)
		require.True(t, provisioned)
		time.Sleep(time.Second - 1)
		synctest.Wait()
		require.Empty(t, r.wifi.takeCalls())
		time.Sleep(1)
		synctest.Wait()
		require.Equal(t, []string{"Connect"}, r.wifi.takeCalls())
		r.wifi.gotIP()
		state, err := r.m.WiFiState()
		require.NoError(t, err)
		require.Equal(t, wifiprov.StationConnected, state)
		require.Equal(t, []string{"CRED_SUCCESS"}, r.takeEvents())
	})
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.FastScan = true
		r.start()
		r.apply()
		require.Equal(t, hal.ScanFast, r.wifi.flash.ScanMethod)
	})
}

// In every state but STARTED credentials are refused and nothing is written
// (Q-M9).
func TestQM9_ConfigureRefused(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		refused := func(state string) {
			t.Helper()
			flash := r.wifi.flash
			r.wifi.takeCalls()
			err := r.m.ConfigureStation(hal.StationConfig{SSID: "Other"})
			require.ErrorIs(t, err, wifiprov.ErrFail)
			require.ErrorContains(t, err, state)
			require.Empty(t, r.wifi.takeCalls())
			require.Equal(t, flash, r.wifi.flash)
		}
		r.init()
		refused("IDLE")
		r.startOnly()
		r.apply()
		refused("CRED_RECV")
		r.wifi.lost(hal.ReasonNoAPFound)
		refused("FAIL")
		r.wifi.gotIP()
		refused("SUCCESS")
		r.m.StopProvisioning()
		refused("STOPPING")
	})
}

func TestConfigureLimits(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		long := hal.SSID("0123456789012345678901234567890123")
		require.ErrorIs(t, r.m.ConfigureStation(hal.StationConfig{SSID: long[:33]}), wifiprov.ErrInvalidArg)
		require.ErrorIs(t, r.m.ConfigureStation(hal.StationConfig{SSID: "x", Passphrase: hal.Secret("x" + digits[1:])}), wifiprov.ErrInvalidArg)
		require.ErrorIs(t, r.m.ConfigureStation(hal.StationConfig{SSID: "x", Passphrase: digits + "0"}), wifiprov.ErrInvalidArg)
		require.Empty(t, r.wifi.takeCalls())
		require.NoError(t, r.m.ConfigureStation(hal.StationConfig{SSID: long[:32], Passphrase: hal.Secret(long + long)[:63]}))
	})
	for adjusted, want := range map[hal.Secret]error{digits: nil, hal.Secret("x" + digits[1:]): wifiprov.ErrInvalidArg} {
		bubble(t, func(t *testing.T, r *rig) {
			r.cfg.AdjustStation = func(c *hal.StationConfig) { c.Passphrase = adjusted }
			r.start()
			require.ErrorIs(t, r.m.ConfigureStation(hal.StationConfig{SSID: "x", Passphrase: digits}), want)
			if want == nil {
				require.Equal(t, adjusted, r.wifi.flash.Passphrase)
			}
		})
	}
}

// A driver call failing leaves the state, and credentials can be sent again.
func TestConfigureDriverFails(t *testing.T) {
	for _, method := range []string{"SetMode", "SetStorage", "SetStationConfig"} {
		bubble(t, func(t *testing.T, r *rig) {
			r.start()
			r.wifi.failNext(method, errDriver)
			err := r.m.ConfigureStation(hal.StationConfig{SSID: "x"})
			require.ErrorIs(t, err, wifiprov.ErrFail)
			require.ErrorIs(t, err, errDriver)
			require.Empty(t, r.takeEvents())
			r.wifi.failNext(method, nil)
			r.apply()
		})
	}
}

// A final reason ends the attempt, with the reason in the event, the getter and
// the answer to clients alike (Q-M4); a later success is noticed (Q-M22, Q-M25).
func TestQM4_QM22_QM25_FailThenSuccess(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.apply()
		_, err := r.m.DisconnectReason()
		require.ErrorIs(t, err, wifiprov.ErrFail)
		r.wifi.lost(hal.ReasonNoAPFound)
		reason, err := r.m.DisconnectReason()
		require.NoError(t, err)
		require.Equal(t, wifiprov.ReasonAPNotFound, reason)
		require.Equal(t, "08015a0410035001", r.answer("prov-config", "5200"))
		r.wifi.lost(hal.ReasonAuthFail)
		require.Equal(t, "08015a0410035000", r.answer("prov-config", "5200"))
		r.wifi.gotIP()
		r.wifi.lost(hal.ReasonNoAPFound)
		require.Equal(t, []string{
			"CRED_RECV MyNetwork", "CRED_FAIL access point not found", "CRED_FAIL authentication error",
			"CRED_SUCCESS", "CRED_FAIL access point not found",
		}, r.takeEvents())
	})
}

// An unmapped reason is retried for ever, with a pause, and the client sees
// Connecting (Q-M6).
func TestQM6_UnmappedReason(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.apply()
		time.Sleep(time.Second)
		synctest.Wait()
		r.wifi.takeCalls()
		r.takeEvents()
		for range 50 {
			r.wifi.lost(hal.ReasonBeaconTimeout)
			require.Empty(t, r.wifi.takeCalls(), "reconnected without a pause")
			require.Equal(t, "08015a021001", r.answer("prov-config", "5200"))
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			require.Equal(t, []string{"Connect"}, r.wifi.takeCalls())
		}
		require.Empty(t, r.takeEvents())
	})
}

// A driver that refuses to begin connecting is asked again; the third refusal
// fails the credentials (Q-M23).
func TestQM23_ConnectRefused(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.apply()
		r.wifi.failNext("Connect", errDriver)
		time.Sleep(3*time.Second - 1)
		synctest.Wait()
		require.Equal(t, []string{"CRED_RECV MyNetwork"}, r.takeEvents())
		time.Sleep(1)
		synctest.Wait()
		require.Equal(t, []string{"CRED_FAIL access point not found"}, r.takeEvents())
		require.NoError(t, r.m.ResetOnFailure())
	})
	bubble(t, func(t *testing.T, r *rig) { // busy is no refusal
		r.start()
		r.apply()
		r.wifi.failNext("Connect", hal.ErrBusy)
		time.Sleep(20 * time.Second)
		r.wifi.failNext("Connect", nil)
		time.Sleep(time.Second)
		synctest.Wait()
		calls := r.wifi.takeCalls()
		require.Equal(t, "Connect", calls[len(calls)-1])
		require.Equal(t, []string{"CRED_RECV MyNetwork"}, r.takeEvents())
	})
}

// Wrong credentials stay stored (Q-M13) until they are reset.
func TestQM13_FailedCredentialsStay(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.apply()
		r.wifi.lost(hal.Reason4WayHandshakeTimeout)
		r.m.StopProvisioning()
		r.m.Wait()
		provisioned, err := r.m.IsProvisioned()
		require.NoError(t, err)
		require.True(t, provisioned)
	})
}

// ResetOnFailure erases the failed credentials, and the client may send new ones;
// until they are applied it is told of the failure (Q-M17, Q-E18, Q-E25).
func TestQM17_QE18_QE25_ResetOnFailure(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		require.NoError(t, r.m.ResetOnFailure(), "nothing to reset is a success")
		require.Empty(t, r.wifi.takeCalls())
		r.apply()
		require.ErrorIs(t, r.m.ResetOnFailure(), wifiprov.ErrInvalidState)
		r.wifi.lost(hal.ReasonNoAPFound)
		r.wifi.failNext("SetStationConfig", errDriver)
		require.ErrorIs(t, r.m.ResetOnFailure(), errDriver)
		require.Equal(t, "08015a0410035001", r.answer("prov-config", "5200"), "the state changed although the driver failed")
		r.wifi.failNext("SetStationConfig", nil)
		require.NoError(t, r.m.ResetOnFailure())
		require.Empty(t, r.wifi.flash.SSID)
		require.Equal(t, "08015a0410035001", r.answer("prov-config", "5200"))
		r.apply()
		require.Equal(t, "08015a021001", r.answer("prov-config", "5200"))
		r.wifi.gotIP()
		require.ErrorIs(t, r.m.ResetOnFailure(), wifiprov.ErrInvalidState)
		require.Equal(t, []string{
			"CRED_RECV MyNetwork", "CRED_FAIL access point not found", "CRED_RECV MyNetwork", "CRED_SUCCESS",
		}, r.takeEvents())
	})
}

// However a failed service is made ready for other credentials, and wherever from,
// everybody is told of the failure until they are applied (Q-M17, Q-E25). A new
// service begins without it.
func TestQM17_FailureIsToldUntilOthersAreApplied(t *testing.T) {
	for name, reset := range map[string]func(r *rig){
		"reset":              func(r *rig) { require.NoError(r.t, r.m.ResetOnFailure()) },
		"reset by a client":  func(r *rig) { require.Equal(r.t, "08026200", r.answer("prov-ctrl", "0801")) },
		"reprov":             func(r *rig) { require.NoError(r.t, r.m.ResetForReprovision()) },
		"reprov by a client": func(r *rig) { require.Equal(r.t, "08047200", r.answer("prov-ctrl", "0803")) },
	} {
		for _, verify := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				bubble(t, func(t *testing.T, r *rig) {
					r.cfg.VerifyCredentials, r.cfg.StatusEndpoint, r.cfg.Attempts = verify, true, 1
					r.init()
					require.NoError(t, r.m.DisableAutoStop(time.Second))
					r.startOnly()
					r.at(wifiprov.EventCredFail, func() { reset(r) })
					r.apply()
					time.Sleep(time.Second)
					synctest.Wait()
					r.wifi.lost(hal.ReasonNoAPFound)
					told := func() {
						t.Helper()
						require.Equal(t, "08015a0410035001", r.answer("prov-config", "5200"))
						s := r.provStatus()
						require.Equal(t, pb.ProvStateFailed, s.State)
						require.Equal(t, uint32(201), s.DisconnectReason)
						require.Equal(t, pb.ProvStepScan, s.Step)
						require.Equal(t, uint32(1), s.Attempt)
						require.Zero(t, s.AttemptsLeft)
						state, err := r.m.WiFiState()
						require.NoError(t, err)
						require.Equal(t, wifiprov.StationDisconnected, state)
						reason, err := r.m.DisconnectReason()
						require.NoError(t, err)
						require.Equal(t, wifiprov.ReasonAPNotFound, reason)
					}
					told()
					require.Equal(t, 1, r.remaining(), "the counter starts anew (Q-M5)")
					require.Equal(t, "08026200", r.answer("prov-ctrl", "0801"), "a second reset")
					told()
					r.wifi.emit(hal.Event{Kind: hal.EventStationStart})
					r.wifi.lost(hal.ReasonAssocLeave)
					told()
					require.Equal(t, "08036a00", r.answer("prov-config", "0802620f0a036e6574120870617373776f7264"))
					told()
					r.wifi.failNext("SetStationConfig", errDriver)
					require.Equal(t, "08057a020805", r.answer("prov-config", "0804"), "the driver refuses them")
					r.wifi.failNext("SetStationConfig", nil)
					told()
					require.Equal(t, "08036a00", r.answer("prov-config", "0802620f0a036e6574120870617373776f7264"))
					require.Equal(t, "08057a00", r.answer("prov-config", "0804"))
					require.Equal(t, "08015a021001", r.answer("prov-config", "5200"))
					require.Equal(t, pb.RespProvStatus{Version: 1, State: pb.ProvStateConnecting, AttemptsAllowed: 1, AttemptsLeft: 1}, r.provStatus())
					_, err := r.m.DisconnectReason()
					require.ErrorIs(t, err, wifiprov.ErrFail)
					r.wifi.lost(hal.ReasonAuthFail)
					r.m.StopProvisioning()
					r.m.Wait()
					r.startOnly()
					require.Equal(t, "08015a021001", r.answer("prov-config", "5200"), "a new service")
					require.Equal(t, "1001180128013001", r.answer("prov-status", ""))
				})
			})
		}
	}
}

// The same over prov-ctrl (endpoints.md 4).
func TestCtrlEndpoint(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		require.Equal(t, "08026200", r.answer("prov-ctrl", "0801"))
		r.apply()
		require.Equal(t, "080210056200", r.answer("prov-ctrl", "0801"))
		require.Equal(t, "080410057200", r.answer("prov-ctrl", "0803"), "auto-stop is enabled")
		for _, bad := range []string{"", "0800", "0802", "0804", "0805", "ff"} {
			_, err := r.request("prov-ctrl", bad)
			require.ErrorIs(t, err, wifiprov.ErrInvalidArg, bad)
		}
	})
}

// ResetForReprovision is refused outside STARTED … SUCCESS and with auto-stop
// (Q-M10); it keeps what is stored until new credentials are applied.
func TestQM10_Reprovision(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		err := r.m.ResetForReprovision()
		require.ErrorIs(t, err, wifiprov.ErrInvalidState)
		require.ErrorContains(t, err, "DisableAutoStop")
	})
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		require.NoError(t, r.m.DisableAutoStop(time.Second))
		require.ErrorIs(t, r.m.ResetForReprovision(), wifiprov.ErrInvalidState)
		r.startOnly()
		r.apply()
		r.wifi.gotIP()
		r.takeEvents()
		r.wifi.takeCalls()
		require.NoError(t, r.m.ResetForReprovision())
		require.Equal(t, []string{"SetStorage RAM", "SetStationConfig", "Disconnect", "SetStorage flash"}, r.wifi.takeCalls())
		require.Equal(t, hal.SSID("MyNetwork"), r.wifi.flash.SSID)
		require.Equal(t, []string{"START"}, r.takeEvents())
		r.wifi.lost(hal.ReasonAssocLeave) // what the disconnect causes
		require.Equal(t, "08015a021001", r.answer("prov-config", "5200"))
		require.Equal(t, "08047200", r.answer("prov-ctrl", "0803"))
		r.takeEvents()
		r.apply()
		for _, method := range []string{"SetStorage", "SetStationConfig", "Disconnect"} {
			r.wifi.failNext(method, errDriver)
			require.ErrorIs(t, r.m.ResetForReprovision(), errDriver)
			r.wifi.failNext(method, nil)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.Contains(t, r.wifi.takeCalls(), "Connect", "a refused reset stopped the attempt under way")
		r.m.StopProvisioning()
		require.ErrorIs(t, r.m.ResetForReprovision(), wifiprov.ErrInvalidState)
	})
}

func TestResetProvisioning(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		r.wifi.failNext("Restore", errDriver)
		err := r.m.ResetProvisioning()
		require.ErrorIs(t, err, wifiprov.ErrFail)
		require.ErrorIs(t, err, errDriver)
		r.wifi.failNext("Restore", nil)
		require.NoError(t, r.m.ResetProvisioning())
		require.Equal(t, hal.StationConfig{}, r.wifi.flash)
	})
}

// The service ends 30 s after the address, plus the cleanup delay, when nobody
// asks; a second address does not begin anew.
func TestAutoStop(t *testing.T) {
	for set, want := range map[time.Duration]time.Duration{0: 30 * time.Second, 5 * time.Second: 5 * time.Second} {
		bubble(t, func(t *testing.T, r *rig) {
			r.cfg.AutoStop = set
			r.start()
			r.apply()
			r.wifi.gotIP()
			took := elapsed(func() {
				time.Sleep(2 * time.Second)
				r.wifi.gotIP()
				r.m.Wait()
			})
			require.Equal(t, want+time.Second, took)
		})
	}
}

// The timer runs on when the link is lost after success, and no event follows
// the stop (Q-M20).
func TestQM20_AutoStopAfterLoss(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.apply()
		r.wifi.gotIP()
		time.Sleep(10 * time.Second)
		r.wifi.lost(hal.ReasonNoAPFound)
		require.Equal(t, 21*time.Second, elapsed(r.m.Wait))
		r.wifi.lost(hal.ReasonNoAPFound)
		require.Equal(t, []string{
			"CRED_RECV MyNetwork", "CRED_SUCCESS", "CRED_FAIL access point not found", "END",
		}, r.takeEvents())
	})
}

// A client that has seen "connected" ends the service after the cleanup delay,
// in which the answer stays the same; with auto-stop disabled it stays up.
func TestStopAfterStatusSeen(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.apply()
		r.wifi.gotIP()
		connected := r.answer("prov-config", "5200")
		time.Sleep(500 * time.Millisecond)
		require.Equal(t, connected, r.answer("prov-config", "5200"))
		require.Equal(t, 500*time.Millisecond, elapsed(r.m.Wait))
	})
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		require.NoError(t, r.m.DisableAutoStop(time.Second))
		r.startOnly()
		r.apply()
		r.wifi.gotIP()
		r.answer("prov-config", "5200")
		time.Sleep(time.Hour)
		require.NotEmpty(t, r.answer("prov-config", "5200"))
		require.NotContains(t, r.takeEvents(), "END")
	})
}

// A stop cancels a pending connect.
func TestStopCancelsConnect(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		require.NoError(t, r.m.DisableAutoStop(0))
		r.startOnly()
		r.apply()
		time.Sleep(500 * time.Millisecond)
		r.m.StopProvisioning()
		r.m.Wait()
		require.Zero(t, r.clock.pending.Load())
		time.Sleep(time.Minute)
		require.NotContains(t, r.wifi.takeCalls(), "Connect")
	})
}

// A timer whose callback is under way when it is stopped does nothing: the
// second success gets its full time.
func TestStoppedTimersDoNothing(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.clock.stubborn = true
		r.start()
		r.apply()
		r.wifi.gotIP()
		time.Sleep(10 * time.Second)
		r.wifi.lost(hal.ReasonNoAPFound)
		require.NoError(t, r.m.ResetOnFailure())
		r.apply()
		r.wifi.gotIP()
		require.Equal(t, 31*time.Second, elapsed(r.m.Wait))
		r.clock.stubborn = false
	})
}
