// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import "github.com/wifiprov/wifiprov/hal"

// StartSoftAP implements hal.SoftAP. The device's address is 192.168.4.1. Mode and
// configuration are not written to flash.
func (d *Device) StartSoftAP(cfg hal.SoftAPConfig) error {
	switch {
	case cfg.SSID == "" || len(cfg.SSID) > hal.MaxSSID:
		return &argError{"the SSID of an access point has 1 to 32 bytes"}
	case cfg.Channel > 13:
		return &argError{"the channel of an access point is not 0 to 13"}
	case cfg.Key != "" && (len(cfg.Key) < 8 || len(cfg.Key) > hal.MaxPassphrase):
		return &argError{"the key of an access point has 8 to 63 bytes, or none"}
	}
	if cfg.Key != "" && cfg.Auth == hal.AuthOpen {
		cfg.Auth = hal.AuthWPA2PSK
	}
	if cfg.MaxStations == 0 {
		cfg.MaxStations = 4 // the driver's default
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := nativeSoftAPStart(&cfg, d.storage); err != nil {
		d.softAP = false
		return err
	}
	d.softAP = true
	return nil
}

// StopSoftAP implements hal.SoftAP.
func (d *Device) StopSoftAP() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.softAP {
		return nil
	}
	if err := nativeSoftAPStop(d.storage); err != nil {
		return err
	}
	d.softAP = false
	return nil
}
