// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"errors"
	"sync"

	"github.com/wifiprov/wifiprov/hal/ble/att"
)

// Key is 128 bits that must never be printed, the most significant byte first.
type Key [16]byte

var errHidden = errors.New("smp: encoders do not get the key")

const hidden = "[hidden]"

// String hides the key.
func (Key) String() string { return hidden }

// GoString hides the key from %#v.
func (Key) GoString() string { return hidden }

// MarshalText hides the key from encoders.
func (Key) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// GobEncode fails, since a hidden key would be useless when it is read back.
func (Key) GobEncode() ([]byte, error) { return nil, errHidden }

// Bond is what is kept of a pairing.
type Bond struct {
	// Identity is the client's address that does not change.
	Identity att.Address
	// IRK makes the client's private addresses; zero: it has none.
	IRK Key
	// LTK encrypts links with the client.
	LTK Key
	// Random and Diversifier name an LTK of legacy pairing; both are zero for
	// one of Secure Connections.
	Random            uint64
	Diversifier       uint16
	SecureConnections bool
	// Used says that the client has come back with its key in a later connection.
	Used bool
}

// Place says where a store puts the bond b. The store has room for that many bonds and
// holds those in held, the oldest first. b replaces held[i]; if i is len(held) it is
// added. false: b is not kept, since it would replace a stronger bond.
//
// All pairings are by Just Works and have keys of 128 bits, so a bond of Secure
// Connections is stronger than one of legacy pairing. An address is only a claim,
// but a client's IRK is known to nobody else. Hence the rules:
//
//   - A bond of legacy pairing is not kept if there is one of Secure Connections with
//     its identity.
//   - Otherwise it replaces the bond with its identity and its IRK, which is the same
//     client's. A bond with the same identity but another IRK stays.
//   - If there is no room, it replaces the oldest bond that was never used. If all
//     were used, it replaces the one whose last use is the longest ago.
func Place(held []Bond, room int, b *Bond) (i int, keep bool) {
	own, unused := -1, -1
	for i := range held {
		h := &held[i]
		if h.Identity == b.Identity && h.SecureConnections && !b.SecureConnections {
			return 0, false
		}
		if h.Identity == b.Identity && same(h.IRK, b.IRK) {
			own = i
		}
		if unused < 0 && !h.Used {
			unused = i
		}
	}
	switch {
	case own >= 0:
		return own, true
	case len(held) < room:
		return len(held), true
	}
	return max(unused, 0), true
}

// ErrWeaker means that a bond is not kept, since it would replace a stronger one.
var ErrWeaker = errors.New("smp: a bond of legacy pairing does not replace one of Secure Connections")

// DefaultBonds is how many bonds NewMemory keeps, as many as NimBLE does.
const DefaultBonds = 3

// Bonds keeps a bounded number of bonds. Methods may be called from any goroutine
// and may overlap. A Manager calls them in the receiver of its Host, so they must
// return promptly.
type Bonds interface {
	// Each calls fn with each bond, the newest first, until fn returns false.
	// fn must not call a method of Bonds.
	Each(fn func(Bond) bool) error

	// Store keeps a bond where Place says, as the newest, or fails with
	// ErrWeaker. Storing the newest bond again, unchanged, does nothing. A
	// client that comes back is stored again, with Bond.Used.
	Store(Bond) error

	// Delete forgets all bonds with an identity. It succeeds if there is none.
	Delete(identity att.Address) error
}

// Memory keeps bonds in memory. NewMemory makes it.
type Memory struct {
	mu    sync.Mutex
	bonds []Bond // the oldest first; no more than its capacity
}

var _ Bonds = (*Memory)(nil)

// NewMemory returns a Memory for at most n bonds; 0: DefaultBonds. With 1, each
// client that pairs replaces the one before.
func NewMemory(n int) *Memory {
	if n <= 0 {
		n = DefaultBonds
	}
	return &Memory{bonds: make([]Bond, 0, n)}
}

// String returns a text without the keys.
func (*Memory) String() string { return "smp.Memory" }

// Each implements Bonds.
func (m *Memory) Each(fn func(Bond) bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := len(m.bonds) - 1; i >= 0; i-- {
		if !fn(m.bonds[i]) {
			break
		}
	}
	return nil
}

// Store implements Bonds.
func (m *Memory) Store(b Bond) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, keep := Place(m.bonds, cap(m.bonds), &b)
	if !keep {
		return ErrWeaker
	}
	if i < len(m.bonds) {
		m.removeLocked(i)
	}
	m.bonds = append(m.bonds, b)
	return nil
}

// Delete implements Bonds.
func (m *Memory) Delete(identity att.Address) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := len(m.bonds) - 1; i >= 0; i-- {
		if m.bonds[i].Identity == identity {
			m.removeLocked(i)
		}
	}
	return nil
}

func (m *Memory) removeLocked(i int) {
	n := copy(m.bonds[i:], m.bonds[i+1:])
	m.bonds[i+n] = Bond{}
	m.bonds = m.bonds[:i+n]
}
