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

var (
	former = hal.StationConfig{SSID: "Former", Passphrase: "former-secret"}
	fresh  = hal.StationConfig{SSID: "MyNetwork", Passphrase: "passphrase", ScanMethod: hal.ScanAllChannel}
)

// verified starts a service with VerifyCredentials and applies credentials, up
// to the first attempt.
func (r *rig) verified() {
	r.t.Helper()
	r.cfg.VerifyCredentials = true
	r.init()
	require.NoError(r.t, r.m.DisableAutoStop(time.Second))
	r.startOnly()
	r.wifi.takeCalls()
	r.apply()
	require.Equal(r.t, []string{"SetMode APSTA", "SetStorage RAM", "SetStationConfig MyNetwork", "SetStorage flash"}, r.wifi.takeCalls())
	require.Equal(r.t, former, r.wifi.flash, "flash changed before the credentials were verified")
	require.Equal(r.t, fresh, r.wifi.ram)
	time.Sleep(time.Second)
	synctest.Wait()
	require.Equal(r.t, []string{"Connect"}, r.wifi.takeCalls())
	r.takeEvents()
}

// Flash gets credentials when there is an address, not before, and once.
func TestVerifyThenCommit(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.verified()
		r.wifi.emit(hal.Event{Kind: hal.EventConnected})
		require.Equal(t, former, r.wifi.flash)
		r.wifi.gotIP()
		require.Equal(t, []string{"SetStorage flash", "SetStationConfig MyNetwork"}, r.wifi.takeCalls())
		require.Equal(t, fresh, r.wifi.flash)
		require.Equal(t, []string{"CRED_SUCCESS"}, r.takeEvents())
		r.wifi.gotIP()
		require.Empty(t, r.wifi.takeCalls(), "written again")
		// They are good now, whatever comes.
		r.wifi.lost(hal.ReasonNoAPFound)
		require.Equal(t, fresh, r.wifi.ram)
		require.Empty(t, r.wifi.takeCalls())
		r.m.StopProvisioning()
		r.m.Wait()
		require.Equal(t, fresh, r.wifi.ram)
		require.Equal(t, fresh, r.wifi.flash)
	})
}

// Credentials that fail leave the former ones in flash, and in use again.
func TestVerifyFails(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.verified()
		r.wifi.lost(hal.ReasonAuthFail)
		require.Equal(t, []string{"SetStorage RAM", "SetStationConfig Former", "SetStorage flash", "Disconnect"}, r.wifi.takeCalls())
		require.Equal(t, former, r.wifi.flash)
		require.Equal(t, former, r.wifi.ram)
		require.Equal(t, []string{"CRED_FAIL authentication error"}, r.takeEvents())
		// What the station does now is no news about the credentials.
		r.wifi.gotIP()
		r.wifi.lost(hal.ReasonNoAPFound)
		r.wifi.emit(hal.Event{Kind: hal.EventStationStart})
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, r.takeEvents())
		require.Empty(t, r.wifi.takeCalls())
		require.Equal(t, "08015a0410035000", r.answer("prov-config", "5200"))
		// A reset leaves flash alone.
		require.NoError(t, r.m.ResetOnFailure())
		require.Equal(t, []string{"SetStorage RAM", "SetStationConfig", "Disconnect", "SetStorage flash"}, r.wifi.takeCalls())
		require.Equal(t, former, r.wifi.flash)
		require.Equal(t, "08015a0410035000", r.answer("prov-config", "5200"))
		r.apply()
		require.Equal(t, "08015a021001", r.answer("prov-config", "5200"))
		require.Equal(t, former, r.wifi.flash)
		r.wifi.gotIP()
		require.Equal(t, fresh, r.wifi.flash)
	})
	bubble(t, func(t *testing.T, r *rig) { // a reset that the driver refuses
		r.verified()
		r.wifi.lost(hal.ReasonAuthFail)
		for _, method := range []string{"SetStorage", "SetStationConfig", "Disconnect"} {
			r.wifi.failNext(method, errDriver)
			require.ErrorIs(t, r.m.ResetOnFailure(), errDriver)
			r.wifi.failNext(method, nil)
			require.Equal(t, "08015a0410035000", r.answer("prov-config", "5200"))
		}
		require.Equal(t, former, r.wifi.flash)
	})
}

