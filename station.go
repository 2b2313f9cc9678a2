// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/protocomm"
)

// ConfigureStation applies credentials as a client's ApplyConfig does: they are
// stored, and the station connects in one second. The delay lets an answer leave
// before the radio changes its channel. EventCredRecv follows. Config.FastScan
// says how the network is looked for, unless Config.AdjustStation does;
// cfg.ScanMethod does not matter.
//
// Errors: ErrInvalidState when not initialised; ErrFail unless the service
// runs and waits for credentials, and when the driver fails; ErrInvalidArg for
// an SSID over 32 bytes, and for a passphrase over 63 bytes that is no key of 64
// hexadecimal digits (hal.ValidPassphrase). After an error nothing is stored,
// unless the driver failed while it wrote.
func (m *Manager) ConfigureStation(cfg hal.StationConfig) error {
	return m.configureStation(cfg, owner{})
}

// owner is the session in which the present credentials were applied. With
// Config.CorrectWhileConnecting that session may take them back. Zero: the
// application applied them, or the session is closed.
type owner struct {
	session protocomm.SessionID
	known   bool
}

// owns reports whether the present credentials are from this client.
func (in *instance) owns(from owner) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return from.known && from == in.owner
}

// configureStation is ConfigureStation for the application or a client.
func (m *Manager) configureStation(cfg hal.StationConfig, from owner) error {
	c := call{op: "ConfigureStation", done: fsm.ConfigureDone, from: from, station: cfg}
	var adjust func(*hal.StationConfig)
	err := m.withInstance(c.op, func(in *instance) error {
		c.station.ScanMethod = hal.ScanAllChannel
		if in.cfg.FastScan {
			c.station.ScanMethod = hal.ScanFast
		}
		if in.cfg.AdjustStation == nil {
			return in.configure(&c, fsm.Configure)
		}
		if err := in.configure(&c, fsm.Offer); err != nil {
			return err
		}
		in.adjusting = true
		adjust = func(station *hal.StationConfig) {
			defer m.do(func() { in.adjusting = false }) // also when it panics
			in.cfg.AdjustStation(station)
		}
		return nil
	})
	if err != nil || adjust == nil {
		return err
	}
	// Not a job: the function is the application's, and may stop the service.
	adjust(&c.station)
	return m.withInstance(c.op, func(in *instance) error { return in.configure(&c, fsm.Configure) })
}

// configure offers credentials to the state machine, or configures them.
func (in *instance) configure(c *call, kind fsm.InputKind) error {
	if len(c.station.SSID) > hal.MaxSSID || !hal.ValidPassphrase(c.station.Passphrase) {
		return fail(c.op, ErrInvalidArg, "the SSID may have 32 bytes, and the passphrase 63, or be 64 hexadecimal digits", nil)
	}
	if in.adjusting {
		return fail(c.op, ErrFail, "other credentials are being adjusted by Config.AdjustStation", nil)
	}
	if in.request(c, kind) != fsm.OK {
		return fail(c.op, ErrFail, "credentials cannot be taken while the service is "+in.snapshot().Phase.String(), nil)
	}
	return c.err
}

// applyConfig hands credentials to the driver.
func (in *instance) applyConfig(c *call, storage hal.Storage) error {
	wifi := in.cfg.WiFi
	if err := wifi.SetMode(in.cfg.Scheme.WiFiMode()); err != nil {
		return fail(c.op, ErrFail, "setting the Wi-Fi mode", err)
	}
	if err := wifi.SetStorage(storage); err != nil {
		return fail(c.op, ErrFail, "setting the Wi-Fi storage", err)
	}
	if err := wifi.SetStationConfig(c.station); err != nil {
		return fail(c.op, ErrFail, "storing the credentials", err)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.owner = c.from
	return nil
}

// RemainingAttempts returns how many attempts to connect are left before the
// credentials count as failed; 0 without Config.Attempts.
//
// Errors: ErrInvalidState when not initialised.
func (m *Manager) RemainingAttempts() (int, error) {
	in, err := m.initialised("RemainingAttempts")
	if err != nil {
		return 0, err
	}
	return int(in.snapshot().Remaining()), nil
}

// WiFiState returns what the station does.
//
// Errors: ErrInvalidState when not initialised.
func (m *Manager) WiFiState() (StationState, error) {
	in, err := m.initialised("WiFiState")
	if err != nil {
		return 0, err
	}
	return in.snapshot().Station, nil
}

// DisconnectReason returns why the credentials failed.
//
// Errors: ErrInvalidState when not initialised, ErrFail unless the station is
// disconnected.
func (m *Manager) DisconnectReason() (FailReason, error) {
	const op = "DisconnectReason"
	in, err := m.initialised(op)
	if err != nil {
		return 0, err
	}
	s := in.snapshot()
	if s.Station != StationDisconnected {
		return 0, fail(op, ErrFail, "the station is "+s.Station.String()+", there is no reason", nil)
	}
	return s.Reason, nil
}
