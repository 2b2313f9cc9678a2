// SPDX-License-Identifier: Apache-2.0

package tinygo

import (
	"errors"
	"strconv"

	"github.com/wifiprov/wifiprov/store/nvs"
)

// DefaultRegion is the size in bytes of ESP-IDF's usual partition for NVS.
const DefaultRegion = 24 << 10

const maxWrite = 256 // bytes at a time

// Region is a part of a flash, as an nvs.Flash of its own. Make it with
// NewRegion or LastRegion.
//
// The flash is written from memory that lies on a word's boundary, and at most
// 256 bytes at a time: behind TinyGo's machine.Flash is a function of the chip's
// ROM that reads whole words, with all interrupts off. A flash with a method
// WriteBlockSize() int64 is written in whole blocks of that size, since some chips
// put bytes that begin inside of a block where they do not belong. What is around the
// data is written as ones, which change nothing.
type Region struct {
	flash      nvs.Flash
	start      int64
	size       int64
	firstBlock int64
	unit       int // bytes are written in multiples of it, from multiples of it on
	page       struct {
		_     [0]uint32 // for its alignment
		bytes [maxWrite]byte
	}
}

var _ nvs.Flash = (*Region)(nil)

var (
	errOutside = errors.New("tinygo: beyond the end of the flash region")
	errUnit    = errors.New("tinygo: the flash's write blocks do not divide 256 bytes")
	errBlock   = errors.New("tinygo: the flash's erase blocks do not divide 4096 bytes")
)

// NewRegion returns size bytes of a flash from offset start on. Both must be
// multiples of nvs.SectorSize, and lie on the flash.
func NewRegion(f nvs.Flash, start, size int64) (*Region, error) {
	block, unit := f.EraseBlockSize(), int64(1)
	if f, has := f.(interface{ WriteBlockSize() int64 }); has {
		unit = f.WriteBlockSize()
	}
	switch {
	case unit <= 0 || maxWrite%unit != 0:
		return nil, errUnit
	case block <= 0 || nvs.SectorSize%block != 0:
		return nil, errBlock
	case start < 0 || size <= 0 || start%nvs.SectorSize != 0 || size%nvs.SectorSize != 0 || start > f.Size()-size:
		return nil, errors.New("tinygo: no region of " + strconv.FormatInt(size, 10) + " bytes from " +
			strconv.FormatInt(start, 10) + " on in a flash of " + strconv.FormatInt(f.Size(), 10) +
			"; both must be multiples of 4096")
	}
	return &Region{flash: f, start: start, size: size, firstBlock: start / block, unit: int(unit)}, nil
}

// LastRegion returns the last size bytes of a flash. They stay where they are
// when a firmware of another size is flashed, for TinyGo's machine.Flash begins
// behind the firmware and ends with the chip.
func LastRegion(f nvs.Flash, size int64) (*Region, error) { return NewRegion(f, f.Size()-size, size) }

// OpenStore opens the last DefaultRegion bytes of a flash, of machine.Flash on a board,
// as an NVS partition. An erased one is empty.
func OpenStore(f nvs.Flash) (*nvs.Partition, error) {
	region, err := LastRegion(f, DefaultRegion)
	if err != nil {
		return nil, err
	}
	return nvs.Open(region, nvs.Options{})
}

// Size implements nvs.Flash.
func (r *Region) Size() int64 { return r.size }

// EraseBlockSize implements nvs.Flash.
func (r *Region) EraseBlockSize() int64 { return r.flash.EraseBlockSize() }

func (r *Region) inside(off, n, size int64) bool { return off >= 0 && n >= 0 && off <= size-n }

// ReadAt implements nvs.Flash.
func (r *Region) ReadAt(p []byte, off int64) (int, error) {
	if !r.inside(off, int64(len(p)), r.size) {
		return 0, errOutside
	}
	return r.flash.ReadAt(p, r.start+off)
}

// WriteAt implements nvs.Flash.
func (r *Region) WriteAt(p []byte, off int64) (int, error) {
	if !r.inside(off, int64(len(p)), r.size) {
		return 0, errOutside
	}
	for done := 0; done < len(p); {
		at := r.start + off + int64(done)
		before := int(at % int64(r.unit))
		n := copy(r.page.bytes[before:], p[done:])
		end := (before + n + r.unit - 1) / r.unit * r.unit
		blank(r.page.bytes[:before])
		blank(r.page.bytes[before+n : end])
		if _, err := r.flash.WriteAt(r.page.bytes[:end], at-int64(before)); err != nil {
			return done, err
		}
		done += n
	}
	return len(p), nil
}

func blank(p []byte) {
	for i := range p {
		p[i] = 0xff
	}
}

// EraseBlocks implements nvs.Flash.
func (r *Region) EraseBlocks(start, length int64) error {
	if !r.inside(start, length, r.size/r.flash.EraseBlockSize()) {
		return errOutside
	}
	return r.flash.EraseBlocks(r.firstBlock+start, length)
}
