package wifiprov

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
)

// ConfigureStation applies credentials as a client's ApplyConfig does: they are
// stored, and the station connects in one second (manager.md 4.15). The delay
// lets an answer leave before the radio changes its channel. EventCredRecv
// follows. Config.FastScan, not cfg, says how the network is looked for.
//
// Errors: ErrInvalidState when not initialised; ErrFail unless the service
// runs and waits for credentials, and when the driver fails; ErrInvalidArg for
// an SSID over 32 or a passphrase over 63 bytes. Nothing is stored then, but
// for an error of the driver after it began to write.
func (m *Manager) ConfigureStation(cfg hal.StationConfig) error {
	const op = "ConfigureStation"
	return m.withInstance(op, func(in *instance) error {
		if len(cfg.SSID) > hal.MaxSSID || len(cfg.Passphrase) > hal.MaxPassphrase {
			return fail(op, ErrInvalidArg, "the SSID may have 32 bytes and the passphrase 63", nil)
		}
		if in.step(fsm.Input{Kind: fsm.Configure}) != fsm.OK {
			return fail(op, ErrFail, "credentials cannot be taken while the service is "+in.snapshot().Phase.String(), nil)
		}
		wifi := in.cfg.WiFi
		if err := wifi.SetMode(in.cfg.Scheme.WiFiMode()); err != nil {
			return fail(op, ErrFail, "setting the Wi-Fi mode", err)
		}
		if err := wifi.SetStorage(hal.StorageFlash); err != nil {
			return fail(op, ErrFail, "setting the Wi-Fi storage", err)
		}
		cfg.ScanMethod = hal.ScanAllChannel
		if in.cfg.FastScan {
			cfg.ScanMethod = hal.ScanFast
		}
		if err := wifi.SetStationConfig(cfg); err != nil {
			return fail(op, ErrFail, "storing the credentials", err)
		}
		in.step(fsm.Input{Kind: fsm.ConfigureDone})
		return nil
	})
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
