// SPDX-License-Identifier: Apache-2.0

package wifistore

import (
	"bytes"
	"errors"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/store"
)

// plan is a list of changes of the driver's keys, in order, that can be undone.
type plan struct {
	store   store.Store
	changes []change
	done    int
	journal bool // the journal has to be erased in the end
	err     error
}

// change is a key's old and new value.
type change struct {
	key      string
	typ      store.Type
	old, new []byte // nil: no value
}

// newPlan compares a configuration with the stored keys.
func newPlan(s store.Store, cfg hal.StationConfig) (*plan, error) {
	p := &plan{store: s}
	if cfg.SSID == "" {
		p.forget()
	} else {
		p.station(cfg)
	}
	return p, p.err
}

func (p *plan) station(cfg hal.StationConfig) {
	ssid, pass := encodeSSID(cfg.SSID), encodePassphrase(cfg.Passphrase)
	oldSSID, oldPass := p.get(keySSID), p.get(keyPassphrase)
	if _, set := decodeSSID(oldSSID); set && !bytes.Equal(oldPass, pass) {
		p.change(change{keySSID, store.TypeBlob, oldSSID, encodeSSID("")})
		oldSSID = encodeSSID("")
	}
	p.change(change{keyPassphrase, store.TypeBlob, oldPass, pass})
	if !bytes.Equal(oldSSID, ssid) {
		if pmk := p.get(keyPMK); pmk != nil && !unused(pmk) {
			p.change(change{keyPMK, store.TypeBlob, pmk, nil})
		}
	}
	set := uint8(0)
	if cfg.BSSIDSet {
		set = 1
		p.set(keyBSSID, cfg.BSSID[:])
	}
	p.set(keyBSSIDSet, []byte{set})
	p.set(keyScanMethod, []byte{uint8(cfg.ScanMethod)})
	p.set(keyMinAuth, []byte{uint8(cfg.MinAuth)})
	p.set(keyChannel, []byte{cfg.Channel})
	mode := uint8(hal.ModeSTA)
	if b := p.get(keyMode); b != nil && b[0]&uint8(hal.ModeAP) != 0 {
		mode = uint8(hal.ModeAPSTA)
	}
	p.set(keyMode, []byte{mode})
	p.change(change{keySSID, store.TypeBlob, oldSSID, ssid})
}

func (p *plan) forget() {
	for _, key := range [...]string{keySSID, keyPassphrase, keyPMK, keyBSSIDSet, keyBSSID, keyChannel, keyScanMethod, keyMinAuth} {
		if old := p.get(key); old != nil {
			p.change(change{key, keyType(key), old, nil})
		}
	}
}

// get reads a key, nil if it is missing or after an error.
func (p *plan) get(key string) []byte {
	if p.err != nil {
		return nil
	}
	b, err := p.store.Get([]byte{}, Namespace, key, keyType(key))
	if err == nil {
		return b
	}
	if !errors.Is(err, store.ErrNotFound) {
		p.err = err
	}
	return nil
}

func (p *plan) set(key string, value []byte) {
	p.change(change{key, keyType(key), p.get(key), value})
}

// change plans a change, unless old and new value are equal.
func (p *plan) change(c change) {
	if p.err == nil && !(bytes.Equal(c.old, c.new) && (c.old == nil) == (c.new == nil)) {
		p.changes = append(p.changes, c)
	}
}

// run makes the changes, or none of them.
func (p *plan) run() error {
	if err := p.apply(); err != nil {
		// The journal stands for the new keys until all old ones are back.
		if p.rollback() == nil && p.journal {
			_ = eraseJournal(p.store)
		}
		return err
	}
	if p.journal {
		// Journal and keys agree. If the journal stays, the next Save erases it.
		_ = eraseJournal(p.store)
	}
	return nil
}

// apply makes the changes and commits them.
func (p *plan) apply() error {
	for _, c := range p.changes {
		if err := p.put(c.key, c.typ, c.new); err != nil {
			return err
		}
		p.done++
	}
	return p.store.Commit()
}

// rollback puts the old values back, newest change first.
func (p *plan) rollback() error {
	for ; p.done > 0; p.done-- {
		c := p.changes[p.done-1]
		if err := p.put(c.key, c.typ, c.old); err != nil {
			return err
		}
	}
	return p.store.Commit()
}

func (p *plan) put(key string, t store.Type, value []byte) error {
	if value != nil {
		return p.store.Set(Namespace, key, t, value)
	}
	err := p.store.Erase(Namespace, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func keyType(key string) store.Type {
	switch key {
	case keySSID, keyPassphrase, keyPMK, keyBSSID:
		return store.TypeBlob
	}
	return store.TypeU8
}