// A first-time device is not provisioned after wrong credentials, as Q-M13
// would have it.
func TestVerifyOnFirstTimeDevice(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.wifi.ram, r.wifi.flash = hal.StationConfig{}, hal.StationConfig{}
		r.cfg.VerifyCredentials = true
		r.start()
		r.apply()
		r.wifi.lost(hal.ReasonAuthFail)
		r.m.StopProvisioning()
		r.m.Wait()
		provisioned, err := r.m.IsProvisioned()
		require.NoError(t, err)
		require.False(t, provisioned)
		require.Zero(t, r.wifi.flash)
	})
}

// With ReconnectFormer the former network is joined again, as often as it takes,
// until new credentials come.
func TestReconnectFormer(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.ReconnectFormer, r.cfg.RetryAfterFailure = true, true
		r.verified()
		r.wifi.lost(hal.ReasonAuthFail)
		r.wifi.takeCalls()
		r.takeEvents()
		for range 5 {
			time.Sleep(time.Second - 1)
			synctest.Wait()
			require.Empty(t, r.wifi.takeCalls())
			time.Sleep(1)
			synctest.Wait()
			require.Equal(t, []string{"Connect"}, r.wifi.takeCalls())
			r.wifi.lost(hal.ReasonNoAPFound)
		}
		r.wifi.gotIP()
		require.Empty(t, r.takeEvents())
		require.Equal(t, "08015a0410035000", r.answer("prov-config", "5200"), "the former network was told for the new one")

		require.NoError(t, r.m.ConfigureStation(hal.StationConfig{SSID: "Third"}))
		require.Contains(t, r.wifi.takeCalls(), "Disconnect")
		r.wifi.lost(hal.ReasonAssocLeave)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, []string{"Connect"}, r.wifi.takeCalls())
		require.Equal(t, former, r.wifi.flash)
		r.wifi.gotIP()
		require.Equal(t, hal.SSID("Third"), r.wifi.flash.SSID)
	})
	bubble(t, func(t *testing.T, r *rig) { // a driver that refuses is given up on
		r.cfg.ReconnectFormer = true
		r.verified()
		r.wifi.lost(hal.ReasonAuthFail)
		r.takeEvents()
		r.wifi.takeCalls()
		r.wifi.failNext("Connect", errDriver)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"Connect", "Connect", "Connect"}, r.wifi.takeCalls())
		require.Empty(t, r.takeEvents())
	})
	bubble(t, func(t *testing.T, r *rig) { // a first-time device has none
		r.wifi.ram, r.wifi.flash = hal.StationConfig{}, hal.StationConfig{}
		r.cfg.VerifyCredentials, r.cfg.ReconnectFormer = true, true
		r.start()
		r.apply()
		time.Sleep(time.Second)
		synctest.Wait()
		r.wifi.lost(hal.ReasonAuthFail)
		r.wifi.takeCalls()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, r.wifi.takeCalls())
		r.m.StopProvisioning()
		r.m.Wait()
		require.NotContains(t, r.wifi.takeCalls(), "Connect")
	})
}

// A service that ends without new credentials leaves the former ones in use,
// wherever it was.
func TestVerifyAndStop(t *testing.T) {
	for name, before := range map[string]func(r *rig){
		"nothing applied": func(r *rig) {
			r.cfg.VerifyCredentials = true
			r.start()
		},
		"attempt under way": func(r *rig) { r.verified() },
		"failed": func(r *rig) {
			r.verified()
			r.wifi.lost(hal.ReasonAuthFail)
		},
		"reset": func(r *rig) {
			r.verified()
			r.wifi.lost(hal.ReasonAuthFail)
			require.NoError(r.t, r.m.ResetOnFailure())
		},
	} {
		for _, reconnect := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				bubble(t, func(t *testing.T, r *rig) {
					r.cfg.ReconnectFormer = reconnect
					before(r)
					r.wifi.takeCalls()
					r.m.StopProvisioning()
					r.m.Wait()
					calls := r.wifi.takeCalls()
					require.Equal(t, former, r.wifi.ram)
					require.Equal(t, former, r.wifi.flash)
					require.Equal(t, hal.StorageFlash, r.wifi.storage)
					if reconnect {
						require.Contains(t, calls, "Connect")
					} else {
						require.NotContains(t, calls, "Connect")
					}
					// A second service remembers the same.
					r.startOnly()
					r.m.StopProvisioning()
					r.m.Wait()
					require.Equal(t, former, r.wifi.ram)
				})
			})
		}
	}
}

