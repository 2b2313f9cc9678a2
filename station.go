package wifiprov

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/protocomm"
)

// ConfigureStation applies credentials as a client's ApplyConfig does: they are
// stored, and the station connects in one second (manager.md 4.15). The delay
// lets an answer leave before the radio changes its channel. EventCredRecv
// follows. Config.FastScan, not cfg, says how the network is looked for, unless
// Config.AdjustStation does.
//
// Errors: ErrInvalidState when not initialised; ErrFail unless the service
// runs and waits for credentials, and when the driver fails; ErrInvalidArg for
// an SSID over 32 bytes, and for a passphrase over 63 bytes that is no key of 64
// hexadecimal digits (hal.ValidPassphrase). Nothing is stored then, but for an
// error of the driver after it began to write.
func (m *Manager) ConfigureStation(cfg hal.StationConfig) error {
	return m.configureStation(cfg, owner{})
}

// owner is the session whose client applied the present credentials, and which
// may take them back with Config.CorrectWhileConnecting. Zero: the application
// did, or the session is closed.
type owner struct {
	session protocomm.SessionID
	known   bool
}

// owns reports whether it is from this client that the present credentials are.
func (in *instance) owns(from owner) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return from.known && from == in.owner
}

// configureStation is ConfigureStation for the application or a client.
func (m *Manager) configureStation(cfg hal.StationConfig, from owner) error {
	const op = "ConfigureStation"
	var adjust func(*hal.StationConfig)
	err := m.withInstance(op, func(in *instance) error {
		cfg.ScanMethod = hal.ScanAllChannel
		if in.cfg.FastScan {
			cfg.ScanMethod = hal.ScanFast
		}
		if in.cfg.AdjustStation == nil {
			return in.configure(op, cfg, from)
		}
		if err := in.mayConfigure(op, cfg, in.owns(from)); err != nil {
			return err
		}
		in.adjusting = true
		adjust = func(c *hal.StationConfig) {
			defer m.do(func() { in.adjusting = false }) // also when it panics
			in.cfg.AdjustStation(c)
		}
		return nil
	})
	if err != nil || adjust == nil {
		return err
	}
	// Not a job: it is the application's, and may stop the service.
	adjust(&cfg)
	return m.withInstance(op, func(in *instance) error { return in.configure(op, cfg, from) })
}

// mayConfigure says why credentials cannot be taken.
func (in *instance) mayConfigure(op string, cfg hal.StationConfig, owned bool) error {
	if len(cfg.SSID) > hal.MaxSSID || !hal.ValidPassphrase(cfg.Passphrase) {
		return fail(op, ErrInvalidArg, "the SSID may have 32 bytes, and the passphrase 63, or be 64 hexadecimal digits", nil)
	}
	if in.adjusting {
		return fail(op, ErrFail, "other credentials are being adjusted by Config.AdjustStation", nil)
	}
	if in.step(fsm.Input{Kind: fsm.Configure, Owner: owned}) != fsm.OK {
		return fail(op, ErrFail, "credentials cannot be taken while the service is "+in.snapshot().Phase.String(), nil)
	}
	return nil
}

// configure hands credentials to the driver, if they can be taken.
func (in *instance) configure(op string, cfg hal.StationConfig, from owner) error {
	owned := in.owns(from)
	if err := in.mayConfigure(op, cfg, owned); err != nil {
		return err
	}
	wifi := in.cfg.WiFi
	if err := wifi.SetMode(in.cfg.Scheme.WiFiMode()); err != nil {
		return fail(op, ErrFail, "setting the Wi-Fi mode", err)
	}
	storage := hal.StorageFlash
	if in.cfg.VerifyCredentials {
		storage = hal.StorageRAM
		defer in.restoreStorage()
	}
	if err := wifi.SetStorage(storage); err != nil {
		return fail(op, ErrFail, "setting the Wi-Fi storage", err)
	}
	if err := wifi.SetStationConfig(cfg); err != nil {
		return fail(op, ErrFail, "storing the credentials", err)
	}
	if in.snapshot().Phase != fsm.Started {
		in.leave() // whatever the station does by now, it does for other credentials
	}
	in.beginTrial(cfg)
	in.step(fsm.Input{Kind: fsm.ConfigureDone, Owner: owned})
	in.mu.Lock()
	defer in.mu.Unlock()
	in.owner = from
	return nil
}

// RemainingAttempts returns how many attempts to connect are left before the
// credentials count as failed (manager.md 7.1); 0 without Config.Attempts.
//
// Errors: ErrInvalidState when not initialised.
func (m *Manager) RemainingAttempts() (int, error) {
	in := m.instance()
	if in == nil {
		return 0, fail("RemainingAttempts", ErrInvalidState, notInitialised, nil)
	}
	return int(in.snapshot().Remaining()), nil
}

// WiFiState returns what the station does (manager.md 4.13).
//
// Errors: ErrInvalidState when not initialised.
func (m *Manager) WiFiState() (StationState, error) {
	in := m.instance()
	if in == nil {
		return StationConnecting, fail("WiFiState", ErrInvalidState, notInitialised, nil)
	}
	return StationState(in.snapshot().Station), nil
}

// DisconnectReason returns why the credentials failed (manager.md 4.14).
//
// Errors: ErrInvalidState when not initialised, ErrFail unless the station is
// disconnected.
func (m *Manager) DisconnectReason() (FailReason, error) {
	const op = "DisconnectReason"
	in := m.instance()
	if in == nil {
		return 0, fail(op, ErrInvalidState, notInitialised, nil)
	}
	s := in.snapshot()
	if s.Station != fsm.Disconnected {
		return 0, fail(op, ErrFail, "the station is "+StationState(s.Station).String()+", there is no reason", nil)
	}
	return FailReason(s.Reason), nil
}
