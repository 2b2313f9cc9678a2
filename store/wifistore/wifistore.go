// SPDX-License-Identifier: Apache-2.0

package wifistore

import (
	"errors"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/store"
)

// Namespace holds all keys of the Wi-Fi driver.
const Namespace = "nvs.net80211"

// MaxPassphrase is the longest passphrase in bytes that the driver keeps; 64
// bytes are a raw key in hexadecimal digits (docs/spec/wifi-nvs.md 1).
const MaxPassphrase = 64

// Keys of the station (wifi-nvs.md 1 and 2).
const (
	keyMode       = "opmode"
	keySSID       = "sta.ssid"
	keyPassphrase = "sta.pswd"
	keyBSSIDSet   = "bssid.set"
	keyBSSID      = "sta.bssid"
	keyChannel    = "sta.chan"
	keyScanMethod = "sta.scan_method"
	keyMinAuth    = "sta.minauth"
	keyPMK        = "sta.pmk"
)

// Load returns the stored configuration, or the zero value if none is set. If a key is
// missing, of another type or invalid, the driver's default is used. An error means that
// the store failed.
//
// If a Save was interrupted, Load returns the configuration that it was about to store.
func Load(s store.Store) (hal.StationConfig, error) {
	if cfg, interrupted, err := loadJournal(s); interrupted || err != nil {
		return cfg, err
	}
	r := reader{store: s}
	ssid, ok := decodeSSID(r.blob(keySSID))
	if !ok {
		return hal.StationConfig{}, r.err
	}
	cfg := hal.StationConfig{
		SSID:       ssid,
		Passphrase: decodePassphrase(r.blob(keyPassphrase)),
		ScanMethod: hal.ScanMethod(r.u8(keyScanMethod)),
		Channel:    r.u8(keyChannel),
		MinAuth:    hal.AuthMode(r.u8(keyMinAuth)),
	}
	if r.u8(keyBSSIDSet) == 1 {
		if b := r.blob(keyBSSID); len(b) == len(cfg.BSSID) {
			cfg.BSSIDSet = true
			copy(cfg.BSSID[:], b)
		}
	}
	if r.err != nil {
		return hal.StationConfig{}, r.err
	}
	return cfg, nil
}

// Check refuses, with store.ErrInvalid, a configuration that no driver takes: one that
// Save refuses, or that has an unknown channel or scan method.
func Check(cfg hal.StationConfig) error {
	switch {
	case cfg.Channel != 0 && !hal.ValidChannel(cfg.Channel):
		return invalid(keyChannel, "no channel of that number")
	case cfg.ScanMethod > hal.ScanAllChannel:
		return invalid(keyScanMethod, "unknown scan method")
	}
	return checkLengths(cfg)
}

func checkLengths(cfg hal.StationConfig) error {
	switch {
	case len(cfg.SSID) > hal.MaxSSID:
		return invalid(keySSID, "SSID over 32 bytes")
	case len(cfg.Passphrase) > MaxPassphrase:
		return invalid(keyPassphrase, "passphrase over 64 bytes")
	}
	return nil
}

func invalid(key, why string) error {
	return &store.Error{Op: "set", Namespace: Namespace, Key: key, Err: store.ErrInvalid, Why: why}
}

// Save stores a configuration and commits it. An empty SSID erases the stored one. Keys
// that have no counterpart in cfg stay, except a master key in sta.pmk of an older
// passphrase. The mode becomes station, or stays station and access point.
//
// The driver stores each key by itself, so a power cut could leave the SSID of one
// network with the passphrase of another. So Save first stores the whole configuration
// as one value outside the driver's namespace. After a power cut Load finds the complete
// old or new configuration. ESP-IDF's driver does not know that value, and finds no SSID
// until the passphrase has been replaced.
//
// An error undoes everything. If the store fails at that too, Load still finds the
// complete old or new configuration.
//
// Save fails with store.ErrInvalid for an SSID over 32 bytes or a passphrase over
// MaxPassphrase bytes. A passphrase ends at its first zero byte.
func Save(s store.Store, cfg hal.StationConfig) error {
	if err := checkLengths(cfg); err != nil {
		return err
	}
	if err := Recover(s); err != nil {
		return err
	}
	p, err := newPlan(s, cfg)
	if err != nil {
		return err
	}
	// The first of the changes that forget a network erases its SSID, which is
	// enough.
	if len(p.changes) > 1 && cfg.SSID != "" {
		if err := saveJournal(s, cfg); err != nil {
			_ = eraseJournal(s)
			return err
		}
		p.journal = true
	}
	return p.run()
}

// Recover completes an interrupted Save in the driver's keys; Load does not need that.
// A device calls Recover when it starts, before Load.
func Recover(s store.Store) error {
	cfg, interrupted, err := loadJournal(s)
	if err != nil || !interrupted {
		return err
	}
	p, err := newPlan(s, cfg)
	if err != nil {
		return err
	}
	if err := p.apply(); err != nil {
		return err
	}
	return eraseJournal(s)
}

// Restore erases everything that the Wi-Fi driver stored, and commits. A power cut leaves
// the complete configuration or none.
func Restore(s store.Store) error {
	if err := Save(s, hal.StationConfig{}); err != nil {
		return err
	}
	if err := s.EraseAll(Namespace); err != nil {
		return err
	}
	return s.Commit()
}

// reader reads keys and keeps the first error that is not "not found".
type reader struct {
	store store.Store
	err   error
}

func (r *reader) blob(key string) []byte {
	b, err := store.Blob(r.store, Namespace, key)
	r.keep(err)
	return b
}

func (r *reader) u8(key string) uint8 {
	v, err := store.Int[uint8](r.store, Namespace, key)
	r.keep(err)
	return v
}

func (r *reader) keep(err error) {
	if err != nil && r.err == nil && !errors.Is(err, store.ErrNotFound) {
		r.err = err
	}
}
