// SPDX-License-Identifier: Apache-2.0

package nvscheck

import (
	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// RawItem is an item or an entry as it stands on the flash, valid or not.
type RawItem struct {
	Sector, Entry int
	Span          int    // entries
	State         string // written, erased, torn (a part of it is neither), or unmarked: not yet in the bitmap
	// What the item's first entry says. Readable is false if that makes no sense: the other
	// fields are empty then.
	Readable  bool
	Namespace string // of its number; empty: no name has this number
	Number    byte   // of the namespace; 0: the item is a namespace's name
	Key       string
	Type      store.Type // blob for chunks and indexes, too
	Part      string     // chunk, index, or version 1 for parts of blobs; empty for all others
	Chunk     byte       // of a chunk
	Size      int        // bytes of the value; of an index those of the whole blob
	Data      []byte     // of integers, strings with terminator, chunks; the caller must not change it
}

// Raw lists everything on the pages of an image, sector by sector: also what is erased,
// and what a power cut left. Keys decrypt the entries; nil: they are plain. The image is
// not changed.
func Raw(image []byte, keys *nvs.Keys) ([]RawItem, error) {
	c := &checker{image: image, report: &Report{}, names: map[byte]string{}}
	if keys != nil {
		var err error
		if c.cipher, err = nvsfmt.NewCipher(&keys.Data, &keys.Tweak); err != nil {
			return nil, err
		}
	}
	var all []RawItem
	for sector := range len(image) / nvsfmt.PageSize {
		b := image[sector*nvsfmt.PageSize:]
		if _, ok := nvsfmt.ParseHeader(b); !ok {
			continue
		}
		bits := nvsfmt.ParseBitmap(b[nvsfmt.BitmapOffset:])
		for i := 0; i < nvsfmt.EntriesPerPage; {
			if bits.At(i) == nvsfmt.UseFree && nvsfmt.IsErased(c.raw(sector, i)) {
				i++
				continue
			}
			it := c.rawItem(sector, i)
			it.State = stateOf(&bits, i, i+it.Span)
			all = append(all, it)
			i += it.Span
		}
	}
	// A name counts also if it is erased, unless another one has its number now.
	for _, written := range []bool{false, true} {
		for _, it := range all {
			if it.Readable && it.Number == 0 && len(it.Data) == 1 && (it.State == "written") == written {
				c.names[it.Data[0]] = it.Key
			}
		}
	}
	for i := range all {
		all[i].Namespace = c.names[all[i].Number]
	}
	return all, nil
}

// rawItem reads what begins at an entry, without its state.
func (c *checker) rawItem(sector, at int) RawItem {
	it := RawItem{Sector: sector, Entry: at, Span: 1}
	e := c.entry(sector, at)
	if !e.Valid(at) {
		return it
	}
	it.Readable, it.Span = true, e.Span()
	it.Number, it.Key, it.Type = e.Namespace(), e.Name().String(), store.Type(e.Type())
	switch typ := e.Type(); {
	case nvsfmt.Size(typ) != 0:
		it.Data = e.Value()[:nvsfmt.Size(typ)]
	case nvsfmt.HasData(typ):
		it.Data = c.data(&item{pg: &page{sector: sector}, at: at, e: e})[:e.DataSize()]
	}
	it.Size = len(it.Data)
	switch e.Type() {
	case nvsfmt.TypeChunk:
		it.Type, it.Part, it.Chunk = store.TypeBlob, "chunk", e.Chunk()
	case nvsfmt.TypeIndex:
		it.Type, it.Part = store.TypeBlob, "index"
		it.Size, _, _ = e.Index()
	case nvsfmt.TypeOldBlob:
		it.Type, it.Part = store.TypeBlob, "version 1"
	}
	return it
}

// stateOf is the state of entries from to to-1.
func stateOf(bits *nvsfmt.Bitmap, from, to int) string {
	switch {
	case bits.All(from, to, nvsfmt.UseWritten):
		return "written"
	case bits.All(from, to, nvsfmt.UseErased):
		return "erased"
	case bits.All(from, to, nvsfmt.UseFree):
		return "unmarked"
	}
	return "torn"
}
