package smp

import (
	"sync"

	"github.com/wifiprov/wifiprov/hal/att"
)

// Key is 128 bits that must never be printed, the most significant byte first.
type Key [16]byte

const hidden = "[hidden]"

// String hides the key.
func (Key) String() string { return hidden }

// GoString hides the key from %#v.
func (Key) GoString() string { return hidden }

// MarshalText hides the key from encoders.
func (Key) MarshalText() ([]byte, error) { return []byte(hidden), nil }

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
}

// DefaultBonds is how many bonds NewMemory keeps, as many as NimBLE does.
const DefaultBonds = 3

// Bonds keeps bonds, in a number that is bounded. Methods may be called from any
// goroutine and may overlap; a Manager calls them in the receiver of its Host,
// so they must return promptly.
type Bonds interface {
	// Each calls fn with the bonds, the newest first, until it returns false.
	// fn calls no method of Bonds.
	Each(fn func(Bond) bool) error

	// Store keeps a bond in place of one with the same identity. If there is
	// no room, the oldest one makes it.
	Store(Bond) error

	// Delete forgets the bond with an identity. Without one it succeeds.
	Delete(identity att.Address) error
}

// Memory keeps bonds in memory. NewMemory makes it.
type Memory struct {
	mu    sync.Mutex
	bonds []Bond // the oldest first; no more than its capacity
}

var _ Bonds = (*Memory)(nil)

// NewMemory returns a Memory for at most n bonds; 0: DefaultBonds.
func NewMemory(n int) *Memory {
	if n <= 0 {
		n = DefaultBonds
	}
	return &Memory{bonds: make([]Bond, 0, n)}
}

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
	if !m.removeLocked(b.Identity) && len(m.bonds) == cap(m.bonds) {
		m.removeLocked(m.bonds[0].Identity)
	}
	m.bonds = append(m.bonds, b)
	return nil
}

// Delete implements Bonds.
func (m *Memory) Delete(identity att.Address) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.removeLocked(identity)
	return nil
}

func (m *Memory) removeLocked(identity att.Address) bool {
	for i := range m.bonds {
		if m.bonds[i].Identity == identity {
			n := copy(m.bonds[i:], m.bonds[i+1:])
			m.bonds[i+n] = Bond{}
			m.bonds = m.bonds[:i+n]
			return true
		}
	}
	return false
}
