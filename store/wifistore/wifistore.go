package wifistore

import (
	"bytes"
	"errors"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/store"
)

// Namespace holds all keys of the Wi-Fi driver.
const Namespace = "nvs.net80211"

// MaxPassphrase is the longest passphrase in bytes that the driver keeps; 64
// bytes are a raw key in hexadecimal digits (wifi-nvs.md 1).
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

// Load returns the stored configuration; the zero value if none is set
// (wifi-nvs.md 1). Keys that are missing or hold another type count as the
// driver's defaults, so does what a key cannot mean. An error means that the
// store failed.
func Load(s store.Store) (hal.StationConfig, error) {
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

// Save stores a configuration and commits it; one with an empty SSID erases
// the stored one. Keys that have no counterpart in cfg stay untouched, but a
// master key in sta.pmk that belongs to an older passphrase goes. The mode
// becomes station, or stays both when an access point was on.
//
// Other than the driver, Save blanks the SSID before it replaces the
// passphrase and writes it last: a power cut in between leaves no
// configuration instead of a new SSID with an old passphrase. After an error
// everything is put back; a store that fails at that too is left without a
// configuration, or with what it had.
//
// store.ErrInvalid: SSID over 32 or passphrase over MaxPassphrase bytes. A
// passphrase ends at its first zero byte.
func Save(s store.Store, cfg hal.StationConfig) error {
	if len(cfg.SSID) > hal.MaxSSID {
		return &store.Error{Op: "set", Namespace: Namespace, Key: keySSID, Err: store.ErrInvalid, Why: "SSID over 32 bytes"}
	}
	if len(cfg.Passphrase) > MaxPassphrase {
		return &store.Error{Op: "set", Namespace: Namespace, Key: keyPassphrase, Err: store.ErrInvalid, Why: "passphrase over 64 bytes"}
	}
	w := writer{store: s}
	if cfg.SSID == "" {
		w.forget()
	} else {
		w.station(cfg)
	}
	if w.err == nil {
		w.err = s.Commit()
	}
	if w.err != nil {
		w.rollback()
	}
	return w.err
}

// Restore erases everything the Wi-Fi driver stored, which is its factory
// state, and commits.
func Restore(s store.Store) error {
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

// writer changes keys until the first error and can put them back.
type writer struct {
	store store.Store
	err   error
	undo  []change
}

// change is what a key held before it was first written.
type change struct {
	key   string
	typ   store.Type
	value []byte
	found bool
}

func (w *writer) station(cfg hal.StationConfig) {
	ssid, pass := encodeSSID(cfg.SSID), encodePassphrase(cfg.Passphrase)
	if !w.holds(keySSID, ssid) || !w.holds(keyPassphrase, pass) {
		w.set(keySSID, store.TypeBlob, encodeSSID(""))
		w.set(keyPassphrase, store.TypeBlob, pass)
		if pmk, found := w.get(keyPMK, store.TypeBlob); found && !unused(pmk) {
			w.erase(keyPMK)
		}
	}
	set := uint8(0)
	if cfg.BSSIDSet {
		set = 1
		w.set(keyBSSID, store.TypeBlob, cfg.BSSID[:])
	}
	w.setU8(keyBSSIDSet, set)
	w.setU8(keyScanMethod, uint8(cfg.ScanMethod))
	w.setU8(keyMinAuth, uint8(cfg.MinAuth))
	w.setU8(keyChannel, cfg.Channel)
	mode := uint8(hal.ModeSTA)
	if b, found := w.get(keyMode, store.TypeU8); found && b[0]&uint8(hal.ModeAP) != 0 {
		mode = uint8(hal.ModeAPSTA)
	}
	w.setU8(keyMode, mode)
	w.set(keySSID, store.TypeBlob, ssid)
}

func (w *writer) forget() {
	for _, key := range [...]string{keySSID, keyPassphrase, keyPMK, keyBSSIDSet, keyBSSID, keyChannel, keyScanMethod, keyMinAuth} {
		w.erase(key)
	}
}

// get reads a key; after an error it finds nothing.
func (w *writer) get(key string, t store.Type) (value []byte, found bool) {
	if w.err != nil {
		return nil, false
	}
	b, err := w.store.Get(nil, Namespace, key, t)
	if err == nil {
		return b, true
	}
	if !errors.Is(err, store.ErrNotFound) {
		w.err = err
	}
	return nil, false
}

func (w *writer) holds(key string, value []byte) bool {
	b, found := w.get(key, store.TypeBlob)
	return found && bytes.Equal(b, value)
}

func (w *writer) setU8(key string, v uint8) { w.set(key, store.TypeU8, []byte{v}) }

func (w *writer) set(key string, t store.Type, value []byte) {
	old, found := w.get(key, t)
	if w.err != nil || found && bytes.Equal(old, value) {
		return
	}
	if w.err = w.store.Set(Namespace, key, t, value); w.err == nil {
		w.undo = append(w.undo, change{key, t, old, found})
	}
}

func (w *writer) erase(key string) {
	t := keyType(key)
	old, found := w.get(key, t)
	if !found {
		return
	}
	if w.err = w.store.Erase(Namespace, key); w.err == nil {
		w.undo = append(w.undo, change{key, t, old, found})
	}
}

// rollback puts the old values back, newest change first, as far as the store
// lets it.
func (w *writer) rollback() {
	for i := len(w.undo) - 1; i >= 0; i-- {
		c := w.undo[i]
		if c.found {
			_ = w.store.Set(Namespace, c.key, c.typ, c.value)
		} else {
			_ = w.store.Erase(Namespace, c.key)
		}
	}
	if len(w.undo) > 0 {
		_ = w.store.Commit()
	}
}

func keyType(key string) store.Type {
	switch key {
	case keySSID, keyPassphrase, keyPMK, keyBSSID:
		return store.TypeBlob
	}
	return store.TypeU8
}
