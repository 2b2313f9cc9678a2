// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// SetStorage implements hal.ConfigStore.
func (b *Board) SetStorage(s hal.Storage) error {
	if s > hal.StorageRAM {
		return errStorage
	}
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	b.storage = s
	return nil
}

// SetStationConfig implements hal.ConfigStore. It refuses values outside the ranges
// of hal.StationConfig, but takes any passphrase of 64 bytes.
func (b *Board) SetStationConfig(cfg hal.StationConfig) error {
	if err := wifistore.Check(cfg); err != nil {
		return err
	}
	return b.changeConfig(cfg, func(storage hal.Storage) error {
		if storage == hal.StorageFlash {
			return wifistore.Save(b.store, cfg)
		}
		return nil
	})
}

// Restore implements hal.ConfigStore. Link, mode and SoftAP stay.
func (b *Board) Restore() error {
	return b.changeConfig(hal.StationConfig{}, func(hal.Storage) error {
		if err := wifistore.Restore(b.store); err != nil {
			return err
		}
		return b.SetStorage(hal.StorageFlash)
	})
}

// changeConfig makes cfg the current configuration if save succeeds. save is called
// with b.flash held.
func (b *Board) changeConfig(cfg hal.StationConfig, save func(hal.Storage) error) error {
	b.flash.Lock()
	defer b.flash.Unlock()
	b.air.mu.Lock()
	storage, closed, broken := b.storage, b.closed, b.loadErr
	b.air.mu.Unlock()
	if closed {
		return ErrClosed
	}
	if b.store == nil {
		return broken
	}
	if err := save(storage); err != nil {
		return err
	}
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	b.config, b.loadErr = &cfg, nil
	return nil
}

// StationConfig implements hal.ConfigStore. It fails if the store failed at the last
// Reboot.
func (b *Board) StationConfig() (hal.StationConfig, error) {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if b.closed {
		return hal.StationConfig{}, ErrClosed
	}
	return *b.config, b.loadErr
}
