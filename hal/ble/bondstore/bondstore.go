// SPDX-License-Identifier: Apache-2.0

// Package bondstore keeps the bonds of package smp in a key-value store, the NVS
// partition of a chip for instance, so that they survive a restart.
//
// Each bond is a blob of 55 bytes under its own key, bond0, bond1, …, in the
// namespace wifiprov.bonds. The keys in it are as safe as the store: encrypt the
// partition if the flash can be read out.
package bondstore

import (
	"encoding/binary"
	"errors"
	"strconv"
	"sync"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/smp"
	"github.com/wifiprov/wifiprov/store"
)

// Namespace is the store's namespace that has the bonds.
const Namespace = "wifiprov.bonds"

// MaxBonds is the largest number of bonds.
const MaxBonds = 16

// size of a blob: version, sequence number, flags, identity, IRK, LTK, random
// number, diversifier.
const (
	version     = 1
	size        = 1 + 4 + 1 + 7 + 16 + 16 + 8 + 2
	flagSecure  = 0x01
	flagUsed    = 0x02
	atSequence  = 1
	atFlags     = 5
	atIdentity  = 6
	atIRK       = 13
	atLTK       = 29
	atRandom    = 45
	atDiversity = 53
)

// Bonds implements smp.Bonds. New makes it.
type Bonds struct {
	s store.Store
	n int

	mu  sync.Mutex // held over calls of the store
	buf [size]byte // of the bond that is being read or written
}

var _ smp.Bonds = (*Bonds)(nil)

// New returns a Bonds in s for at most n bonds, 1 to MaxBonds; 0:
// smp.DefaultBonds. Nothing else should use the namespace. Methods return the
// store's errors.
func New(s store.Store, n int) (*Bonds, error) {
	if n == 0 {
		n = smp.DefaultBonds
	}
	switch {
	case s == nil:
		return nil, errors.New("bondstore: the store is nil")
	case n < 0 || n > MaxBonds:
		return nil, errors.New("bondstore: " + strconv.Itoa(n) + " bonds are not 1 to " + strconv.Itoa(MaxBonds))
	}
	return &Bonds{s: s, n: n}, nil
}

func key(i int) string { return "bond" + strconv.Itoa(i) }

// load reads bond i into buf; false: there is none of this version.
func (b *Bonds) load(i int) (bool, error) {
	blob, err := b.s.Get(b.buf[:0], Namespace, key(i), store.TypeBlob)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	if len(blob) != size || blob[0] != version {
		return false, nil
	}
	copy(b.buf[:], blob) // it may have been put elsewhere
	return true, nil
}

func (b *Bonds) sequence() uint32 { return binary.LittleEndian.Uint32(b.buf[atSequence:]) }

// list is what a store has.
type list struct {
	n        int
	bonds    [MaxBonds]smp.Bond // the oldest first
	slots    [MaxBonds]int      // where they are
	sequence [MaxBonds]uint32
}

// read fills l. It leaves out bonds that cannot be read, and returns the last such
// error.
func (b *Bonds) read(l *list) (failed error) {
	defer clear(b.buf[:])
	for slot := range b.n {
		ok, err := b.load(slot)
		if err != nil {
			failed = err
		}
		if !ok {
			continue
		}
		i, sequence := l.n, b.sequence()
		for ; i > 0 && l.sequence[i-1] > sequence; i-- {
			l.bonds[i], l.slots[i], l.sequence[i] = l.bonds[i-1], l.slots[i-1], l.sequence[i-1]
		}
		l.bonds[i], l.slots[i], l.sequence[i] = b.decode(), slot, sequence
		l.n++
	}
	return failed
}

// free returns the first slot without a bond. There must be one.
func (l *list) free() int {
	var taken [MaxBonds]bool
	for _, slot := range l.slots[:l.n] {
		taken[slot] = true
	}
	slot := 0
	for taken[slot] {
		slot++
	}
	return slot
}

// Each implements smp.Bonds. It returns the bonds that can be read even if
// others cannot.
func (b *Bonds) Each(fn func(smp.Bond) bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var l list
	defer clear(l.bonds[:])
	failed := b.read(&l)
	for i := l.n - 1; i >= 0; i-- {
		if !fn(l.bonds[i]) {
			return nil
		}
	}
	return failed
}

// Store implements smp.Bonds. After its return the bond survives a power cut.
func (b *Bonds) Store(bond smp.Bond) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var l list
	defer clear(l.bonds[:])
	_ = b.read(&l) // a bond that cannot be read may be replaced
	i, keep := smp.Place(l.bonds[:l.n], b.n, &bond)
	if !keep {
		return smp.ErrWeaker
	}
	newest := l.n - 1
	if i == newest && l.bonds[i] == bond {
		return nil
	}
	sequence, slot := uint32(1), 0
	if newest >= 0 {
		sequence = l.sequence[newest] + 1
	}
	if i < l.n {
		slot = l.slots[i]
	} else {
		slot = l.free()
	}
	defer clear(b.buf[:])
	b.encode(bond, sequence)
	if err := b.s.Set(Namespace, key(slot), store.TypeBlob, b.buf[:]); err != nil {
		return err
	}
	return b.s.Commit()
}

// Delete implements smp.Bonds.
func (b *Bonds) Delete(identity att.Address) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var l list
	defer clear(l.bonds[:])
	failed := b.read(&l)
	found := false
	for i := range l.n {
		if l.bonds[i].Identity != identity {
			continue
		}
		found = true
		if err := b.s.Erase(Namespace, key(l.slots[i])); err != nil {
			return err
		}
	}
	if !found {
		return failed
	}
	return b.s.Commit()
}

func (b *Bonds) encode(bond smp.Bond, sequence uint32) {
	p := b.buf[:]
	p[0], p[atFlags] = version, 0
	if bond.SecureConnections {
		p[atFlags] |= flagSecure
	}
	if bond.Used {
		p[atFlags] |= flagUsed
	}
	binary.LittleEndian.PutUint32(p[atSequence:], sequence)
	copy(p[atIdentity:], bond.Identity[:])
	copy(p[atIRK:], bond.IRK[:])
	copy(p[atLTK:], bond.LTK[:])
	binary.LittleEndian.PutUint64(p[atRandom:], bond.Random)
	binary.LittleEndian.PutUint16(p[atDiversity:], bond.Diversifier)
}

func (b *Bonds) decode() smp.Bond {
	p := b.buf[:]
	return smp.Bond{
		Identity: att.Address(p[atIdentity:]), IRK: smp.Key(p[atIRK:]), LTK: smp.Key(p[atLTK:]),
		Random: binary.LittleEndian.Uint64(p[atRandom:]), Diversifier: binary.LittleEndian.Uint16(p[atDiversity:]),
		SecureConnections: p[atFlags]&flagSecure != 0, Used: p[atFlags]&flagUsed != 0,
	}
}
