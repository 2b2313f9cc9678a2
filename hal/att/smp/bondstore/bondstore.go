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

	"github.com/wifiprov/wifiprov/hal/att"
	"github.com/wifiprov/wifiprov/hal/att/smp"
	"github.com/wifiprov/wifiprov/store"
)

// Namespace is where bonds are.
const Namespace = "wifiprov.bonds"

// MaxBonds is the largest number of bonds.
const MaxBonds = 16

// size of a blob: version, sequence number, flags, identity, IRK, LTK, random
// number, diversifier.
const (
	version     = 1
	size        = 1 + 4 + 1 + 7 + 16 + 16 + 8 + 2
	flagSecure  = 0x01
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
// smp.DefaultBonds. Nothing else should use the namespace. The methods fail with
// the store's errors.
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

// load reads bond i into buf; false: there is none, or one of another version.
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

// slots is what is known of the bonds: sequence numbers, 0 for none. One that
// cannot be read counts as none; the error is returned after all were tried.
func (b *Bonds) slots() (slots [MaxBonds]uint32, ids [MaxBonds]att.Address, failed error) {
	for i := range b.n {
		ok, err := b.load(i)
		if err != nil {
			failed = err
		}
		if ok {
			slots[i] = b.sequence()
			ids[i] = att.Address(b.buf[atIdentity:])
		}
	}
	return slots, ids, failed
}

// Each implements smp.Bonds. It returns the bonds that can be read even if
// others cannot.
func (b *Bonds) Each(fn func(smp.Bond) bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer clear(b.buf[:])
	slots, _, failed := b.slots()
	for {
		newest := 0
		for i := range slots {
			if slots[i] > slots[newest] {
				newest = i
			}
		}
		if slots[newest] == 0 {
			return failed
		}
		slots[newest] = 0
		if ok, err := b.load(newest); err != nil {
			failed = err
		} else if ok && !fn(b.decode()) {
			return nil
		}
	}
}

// Store implements smp.Bonds. The bond survives a power cut when it has returned.
func (b *Bonds) Store(bond smp.Bond) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer clear(b.buf[:])
	slots, ids, _ := b.slots()
	at, last := 0, uint32(0)
	for i := range b.n {
		last = max(last, slots[i])
		if slots[i] < slots[at] {
			at = i
		}
	}
	for i := range b.n {
		if slots[i] != 0 && ids[i] == bond.Identity {
			at = i
		}
	}
	b.encode(bond, last+1)
	if err := b.s.Set(Namespace, key(at), store.TypeBlob, b.buf[:]); err != nil {
		return err
	}
	return b.s.Commit()
}

// Delete implements smp.Bonds.
func (b *Bonds) Delete(identity att.Address) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer clear(b.buf[:])
	slots, ids, failed := b.slots()
	for i := range b.n {
		if slots[i] == 0 || ids[i] != identity {
			continue
		}
		if err := b.s.Erase(Namespace, key(i)); err != nil {
			return err
		}
		return b.s.Commit()
	}
	return failed
}

func (b *Bonds) encode(bond smp.Bond, sequence uint32) {
	p := b.buf[:]
	p[0], p[atFlags] = version, 0
	if bond.SecureConnections {
		p[atFlags] = flagSecure
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
		SecureConnections: p[atFlags]&flagSecure != 0,
	}
}
