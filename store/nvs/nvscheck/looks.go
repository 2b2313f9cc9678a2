// SPDX-License-Identifier: Apache-2.0

package nvscheck

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
)

// Kind says what an image is.
type Kind uint8

// Kinds of images. A device uses all of them as a partition, and sooner or later erases
// what it does not understand.
const (
	Partition Kind = iota + 1 // an NVS partition, which may be blank
	Damaged                   // an NVS partition with pages, none of which can be read
	Larger                    // an NVS partition and other things, such as a dump of a whole flash
	Other                     // something else
)

// Look is what Looks found.
type Look struct {
	Kind Kind
	What string // what Larger and Other look like: "an application or bootloader image"
	// FirstPage is where Larger without a partition table has its first page of
	// NVS, in bytes; -1 for all others.
	FirstPage int64
}

// Looks guesses what an image is from headers of pages and from signs of other formats.
// It needs no keys for encrypted partitions.
func Looks(image []byte) Look {
	if Partitions(image) != nil {
		if parseTable(image, 0) != nil && len(image) <= nvsfmt.PageSize {
			return Look{Other, "a partition table", -1}
		}
		return Look{Larger, "a dump of a whole flash, with a partition table", -1}
	}
	return look(image)
}

// look is Looks without partition tables.
func look(image []byte) Look {
	pages, torn, foreign, known := 0, 0, 0, 0
	first, damaged := int64(-1), false
	for off := 0; off+nvsfmt.PageSize <= len(image); off += nvsfmt.PageSize {
		sector := image[off : off+nvsfmt.PageSize]
		_, page := nvsfmt.ParseHeader(sector)
		switch {
		case page:
			if pages++; first < 0 {
				first = int64(off)
			}
		case nvsfmt.IsErased(sector):
		case other(sector):
			known++
		case nvsfmt.IsErased(sector[nvsfmt.HeaderSize:]):
			torn++ // power was cut while a page was put into use
		case remnant(sector):
			damaged = true
		default:
			foreign++
		}
	}
	switch {
	case pages > 0 && (foreign > pages || known > 0):
		return Look{Larger, fmt.Sprintf("a dump of more than an NVS partition, with the first page of one at %#x", first), first}
	case pages > 0, len(image) >= nvsfmt.PageSize && !damaged && foreign+known == 0 && (torn > 0 || nvsfmt.IsErased(image)):
		return Look{Partition, "", -1}
	}
	switch what := identify(image); {
	case what != "":
		return Look{Other, what, -1}
	case damaged || torn > 0:
		return Look{Damaged, "", -1}
	case len(image) < nvsfmt.PageSize:
		return Look{Other, fmt.Sprintf("%d bytes, and a partition has at least %d", len(image), nvsfmt.PageSize), -1}
	}
	return Look{Other, "data of another kind", -1}
}

// remnant reports whether a sector that is no page has been one: its header looks like
// one, or an entry is consistent.
func remnant(sector []byte) bool {
	switch state := nvsfmt.State(binary.LittleEndian.Uint32(sector)); {
	case state == nvsfmt.Active || state == nvsfmt.Full || state == nvsfmt.Freeing:
		return true
	case nvsfmt.Sum(sector[4:28]) == binary.LittleEndian.Uint32(sector[28:]):
		return true
	case sector[8] >= nvsfmt.Version2 && nvsfmt.IsErased(sector[9:28]) && !nvsfmt.IsErased(sector[:nvsfmt.HeaderSize]):
		return true
	case nvsfmt.IsErased(sector[:nvsfmt.EntriesOffset]):
		return true // half erased, or a copy without its header
	}
	for i := range nvsfmt.EntriesPerPage {
		e := nvsfmt.Entry(sector[nvsfmt.EntryOffset(0, i):][:nvsfmt.EntrySize])
		if e.Valid(i) {
			return true
		}
	}
	return false
}

// other reports whether another kind of partition begins with this sector.
func other(b []byte) bool {
	otadata := b[3] == 0 && nvsfmt.Sum(b[:4]) == binary.LittleEndian.Uint32(b[28:])
	return otadata || bytes.HasPrefix(b, []byte("PHYINIT\x00")) || program(b) || fat(b) || string(b[8:16]) == "littlefs"
}

// program reports whether the image of an application or bootloader begins
// here: magic e9, up to 16 segments, a known flash mode.
func program(b []byte) bool {
	return len(b) >= 24 && b[0] == 0xe9 && b[1] >= 1 && b[1] <= 16 && b[2] <= 5 && !fat(b)
}

// fat reports whether the boot sector of a FAT file system begins here.
func fat(b []byte) bool {
	return len(b) >= 512 && b[510] == 0x55 && b[511] == 0xaa && (b[0] == 0xeb || b[0] == 0xe9) &&
		binary.LittleEndian.Uint16(b[11:]) >= 512 && binary.LittleEndian.Uint16(b[11:])%512 == 0
}

// spiffs reports whether an image is a SPIFFS with ESP-IDF's pages of 256
// bytes: the last but one number of the first page is the magic, with the count
// of blocks or without.
func spiffs(b []byte) bool {
	const magic = 0x20140529 ^ 256
	if len(b) < nvsfmt.PageSize {
		return false
	}
	n := binary.LittleEndian.Uint16(b[252:])
	return n == magic&0xffff || n == uint16(magic^len(b)/nvsfmt.PageSize)
}

// Beginnings of files.
var beginnings = []struct{ magic, what string }{
	{"\x7fELF", "an ELF file: esptool's elf2image makes an image of it, which is none of an NVS partition either"},
	{"UF2\n", "a UF2 file"},
	{"\x1f\x8b", "a file compressed with gzip: decompress it first"},
	{"PK\x03\x04", "a ZIP archive: unpack it first"},
	{"key,type,encoding", "a CSV file: espprov nvs create makes an image of it"},
}

// identify names the format of an image that is no NVS partition; empty if unknown.
func identify(b []byte) string {
	for _, f := range beginnings {
		if bytes.HasPrefix(b, []byte(f.magic)) {
			return f.what
		}
	}
	switch {
	case len(b) == 0:
		return "an empty file"
	case bytes.Count(b, []byte{0}) == len(b):
		return "nothing but zeros"
	case len(b) >= 68 && len(b) <= nvsfmt.PageSize && nvsfmt.Sum(b[:64]) == binary.LittleEndian.Uint32(b[64:]) && nvsfmt.IsErased(b[68:]):
		return "the keys of an encrypted partition: give it with --keys"
	case fat(b):
		return "a FAT file system"
	case program(b):
		return "an application or bootloader image"
	case len(b) >= 16 && string(b[8:16]) == "littlefs", len(b) >= nvsfmt.PageSize+16 && string(b[nvsfmt.PageSize+8:][:8]) == "littlefs":
		return "a LittleFS file system"
	case spiffs(b):
		return "a SPIFFS file system"
	case text(b):
		return "text"
	}
	return ""
}

// text reports whether all bytes are printable UTF-8.
func text(b []byte) bool {
	return utf8.Valid(b) && bytes.IndexFunc(b, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' && r != '\f' }) < 0
}
