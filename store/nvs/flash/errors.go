// SPDX-License-Identifier: Apache-2.0

package flash

import (
	"errors"
	"strconv"

	"github.com/wifiprov/wifiprov/store/nvs"
)

// Errors that callers branch on with errors.Is.
var (
	// ErrInvalid is returned, in an *Error, by a call that breaks the rules of
	// nvs.Flash. The flash is unchanged.
	ErrInvalid = errors.New("invalid flash operation")
	// ErrPowerCut means that the power is off since this call or an earlier one.
	ErrPowerCut = errors.New("flash: power cut")
	// ErrInjected is returned by a Fault without an error of its own.
	ErrInjected = errors.New("flash: injected fault")
)

// Error says which call breaks which rule of nvs.Flash. It is an ErrInvalid.
type Error struct {
	Op  string // "read", "write" or "erase"
	Off int64  // bytes; for an erase the block
	Len int64  // bytes; for an erase blocks
	Why string // the rule, with the values that break it
}

// Error returns "flash: write of 4 bytes at 0x1ffe: not divisible by 4".
func (e *Error) Error() string {
	if e.Op == "erase" {
		return "flash: erase of " + dec(e.Len) + " blocks from block " + dec(e.Off) + " on: " + e.Why
	}
	return "flash: " + e.Op + " of " + dec(e.Len) + " bytes at " + hex(e.Off) + ": " + e.Why
}

// Unwrap returns ErrInvalid.
func (e *Error) Unwrap() error { return ErrInvalid }

func dec(n int64) string { return strconv.FormatInt(n, 10) }

func hex(n int64) string {
	if n < 0 {
		return dec(n)
	}
	return "0x" + strconv.FormatInt(n, 16)
}

// inside says whether n bytes at off lie within size.
func inside(size, off, n int64) bool {
	return off >= 0 && n >= 0 && n <= size && off <= size-n
}

func outside(size int64) string { return "beyond the partition of " + dec(size) + " bytes" }

// CheckRead returns an *Error unless n bytes at off lie within a flash of size
// bytes.
func CheckRead(size, off int64, n int) error {
	if !inside(size, off, int64(n)) {
		return &Error{"read", off, int64(n), outside(size)}
	}
	return nil
}

// CheckWrite returns an *Error unless a write of n bytes at off is within a
// flash of size bytes, aligned to 4 bytes and inside one sector.
func CheckWrite(size, off int64, n int) error {
	why := ""
	switch {
	case !inside(size, off, int64(n)):
		why = outside(size)
	case n == 0:
		why = "nothing to write"
	case off%4 != 0 || n%4 != 0:
		why = "offset and length must be divisible by 4"
	case off/nvs.SectorSize != (off+int64(n)-1)/nvs.SectorSize:
		why = "it crosses the sector's end at " + hex((off/nvs.SectorSize+1)*nvs.SectorSize)
	default:
		return nil
	}
	return &Error{"write", off, int64(n), why}
}

// CheckBits returns an *Error if a write of p at off would turn a 0 into a 1. old is the
// flash's content there, as long as p.
func CheckBits(old, p []byte, off int64) error {
	for i, b := range p {
		if b&^old[i] != 0 {
			return &Error{"write", off, int64(len(p)), "byte " + hex(off+int64(i)) + " holds " + hex(int64(old[i])) +
				", and " + hex(int64(b)) + " would set bits: erase the sector first"}
		}
	}
	return nil
}

// CheckErase returns an *Error unless length blocks of block bytes each, from
// block start on, lie within a flash of size bytes. length may be 0.
func CheckErase(size, block, start, length int64) error {
	if !inside(size/block, start, length) {
		return &Error{"erase", start, length, outside(size) + ", which has " + dec(size/block) + " blocks"}
	}
	return nil
}
