// SPDX-License-Identifier: Apache-2.0

package nvscheck

import (
	"bytes"
	"encoding/binary"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
)

// FlashPartition is a row of the partition table in a dump of a whole flash.
type FlashPartition struct {
	Name    string
	Type    byte  // 1: data
	Subtype byte  // of type data; 2: NVS, 4: keys of NVS
	Offset  int64 // in the dump, in bytes
	Size    int64 // in bytes
}

// IsNVS reports whether the table says that the partition is one of NVS.
func (p *FlashPartition) IsNVS() bool { return p.Type == 1 && p.Subtype == 2 }

// A table has rows of 32 bytes that begin with aa 50. It ends with a row with their
// checksum, with blank bytes, or after 3 KiB. The checksum is not verified, since a
// damaged table also shows that this is the dump of a flash.
const (
	rowSize     = 32
	tableSize   = 3 << 10
	tableOffset = 0x8000    // ESP-IDF's default
	flashSize   = 256 << 20 // the largest flash
)

// Partitions returns the rows of the partition table in a dump of a flash; nil if there
// is none. It looks at ESP-IDF's default offset 0x8000 and at the beginning of other
// sectors, since a dump need not begin with the flash. It leaves out partitions that are
// not completely in the dump.
func Partitions(dump []byte) []FlashPartition {
	at, rows := tableOffset, parseTable(dump, tableOffset)
	for off := 0; rows == nil && off < len(dump); off += nvsfmt.PageSize {
		at, rows = off, parseTable(dump, off)
	}
	if rows == nil {
		return nil
	}
	whole := within(rows, int64(len(dump)), 0)
	// Only a dump that begins with the table, or between the flash's beginning
	// and it, has it elsewhere; or the project has.
	if moved := within(rows, int64(len(dump)), tableOffset-int64(at)); pages(dump, moved) > pages(dump, whole) {
		return moved
	}
	return whole
}

// parseTable returns the rows of a table at an offset, nil if there is none.
func parseTable(dump []byte, at int) []FlashPartition {
	var rows []FlashPartition
	for off := at; off+rowSize <= min(len(dump), at+tableSize); off += rowSize {
		row := dump[off : off+rowSize]
		if row[0] != 0xaa || row[1] != 0x50 {
			break
		}
		name, _, _ := bytes.Cut(row[12:28], []byte{0})
		r := FlashPartition{string(name), row[2], row[3],
			int64(binary.LittleEndian.Uint32(row[4:])), int64(binary.LittleEndian.Uint32(row[8:]))}
		if r.Size == 0 || r.Offset+r.Size > flashSize {
			break
		}
		rows = append(rows, r)
	}
	return rows
}

// within returns the rows that are completely in a dump of size bytes, which begins at
// offset base of the flash.
func within(rows []FlashPartition, size, base int64) []FlashPartition {
	there := []FlashPartition{}
	for _, r := range rows {
		if r.Offset -= base; r.Offset >= 0 && r.Offset+r.Size <= size {
			there = append(there, r)
		}
	}
	return there
}

// pages counts the pages of NVS in partitions of NVS.
func pages(dump []byte, rows []FlashPartition) int {
	n := 0
	for _, r := range rows {
		for off := r.Offset; r.IsNVS() && off+nvsfmt.PageSize <= r.Offset+r.Size; off += nvsfmt.PageSize {
			if _, ok := nvsfmt.ParseHeader(dump[off:]); ok {
				n++
			}
		}
	}
	return n
}
