// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"errors"
	"io"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/internal/smpcrypto"
)

// Config holds the settings of a Manager.
type Config struct {
	// Rand is a cryptographic source of random numbers; required. It is read
	// in the receiver of the Host.
	Rand io.Reader
	// Bonds keeps the keys of clients that bond, if ble.Config.Bonding is set;
	// nil: NewMemory(0).
	Bonds Bonds
	// Clock times the delays of clients that failed to pair; nil:
	// hal.SystemClock.
	Clock hal.Clock
	// Logger is told of pairings and of trouble; nil is silent.
	Logger hal.Logger
}

// Manager implements att.Pairing. New makes it. It serves one Host.
type Manager struct {
	cfg      Config
	attempts attempts
}

var _ att.Pairing = (*Manager)(nil)

// New returns a Manager with these settings. It fails without Config.Rand.
func New(cfg Config) (*Manager, error) {
	if cfg.Rand == nil {
		return nil, errors.New("smp: Config.Rand is nil; give it a cryptographic source")
	}
	if cfg.Bonds == nil {
		cfg.Bonds = NewMemory(0)
	}
	if cfg.Clock == nil {
		cfg.Clock = hal.SystemClock{}
	}
	m := &Manager{cfg: cfg}
	m.attempts.clock = cfg.Clock
	return m, nil
}

// NewPeer implements att.Pairing.
func (m *Manager) NewPeer() att.PairingPeer { return &peer{m: m} }

// find returns the newest bond that fits.
func (m *Manager) find(fits func(*Bond) bool) (found Bond, ok bool) {
	err := m.cfg.Bonds.Each(func(b Bond) bool {
		if ok = fits(&b); ok {
			found = b
		}
		return !ok
	})
	if err != nil {
		m.cfg.Logger.Log(hal.LevelError, "bonds of Bluetooth clients cannot be read", hal.Err(err))
	}
	return found, ok
}

// keep stores a bond.
func (m *Manager) keep(b Bond) {
	switch err := m.cfg.Bonds.Store(b); {
	case errors.Is(err, ErrWeaker):
		m.cfg.Logger.Log(hal.LevelWarn, "a bond with a Bluetooth client is not kept", hal.Err(err))
	case err != nil:
		m.cfg.Logger.Log(hal.LevelError, "a bond with a Bluetooth client is not kept", hal.Err(err))
	}
}

// bondOf returns the newest bond of the client at an address, which may be a private
// one.
func (m *Manager) bondOf(a att.Address) (Bond, bool) {
	return m.find(func(b *Bond) bool { return b.of(a) })
}

// of reports whether a bond belongs to the client at an address, which may be a
// private one.
func (b *Bond) of(a att.Address) bool {
	return b.Identity == a || smpcrypto.Resolves(b.IRK, smpcrypto.Address(a))
}
