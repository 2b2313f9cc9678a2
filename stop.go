// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
)

// StopProvisioning takes the service down after the cleanup delay, in which
// clients are still answered. It returns at once; EventEnd
// follows. It waits for a start in progress, and does nothing when the service
// is not running.
func (m *Manager) StopProvisioning() {
	m.do(func() {
		if in := m.instance(); in != nil {
			in.step(fsm.Input{Kind: fsm.Stop})
		}
	})
}

// tearDown takes the service down and the state to IDLE.
func (in *instance) tearDown() {
	err := in.stopService()
	// The access point of the scheme goes too, even after an error.
	if modeErr := in.cfg.WiFi.SetMode(hal.ModeSTA); modeErr != nil {
		in.log(hal.LevelWarn, "the Wi-Fi mode could not be set to STA", modeErr)
	}
	if err != nil {
		in.log(hal.LevelError, "the scheme could not be stopped", err)
		in.stopErr = fail("stop", nil, "the scheme could not be stopped", err)
	}
	in.accepted.clear()
	in.release()
	in.step(fsm.Input{Kind: fsm.TearDownDone})
	if in.freeing {
		in.free()
	}
	close(in.tornDown)
}

// stopService stops the transport, and then drops endpoints and sessions. In the
// other order an endpoint without its security would answer anybody.
func (in *instance) stopService() error {
	err := in.svc.Stop()
	in.pc.Close()
	in.pc = nil
	return err
}

// ResetProvisioning erases the stored credentials and everything else the
// driver keeps. It does not look at or change the state of
// the service.
//
// Errors: ErrInvalidState when not initialised, ErrFail with the driver's.
func (m *Manager) ResetProvisioning() error {
	const op = "ResetProvisioning"
	return m.withInstance(op, func(in *instance) error {
		if err := in.cfg.WiFi.Restore(); err != nil {
			return fail(op, ErrFail, "the Wi-Fi driver could not restore its factory settings", err)
		}
		if in.former != nil {
			in.former = &hal.StationConfig{}
		}
		return nil
	})
}

// ResetOnFailure lets clients send new credentials after a failure: the failed
// ones are erased, and the service takes others. Clients, the endpoint
// prov-status, WiFiState and DisconnectReason tell of the failure until other
// credentials are applied, so a reset in the handler of EventCredFail hides it
// from nobody. With Config.VerifyCredentials the flash is left alone, because it
// holds the former credentials. Before credentials were applied there is nothing
// to reset, which is a success.
//
// Errors: ErrInvalidState when not initialised or in another state; the
// driver's, and then the state is unchanged.
func (m *Manager) ResetOnFailure() error { return m.resetOnFailure(owner{}) }

// resetOnFailure is ResetOnFailure for the application or a client.
func (m *Manager) resetOnFailure(from owner) error {
	c := call{op: "ResetOnFailure", done: fsm.ResetDone, from: from}
	return m.withInstance(c.op, func(in *instance) error {
		if in.request(&c, fsm.Reset) != fsm.OK {
			return fail(c.op, ErrInvalidState, "the credentials have not failed; the service is "+in.snapshot().Phase.String(), nil)
		}
		return c.err
	})
}

// blank erases the station's configuration.
func (in *instance) blank(op string) error {
	if err := in.cfg.WiFi.SetStationConfig(hal.StationConfig{}); err != nil {
		return fail(op, nil, "erasing the failed credentials", err)
	}
	return nil
}

// ResetForReprovision lets clients send other credentials to a device that
// stays in service after success. The stored ones are kept until new ones are
// applied; the link is dropped, and EventStart is emitted again. Clients are told
// that the device is connecting or, as after ResetOnFailure, of an earlier
// failure. Auto-stop must have been disabled.
//
// Errors: ErrInvalidState when the service is not running or auto-stop is
// enabled; the driver's, and then the state is unchanged.
func (m *Manager) ResetForReprovision() error {
	c := call{op: "ResetForReprovision", done: fsm.ReprovisionDone}
	return m.withInstance(c.op, func(in *instance) error {
		if in.request(&c, fsm.Reprovision) != fsm.OK {
			why := "the service is not running; call StartProvisioning"
			if in.snapshot().Running() {
				why = "auto-stop is enabled; call DisableAutoStop before StartProvisioning"
			}
			return fail(c.op, ErrInvalidState, why, nil)
		}
		return c.err
	})
}

// forget empties the station's configuration in RAM, keeps that in flash, and
// drops the link.
func (in *instance) forget(op string) error {
	wifi := in.cfg.WiFi
	err := wifi.SetStorage(hal.StorageRAM)
	if err != nil {
		return fail(op, nil, "keeping the stored credentials safe", err)
	}
	err = wifi.SetStationConfig(hal.StationConfig{})
	if err == nil {
		err = wifi.Disconnect()
	}
	in.restoreStorage()
	if err != nil {
		return fail(op, nil, "dropping the present network", err)
	}
	return nil
}