// After a reprovisioning the former credentials are those that were committed.
func TestVerifyAndReprovision(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.verified()
		r.wifi.gotIP()
		require.NoError(t, r.m.ResetForReprovision())
		require.NoError(t, r.m.ConfigureStation(hal.StationConfig{SSID: "Third"}))
		r.wifi.lost(hal.ReasonAuthFail) // of the link that was left
		time.Sleep(time.Second)
		synctest.Wait()
		require.NotContains(t, r.takeEvents(), "CRED_FAIL authentication error")
		r.wifi.lost(hal.ReasonAuthFail)
		require.Equal(t, fresh, r.wifi.ram)
		require.Equal(t, fresh, r.wifi.flash)
	})
}

// Credentials that are right but cannot be stored fail, and the former ones are
// back, in flash too.
func TestCommitFails(t *testing.T) {
	for _, method := range []string{"SetStorage", "SetStationConfig"} {
		bubble(t, func(t *testing.T, r *rig) {
			r.cfg.StatusEndpoint = true
			r.verified()
			r.wifi.failNext(method, errDriver)
			r.wifi.gotIP()
			require.Equal(t, []string{"CRED_FAIL authentication error"}, r.takeEvents())
			require.Equal(t, former, r.wifi.flash)
			r.wifi.failNext(method, nil)
			require.Equal(t, uint32(2), uint32(r.provStatus().Problem))
			require.NoError(t, r.m.ResetOnFailure())
			r.apply()
			time.Sleep(time.Second)
			synctest.Wait()
			r.wifi.gotIP()
			require.Equal(t, fresh, r.wifi.flash)
		})
	}
}

// A driver that writes and then reports an error is made to write the former
// ones again.
func TestCommitFailsHalfway(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.verified()
		failed := false
		r.wifi.onConfig = func(c hal.StationConfig) error {
			if c.SSID == "MyNetwork" && !failed {
				failed = true
				return errDriver
			}
			return nil
		}
		r.wifi.gotIP()
		require.True(t, failed)
		require.Equal(t, former, r.wifi.flash)
		require.Equal(t, former, r.wifi.ram)
	})
}

// ResetProvisioning takes the former credentials along: a failure later does not
// bring them back.
func TestVerifyAndResetProvisioning(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.verified()
		require.NoError(t, r.m.ResetProvisioning())
		r.wifi.lost(hal.ReasonAuthFail)
		require.Zero(t, r.wifi.ram)
		require.Zero(t, r.wifi.flash)
	})
}

// A driver that cannot show its configuration at the start has nothing to
// restore, and nothing of it is erased.
func TestVerifyWithoutFormer(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.VerifyCredentials = true
		r.init()
		r.wifi.failNext("StationConfig", errDriver)
		r.startOnly()
		r.apply()
		r.wifi.onConfig = func(c hal.StationConfig) error {
			if r.wifi.storage == hal.StorageFlash {
				return errDriver
			}
			return nil
		}
		r.wifi.takeCalls()
		r.wifi.gotIP()
		require.Contains(t, r.takeEvents(), "CRED_FAIL authentication error")
		require.Equal(t, []string{
			"SetStorage flash", "SetStationConfig MyNetwork",
			"SetStorage RAM", "SetStationConfig", "SetStorage flash", "Disconnect",
		}, r.wifi.takeCalls(), "flash was overwritten with nothing")
	})
}

func TestReconnectFormerNeedsVerify(t *testing.T) {
	r := newRig(t)
	r.cfg.ReconnectFormer = true
	err := r.m.Init(r.cfg)
	require.ErrorIs(t, err, wifiprov.ErrInvalidArg)
	require.ErrorContains(t, err, "VerifyCredentials")
}
