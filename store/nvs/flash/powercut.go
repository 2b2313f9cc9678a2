// SPDX-License-Identifier: Apache-2.0

package flash

import "github.com/wifiprov/wifiprov/store/nvs"

// PowerCut is a Flash whose power can be cut at a write or an erase. From
// then on every call fails with ErrPowerCut and changes nothing, until
// Restore. Make it with NewPowerCut; it passes everything on until a cut is
// set.
//
// To erase a part, PowerCut erases everything and writes back the rest, so a wrapper
// below it sees more than one operation.
type PowerCut struct {
	wrapped
	ops   int // operations begun
	at    int // the operation to cut; -1: none
	part  Part
	isOff bool
}

var (
	_ nvs.Flash  = (*PowerCut)(nil)
	_ nvs.Syncer = (*PowerCut)(nil)
)

// NewPowerCut wraps f.
func NewPowerCut(f nvs.Flash) *PowerCut { return &PowerCut{wrapped: wrapped{f}, at: -1} }

// Ops returns how many writes and erases were begun with the power on.
func (c *PowerCut) Ops() int { return c.ops }

// IsOff says whether the power is off.
func (c *PowerCut) IsOff() bool { return c.isOff }

// Before sets the cut: the power goes off when operation n, counted from 0
// and from now on, begins. Nothing of it reaches the flash. Before, After and
// Inside replace each other.
func (c *PowerCut) Before(n int) { c.Inside(n, Part{}) }

// After sets the cut: operation n, counted from 0 and from now on, reaches the
// flash as a whole, but the call fails.
func (c *PowerCut) After(n int) { c.Inside(n, whole()) }

// Inside sets the cut: only part of operation n, counted from 0 and from now on, reaches
// the flash. It panics if n is negative.
func (c *PowerCut) Inside(n int, part Part) {
	if n < 0 {
		panic("flash: power cut at a negative operation")
	}
	c.at, c.part = c.ops+n, part
}

// Restore switches the power on and removes a pending cut.
func (c *PowerCut) Restore() { c.isOff, c.at = false, -1 }

// begin counts an operation and says whether the power goes off in it.
func (c *PowerCut) begin() bool {
	c.isOff = c.ops == c.at
	c.ops++
	return c.isOff
}

// ReadAt implements nvs.Flash.
func (c *PowerCut) ReadAt(p []byte, off int64) (int, error) {
	if c.isOff {
		return 0, ErrPowerCut
	}
	return c.f.ReadAt(p, off)
}

// WriteAt implements nvs.Flash. If the wrapped flash refuses the part before
// the cut, its error is returned.
func (c *PowerCut) WriteAt(p []byte, off int64) (int, error) {
	if c.isOff {
		return 0, ErrPowerCut
	}
	if !c.begin() {
		return c.f.WriteAt(p, off)
	}
	if err := writePart(c.f, p, off, c.part); err != nil {
		return 0, err
	}
	return 0, ErrPowerCut
}

// EraseBlocks implements nvs.Flash. If the wrapped flash refuses the part
// before the cut, its error is returned.
func (c *PowerCut) EraseBlocks(start, length int64) error {
	if c.isOff {
		return ErrPowerCut
	}
	if !c.begin() {
		return c.f.EraseBlocks(start, length)
	}
	if err := erasePart(c.f, start, length, c.part); err != nil {
		return err
	}
	return ErrPowerCut
}

// Sync implements nvs.Syncer.
func (c *PowerCut) Sync() error {
	if c.isOff {
		return ErrPowerCut
	}
	return c.wrapped.Sync()
}
