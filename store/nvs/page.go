// SPDX-License-Identifier: Apache-2.0

package nvs

import "github.com/wifiprov/wifiprov/internal/nvsfmt"

// page is the state of a page in use.
type page struct {
	sector int
	seq    uint32
	state  nvsfmt.State
	next   int // first entry behind the last used one; 126: none is left
	live   int // entries of valid items

	// bits is the present bitmap, stored the part that surely is on flash. Marks
	// that only bits has wait for flush.
	bits, stored nvsfmt.Bitmap
	// unsure says that a write of the bitmap failed, so that flash may have more
	// marks than stored.
	unsure bool
	// heads are first entries that wait to be marked erased. Their data entries
	// are marked before, since data without its head would be read as an item.
	heads [4]uint32

	items []item // in the order of entries

	// While opening: the first inconsistent entry, and the chunks that an index
	// names.
	bad  int
	keep [4]uint32
}

// item is a first entry in a page's list: its number in bits 0..6, its kind in
// bits 7 and 8, a hash of its name above. So an open partition takes 4 bytes for a key.
type item uint32

// kind is what opening and iterating need to know without reading flash.
type kind uint8

const (
	kindValue kind = iota // integers, strings, old blobs, unknown types
	kindName              // a namespace
	kindIndex             // of a blob
	kindChunk             // of a blob
)

const hashShift = 9

func newItem(at int, k kind, hash uint32) item {
	return item(hash<<hashShift) | item(k)<<7 | item(at)
}

func (it item) at() int      { return int(it & 0x7f) }
func (it item) kind() kind   { return kind(it >> 7 & 3) }
func (it item) hash() uint32 { return uint32(it) >> hashShift }

// hashOf is a hash of 23 bits (FNV-1a) of namespace, name and chunk. To tell items with
// equal hashes apart, their entries are read.
func hashOf(namespace byte, name nvsfmt.Name, chunk byte) uint32 {
	const prime = 16777619
	h := (2166136261 ^ uint32(namespace)) * prime
	for _, w := range name {
		for ; w != 0; w >>= 8 {
			h = (h ^ w&0xff) * prime
		}
	}
	h = (h ^ uint32(chunk)) * prime
	return (h ^ h>>23) & (1<<23 - 1)
}

// itemOf makes the list's element for an entry.
func itemOf(e *nvsfmt.Entry, at int) item {
	k := kindValue
	switch {
	case e.Type() == nvsfmt.TypeIndex:
		k = kindIndex
	case e.Type() == nvsfmt.TypeChunk:
		k = kindChunk
	case e.Namespace() == 0 && e.Type() == nvsfmt.TypeU8:
		k = kindName
	}
	return newItem(at, k, hashOf(e.Namespace(), e.Name(), e.Chunk()))
}

// pos is the place of an item.
type pos struct {
	pg *page
	at int
}

func (q pos) ok() bool { return q.pg != nil }

// offset returns where an entry lies in the partition.
func (pg *page) offset(entry int) int64 { return nvsfmt.EntryOffset(pg.sector, entry) }

// bitmapOffset returns where the bitmap lies in the partition.
func (pg *page) bitmapOffset() int64 { return int64(pg.sector)*SectorSize + nvsfmt.BitmapOffset }

// free returns the entries behind the last used one.
func (pg *page) free() int {
	if pg.state != nvsfmt.Active && pg.state != nvsfmt.Empty {
		return 0
	}
	return nvsfmt.EntriesPerPage - pg.next
}

// clear marks an item's entries as erased in memory; flush does it on flash.
func (pg *page) clear(at, span int) {
	pg.bits.Set(at, at+span, nvsfmt.UseErased)
	if span > 1 {
		pg.heads[at/32] |= 1 << (at % 32)
	}
	pg.live -= span
}

// forget removes an item from the list.
func (pg *page) forget(at int) {
	for i, it := range pg.items {
		if it.at() == at {
			pg.items = append(pg.items[:i], pg.items[i+1:]...)
			return
		}
	}
}

// headMask returns the bits of bitmap word w that belong to waiting heads.
func (pg *page) headMask(w int) uint32 {
	heads := pg.heads[w/2] >> (16 * (w % 2)) & 0xffff
	m := uint32(0)
	for i := 0; heads != 0; i, heads = i+1, heads>>1 {
		m |= (heads & 1) * 3 << (2 * i)
	}
	return m
}
