// SPDX-License-Identifier: Apache-2.0

package tinygo

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// SetStorage implements hal.ConfigStore.
func (r *Radio) SetStorage(s hal.Storage) error {
	if s > hal.StorageRAM {
		return errStorage
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	r.storage = s
	return nil
}

// SetStationConfig implements hal.ConfigStore. It refuses values outside the ranges of
// hal.StationConfig, but takes any passphrase of 64 bytes. It keeps all fields; the
// driver uses only SSID and passphrase.
func (r *Radio) SetStationConfig(cfg hal.StationConfig) error {
	if err := wifistore.Check(cfg); err != nil {
		return err
	}
	return r.changeConfig(cfg, func(storage hal.Storage) error {
		if storage == hal.StorageFlash {
			return wifistore.Save(r.cfg.Store, cfg)
		}
		return nil
	})
}

// Restore implements hal.ConfigStore. Link, mode and SoftAP stay.
func (r *Radio) Restore() error {
	return r.changeConfig(hal.StationConfig{}, func(hal.Storage) error {
		if err := wifistore.Restore(r.cfg.Store); err != nil {
			return err
		}
		return r.SetStorage(hal.StorageFlash)
	})
}

// changeConfig makes cfg the current configuration if save succeeds. save is called
// with r.flash held.
func (r *Radio) changeConfig(cfg hal.StationConfig, save func(hal.Storage) error) error {
	r.flash.Lock()
	defer r.flash.Unlock()
	r.mu.Lock()
	storage, closed := r.storage, r.closed
	r.mu.Unlock()
	if closed {
		return ErrClosed
	}
	if err := save(storage); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.config, r.loadErr = &cfg, nil
	return nil
}

// StationConfig implements hal.ConfigStore.
func (r *Radio) StationConfig() (hal.StationConfig, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return hal.StationConfig{}, ErrClosed
	}
	return *r.config, r.loadErr
}
