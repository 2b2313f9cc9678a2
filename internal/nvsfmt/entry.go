// SPDX-License-Identifier: Apache-2.0

package nvsfmt

import "encoding/binary"

// Types of items beside the integers, whose codes tell their size
// (nvs.md 4.2).
const (
	TypeU8      = 0x01
	TypeString  = 0x21
	TypeFloat   = 0x24
	TypeDouble  = 0x28
	TypeOldBlob = 0x41 // blob of format version 1
	TypeChunk   = 0x42 // piece of a blob
	TypeIndex   = 0x48 // names the chunks of a blob
)

// Limits (nvs.md 4, 11).
const (
	MaxKey        = 15
	MaxNamespaces = 254
	MaxData       = (EntriesPerPage - 1) * EntrySize // 4000: of a string, an old blob, a chunk
	MaxBlob       = 127 * MaxData

	// MaxChunks is the most chunks of a blob that begins at BaseA. A blob that
	// begins at BaseB has one less, because NoChunk is no chunk's number.
	MaxChunks = 128

	// NoChunk is the chunk number of everything that is not a chunk.
	NoChunk = 0xff
	// BaseA and BaseB are the numbers of a blob's first chunk, used by turns.
	BaseA, BaseB = 0x00, 0x80
)

// MostChunks returns how many chunks a blob with a base can have.
func MostChunks(base byte) int {
	if base == BaseB {
		return MaxChunks - 1
	}
	return MaxChunks
}

// Size returns the bytes of a fixed-size type, 0 for all others.
func Size(typ byte) int {
	switch typ {
	case 0x01, 0x02, 0x04, 0x08, 0x11, 0x12, 0x14, 0x18, TypeFloat, TypeDouble:
		return int(typ & 0x0f)
	}
	return 0
}

// HasData reports whether items of the type have data entries.
func HasData(typ byte) bool {
	return typ == TypeString || typ == TypeOldBlob || typ == TypeChunk
}

// Span returns the entries of an item with size bytes of data.
func Span(size int) int { return 1 + (size+EntrySize-1)/EntrySize }

// Name is a key, filled with zeros. It has up to MaxKey bytes; an entry that no writer
// makes could have MaxName. The words hold them lowest byte first. TinyGo passes the four
// words in registers, but would pass 16 bytes over the stack.
type Name [MaxName / 4]uint32

// MaxName is the room for a key in an entry, in bytes.
const MaxName = 16

// NameOf makes a Name of up to MaxKey bytes of s.
func NameOf(s string) Name { return AnyName(s[:min(len(s), MaxKey)]) }

// AnyName makes a Name of up to MaxName bytes of s.
func AnyName(s string) Name {
	var b [MaxName]byte
	copy(b[:], s)
	return nameIn(b[:])
}

// nameIn returns the name in MaxName bytes, up to the first zero.
func nameIn(b []byte) (n Name) {
	for i := range n {
		w := binary.LittleEndian.Uint32(b[4*i:])
		// The lowest bit set is the highest of the first byte that is zero.
		if zero := (w - 0x01010101) &^ w & 0x80808080; zero != 0 {
			n[i] = w & (zero&-zero>>7 - 1)
			break
		}
		n[i] = w
	}
	return n
}

// String returns the key without the filling.
func (n Name) String() string {
	text := make([]byte, 0, MaxName)
	for _, w := range n {
		for ; w != 0; w >>= 8 {
			text = append(text, byte(w))
		}
	}
	return string(text)
}

// Entry is the first entry of an item (nvs.md 4.1). Strings, old blobs and
// chunks are followed by entries with their data.
type Entry [EntrySize]byte

// Namespace returns the index of the namespace; 0 is the directory of
// namespaces.
func (e *Entry) Namespace() byte { return e[0] }

// Type returns the type's code.
func (e *Entry) Type() byte { return e[1] }

// Span returns how many entries the item has.
func (e *Entry) Span() int { return int(e[2]) }

// Chunk returns the chunk's number; NoChunk if the item is not a chunk.
func (e *Entry) Chunk() byte { return e[3] }

// Name returns the key.
func (e *Entry) Name() Name { return nameIn(e[8 : 8+MaxName]) }

// Named reports whether the entry has the given namespace, key and chunk.
// Bytes after a key's terminator are ignored.
func (e *Entry) Named(namespace byte, name Name, chunk byte) bool {
	return e[0] == namespace && e[3] == chunk && e.Name() == name
}

// Value returns the data field of 8 bytes; it aliases the entry.
func (e *Entry) Value() []byte { return e[24:32] }

// DataSize returns the bytes of data that follow in further entries.
func (e *Entry) DataSize() int { return int(binary.LittleEndian.Uint16(e[24:])) }

// DataSum returns the checksum of the data.
func (e *Entry) DataSum() uint32 { return binary.LittleEndian.Uint32(e[28:]) }

// Index returns the fields of an index: total size, number of chunks, number of the first
// chunk.
func (e *Entry) Index() (size, chunks int, base byte) {
	return int(binary.LittleEndian.Uint32(e[24:])), int(e[28]), e[29]
}

func (e *Entry) sum() uint32 { return Continue(Sum(e[0:4]), e[8:]) }

// Valid reports whether the entry is a consistent first entry of an item at
// position at of a page.
func (e *Entry) Valid(at int) bool { return e.Fault(at) == "" }

// Fault says what is inconsistent (nvs.md 4.7); empty: nothing. Unknown types, which a
// newer release may write, pass if their span fits the page.
func (e *Entry) Fault(at int) string {
	if e.sum() != binary.LittleEndian.Uint32(e[4:]) {
		return "checksum is wrong"
	}
	span := e.Span()
	if span < 1 || at+span > EntriesPerPage {
		return "span reaches beyond the page"
	}
	switch typ := e.Type(); {
	case HasData(typ):
		if span != Span(e.DataSize()) {
			return "span does not fit the size"
		}
		if (typ == TypeChunk) == (e.Chunk() == NoChunk) {
			return "chunk number does not fit the type"
		}
	case typ == TypeIndex:
		_, chunks, base := e.Index()
		if span != 1 || e.Chunk() != NoChunk {
			return "index with a span or chunk number"
		}
		// Compared unsigned: int may have 32 bits.
		if size := binary.LittleEndian.Uint32(e[24:]); size > MaxBlob || base&^BaseB != 0 || chunks > MostChunks(base) {
			return "index with impossible size, count or base"
		}
	case Size(typ) != 0:
		if span != 1 {
			return "span of a fixed-size value is not 1"
		}
	}
	return ""
}

// New makes a first entry with an empty data field; Seal completes it.
func (e *Entry) New(namespace, typ byte, span int, chunk byte, name Name) {
	clear(e[:])
	e[0], e[1], e[2], e[3] = namespace, typ, byte(span), chunk
	for i, w := range name {
		binary.LittleEndian.PutUint32(e[8+4*i:], w)
	}
	for i := 24; i < 32; i++ {
		e[i] = 0xff
	}
}

// SetData fills the data field of an item with data entries.
func (e *Entry) SetData(size int, sum uint32) {
	binary.LittleEndian.PutUint16(e[24:], uint16(size))
	binary.LittleEndian.PutUint32(e[28:], sum)
}

// SetIndex fills the data field of an index.
func (e *Entry) SetIndex(size, chunks int, base byte) {
	binary.LittleEndian.PutUint32(e[24:], uint32(size))
	e[28], e[29] = byte(chunks), base
}

// Seal writes the entry's checksum.
func (e *Entry) Seal() { binary.LittleEndian.PutUint32(e[4:], e.sum()) }
