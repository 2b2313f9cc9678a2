// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import "github.com/wifiprov/wifiprov/hal"

// maxPassphrase is the longest passphrase that the driver takes: a raw key in
// hexadecimal digits.
const maxPassphrase = 64

// SetMode implements hal.Radio. While the storage is flash, the driver keeps the mode
// in flash, as under the C original.
func (d *Device) SetMode(m hal.Mode) error {
	if m > hal.ModeAPSTA {
		return &argError{m.String() + " is no Wi-Fi mode"}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	err := nativeSetMode(m)
	if err == nil && m&hal.ModeAP == 0 {
		d.softAP = false
	}
	return err
}

// Start implements hal.Radio.
func (d *Device) Start() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return nativeStart()
}

// SetStorage implements hal.ConfigStore.
func (d *Device) SetStorage(s hal.Storage) error {
	if s > hal.StorageRAM {
		return &argError{s.String() + " is no storage"}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := nativeSetStorage(s); err != nil {
		return err
	}
	d.storage = s
	return nil
}

// SetStationConfig implements hal.ConfigStore. The driver writes its keys of NVS one
// after another, so a power failure may leave the SSID of one network with the
// passphrase of another. It cannot tell SSIDs apart that differ only in zeros at their
// end. It ends an attempt to join, since the driver would refuse otherwise.
func (d *Device) SetStationConfig(cfg hal.StationConfig) error {
	switch {
	case len(cfg.SSID) > hal.MaxSSID:
		return &argError{"the SSID is longer than 32 bytes"}
	case len(cfg.Passphrase) > maxPassphrase:
		return &argError{"the passphrase is longer than 64 bytes"}
	case cfg.ScanMethod > hal.ScanAllChannel:
		return &argError{"unknown scan method"}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	// Set again: a failure may have changed it, and credentials must not get
	// lost.
	if err := nativeSetStorage(d.storage); err != nil {
		return err
	}
	err := nativeSetStation(&cfg)
	if e, ok := err.(*Error); ok && e.Code == errWiFiState && d.station.state == stationJoining {
		unsure := d.onlyJoining()
		if err := nativeDisconnect(); err != nil {
			return err
		}
		d.left(unsure)
		err = nativeSetStation(&cfg)
	}
	return err
}

// StationConfig implements hal.ConfigStore.
func (d *Device) StationConfig() (hal.StationConfig, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return nativeStation()
}

// Restore implements hal.ConfigStore.
func (d *Device) Restore() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := nativeRestore(); err != nil {
		return err
	}
	if err := nativeSetStorage(hal.StorageFlash); err != nil {
		return err
	}
	d.storage = hal.StorageFlash
	// ESP-IDF says that the configuration in RAM is restored too; to be sure.
	cfg, err := nativeStation()
	if err == nil && cfg.SSID != "" {
		err = nativeSetStation(&hal.StationConfig{})
	}
	return err
}
