// SPDX-License-Identifier: Apache-2.0

package radio

import (
	"context"
	"fmt"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// load reads the stored configuration.
func (r *Radio) load() {
	ctx, cancel := context.WithTimeout(r.ctx, callTime)
	defer cancel()
	cfg, err := r.daemon.Load(ctx)
	if err != nil {
		err = fmt.Errorf("radio: loading the configuration: %w", err)
		cfg = hal.StationConfig{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.config, r.stored, r.loadErr = &cfg, &cfg, err
}

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
// hal.StationConfig, but takes any passphrase of 64 bytes.
func (r *Radio) SetStationConfig(cfg hal.StationConfig) error {
	if err := wifistore.Check(cfg); err != nil {
		return err
	}
	return r.changeConfig(cfg, false)
}

// Restore implements hal.ConfigStore. Link, mode and SoftAP stay.
func (r *Radio) Restore() error { return r.changeConfig(hal.StationConfig{}, true) }

// changeConfig makes cfg the current configuration, and the stored one in StorageFlash.
// With restore it is stored in any case, and the storage is flash from then on. After an
// error nothing has changed.
func (r *Radio) changeConfig(cfg hal.StationConfig, restore bool) error {
	r.flash.Lock()
	defer r.flash.Unlock()
	r.mu.Lock()
	save, closed := restore || r.storage == hal.StorageFlash, r.closed
	r.mu.Unlock()
	if closed {
		return ErrClosed
	}
	if save {
		ctx, cancel := context.WithTimeout(r.ctx, callTime)
		defer cancel()
		if err := r.daemon.Save(ctx, cfg); err != nil {
			return fmt.Errorf("radio: storing the configuration: %w", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.config, r.loadErr = &cfg, nil
	if save {
		r.stored = &cfg
	}
	if restore {
		r.storage = hal.StorageFlash
	}
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
