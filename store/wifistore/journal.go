// SPDX-License-Identifier: Apache-2.0

package wifistore

import (
	"errors"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/store"
)

// The journal has the new configuration as one value while Save changes the driver's
// keys. It lies outside the driver's namespace.
const (
	journalNamespace = "wifiprov"
	journalKey       = "sta.save"
	journalVersion   = 1
)

// Layout: version, scan method, channel, least auth mode, BSSID set, BSSID
// (6), length of the SSID, SSID, passphrase.
const journalHeader = 12

func saveJournal(s store.Store, cfg hal.StationConfig) error {
	b := make([]byte, 0, journalHeader+len(cfg.SSID)+len(cfg.Passphrase))
	set := byte(0)
	if cfg.BSSIDSet {
		set = 1
	}
	b = append(b, journalVersion, byte(cfg.ScanMethod), cfg.Channel, byte(cfg.MinAuth), set)
	b = append(b, cfg.BSSID[:]...)
	b = append(b, byte(len(cfg.SSID)))
	b = append(b, cfg.SSID...)
	for i := 0; i < len(cfg.Passphrase) && cfg.Passphrase[i] != 0; i++ {
		b = append(b, cfg.Passphrase[i])
	}
	if err := store.SetBlob(s, journalNamespace, journalKey, b); err != nil {
		return err
	}
	return s.Commit()
}

// loadJournal returns the configuration of an interrupted Save. It ignores a journal that
// it cannot read, of a later version perhaps.
func loadJournal(s store.Store) (hal.StationConfig, bool, error) {
	b, err := store.Blob(s, journalNamespace, journalKey)
	if errors.Is(err, store.ErrNotFound) {
		return hal.StationConfig{}, false, nil
	}
	if err != nil {
		return hal.StationConfig{}, false, err
	}
	if len(b) < journalHeader || b[0] != journalVersion {
		return hal.StationConfig{}, false, nil
	}
	n := int(b[journalHeader-1])
	pass := b[journalHeader:]
	if n == 0 || n > hal.MaxSSID || n > len(pass) || len(pass)-n > MaxPassphrase {
		return hal.StationConfig{}, false, nil
	}
	cfg := hal.StationConfig{
		SSID:       hal.SSID(pass[:n]),
		Passphrase: hal.Secret(pass[n:]),
		ScanMethod: hal.ScanMethod(b[1]),
		Channel:    b[2],
		MinAuth:    hal.AuthMode(b[3]),
	}
	if cfg.BSSIDSet = b[4] == 1; cfg.BSSIDSet {
		copy(cfg.BSSID[:], b[5:])
	}
	return cfg, true, nil
}

func eraseJournal(s store.Store) error {
	if err := s.Erase(journalNamespace, journalKey); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return s.Commit()
}
