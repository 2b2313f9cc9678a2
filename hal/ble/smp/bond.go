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

// GobEncode fails: encoding/gob is for storing, and what it stored would be of no use.
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
	// Used: the client has come back with its key, after the connection in which it
	// paired.
	Used bool
}

// Place says where a store of at most room bonds, of which it has those in held, the
// oldest first, puts b: in place of held[i], or beside them if i is len(held). false:
// it is not kept, since a stronger one would go for it.
//
// All pairings are by Just Works and have keys of 128 bits, so one of Secure
// Connections is the stronger one. What counts is that an address is a mere claim,
// and the key that makes private addresses (IRK) is not, as nobody else knows it:
//
//   - A bond of legacy pairing is not kept if there is one of Secure Connections with
//     its identity.
//   - Otherwise it takes the place of the one with its identity and its IRK: the
//     client's own, which it has forgotten. One with its identity alone stays beside
//     it.
//   - Without room, the oldest goes of those that were never used. If all were, the
//     one goes that was used the longest time ago.
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

// ErrWeaker: a bond is not kept, as a stronger one would go for it.
var ErrWeaker = errors.New("smp: a bond of legacy pairing does not replace one of Secure Connections")

// DefaultBonds is how many bonds NewMemory keeps, as many as NimBLE does.
const DefaultBonds = 3

// Bonds keeps bonds, in a number that is bounded. Methods may be called from any
// goroutine and may overlap; a Manager calls them in the receiver of its Host,
// so they must return promptly.
type Bonds interface {
	// Each calls fn with the bonds, the newest first, until it returns false.
	// fn calls no method of Bonds.
	Each(fn func(Bond) bool) error

	// Store keeps a bond where Place says, as the newest, or fails with
	// ErrWeaker. One that is the newest already costs nothing: a client that
	// comes back is stored again, with Bond.Used.
	Store(Bond) error

	// Delete forgets what there is with an identity. Without one it succeeds.
	Delete(identity att.Address) error
}

// Memory keeps bonds in memory. NewMemory makes it.
type Memory struct {
	mu    sync.Mutex
	bonds []Bond // the oldest first; no more than its capacity
}

var _ Bonds = (*Memory)(nil)

// NewMemory returns a Memory for at most n bonds; 0: DefaultBonds. With 1, whoever
// pairs takes the place of the one before.
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
