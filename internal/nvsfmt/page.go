// SPDX-License-Identifier: Apache-2.0

package nvsfmt

import "encoding/binary"

// Sizes and offsets in bytes, and numbers of entries (nvs.md 1).
const (
	PageSize       = 4096
	HeaderSize     = 32
	BitmapOffset   = 32
	EntriesOffset  = 64
	EntrySize      = 32
	EntriesPerPage = 126
)

// Sum is the checksum of the format (nvs.md 2).
func Sum(b []byte) uint32 { return Continue(0xffffffff, b) }

// Continue returns the Sum of bytes whose Sum is sum, followed by b.
func Continue(sum uint32, b []byte) uint32 { return update(sum, b) }

// EntryOffset returns where an entry of a sector lies in the partition.
func EntryOffset(sector, entry int) int64 {
	return int64(sector)*PageSize + EntriesOffset + int64(entry)*EntrySize
}

// State is the state word of a page (nvs.md 3.2).
type State uint32

// States of a page; anything else is a corrupt page, Corrupt what is written to
// make it one.
const (
	Empty   State = 0xffffffff
	Active  State = 0xfffffffe
	Full    State = 0xfffffffc
	Freeing State = 0xfffffff8
	Corrupt State = 0
)

// Format versions, counted downwards (nvs.md 3.1).
const (
	Version1 byte = 0xff
	Version2 byte = 0xfe
)

// Header is the header of a page (nvs.md 3.1).
type Header struct {
	State   State
	Seq     uint32
	Version byte
}

// Put writes the header with its checksum into the first HeaderSize bytes of
// b.
func (h Header) Put(b []byte) {
	b = b[:HeaderSize]
	for i := range b {
		b[i] = 0xff
	}
	binary.LittleEndian.PutUint32(b, uint32(h.State))
	binary.LittleEndian.PutUint32(b[4:], h.Seq)
	b[8] = h.Version
	binary.LittleEndian.PutUint32(b[28:], Sum(b[4:28]))
}

// ParseHeader reads the first HeaderSize bytes of a page. It reports false unless the
// checksum is right and the state is active, full or freeing. The fields are set in any
// case.
func ParseHeader(b []byte) (Header, bool) {
	b = b[:HeaderSize]
	h := Header{
		State:   State(binary.LittleEndian.Uint32(b)),
		Seq:     binary.LittleEndian.Uint32(b[4:]),
		Version: b[8],
	}
	if Sum(b[4:28]) != binary.LittleEndian.Uint32(b[28:]) {
		return h, false
	}
	return h, h.State == Active || h.State == Full || h.State == Freeing
}

// Use is the two bits of an entry in the bitmap (nvs.md 3.4).
type Use uint8

// Uses of an entry.
const (
	UseErased  Use = 0
	UseIllegal Use = 1 // counts as erased
	UseWritten Use = 2
	UseFree    Use = 3
)

// Bitmap says the use of each entry of a page.
type Bitmap [8]uint32

// NewBitmap returns the bitmap of a page without entries.
func NewBitmap() Bitmap {
	var m Bitmap
	for i := range m {
		m[i] = 0xffffffff
	}
	return m
}

// ParseBitmap reads a bitmap's 32 bytes.
func ParseBitmap(b []byte) Bitmap {
	var m Bitmap
	for i := range m {
		m[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return m
}

// Put writes words first to last into b, four bytes each.
func (m *Bitmap) Put(b []byte, first, last int) {
	for w := first; w <= last; w++ {
		binary.LittleEndian.PutUint32(b[4*(w-first):], m[w])
	}
}

// At returns the use of entry i.
func (m *Bitmap) At(i int) Use { return Use(m[i/16] >> (2 * (i % 16)) & 3) }

// Set makes the use of entries from to to-1 the given one.
func (m *Bitmap) Set(from, to int, u Use) {
	for i := from; i < to; i++ {
		shift := 2 * (i % 16)
		m[i/16] = m[i/16]&^(3<<shift) | uint32(u)<<shift
	}
}

// All reports whether entries from to to-1 have the given use.
func (m *Bitmap) All(from, to int, u Use) bool {
	for i := from; i < to; i++ {
		if m.At(i) != u {
			return false
		}
	}
	return true
}

// IsErased reports whether all bytes are those of erased flash.
func IsErased(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b) != 1<<64-1 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c != 0xff {
			return false
		}
	}
	return true
}
