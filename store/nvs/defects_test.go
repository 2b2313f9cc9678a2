// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// These tests bear the numbers of the C original's defects in nvs.md 10.

// put appends an item to a page by hand.
func put(page []byte, at int, e *nvsfmt.Entry, data []byte) {
	e.Seal()
	copy(page[64+32*at:], e[:])
	copy(page[64+32*(at+1):], data)
	bits := nvsfmt.ParseBitmap(page[32:])
	bits.Set(at, at+e.Span(), nvsfmt.UseWritten)
	bits.Put(page[32:], 0, 7)
}

func chunk(number byte, data []byte) *nvsfmt.Entry {
	var e nvsfmt.Entry
	e.New(1, nvsfmt.TypeChunk, nvsfmt.Span(len(data)), number, nvsfmt.NameOf("blob"))
	e.SetData(len(data), nvsfmt.Sum(data))
	return &e
}

// TestN1_BlobUpdateCutBeforeItsIndex: all chunks of the new value are there and
// no index: the old value stays.
func TestN1_BlobUpdateCutBeforeItsIndex(t *testing.T) {
	mem, p := blank(t, 3)
	require.NoError(t, store.SetBlob(p, "app", "blob", bytes.Repeat([]byte{1}, 40)))
	require.NoError(t, p.Close())
	put(mem.Bytes(), 5, chunk(nvsfmt.BaseB, bytes.Repeat([]byte{2}, 40)), bytes.Repeat([]byte{2}, 40))
	got, err := store.Blob(open(t, mem), "app", "blob")
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat([]byte{1}, 40), got)
}

// TestN1_IndexIsBegunBeforeTheLastMark: our own updates never leave the state
// that the C original cannot read, unless data looks like erased flash.
func TestN1_IndexIsBegunBeforeTheLastMark(t *testing.T) {
	for _, size := range []int{0, 1, 40, 500, 1024, 3000} {
		mem, p := blank(t, 3)
		require.NoError(t, store.SetBlob(p, "app", "blob", bytes.Repeat([]byte{1}, size)))
		require.NoError(t, p.Close())
		base := bytes.Clone(mem.Bytes())
		r := flash.NewRecorder(mem)
		require.NoError(t, store.SetBlob(open(t, r), "app", "blob", bytes.Repeat([]byte{2}, size+1)))
		replay := flash.NewReplay(base, r.Ops())
		states := 0
		for n := range replay.Len() {
			page := activePage(replay.At(n, flash.Part{}).Bytes())
			if page == nil {
				continue
			}
			bits := nvsfmt.ParseBitmap(page[32:])
			// The last item whose entries are all marked.
			last := -1
			for i := 0; i < nvsfmt.EntriesPerPage; {
				e := (*nvsfmt.Entry)(page[64+32*i:])
				if bits.At(i) != nvsfmt.UseWritten || !e.Valid(i) || !bits.All(i, i+e.Span(), nvsfmt.UseWritten) {
					i++
					continue
				}
				last = i
				i += e.Span()
			}
			if last < 0 {
				continue
			}
			e := (*nvsfmt.Entry)(page[64+32*last:])
			if e.Type() == nvsfmt.TypeChunk && e.Chunk() == nvsfmt.BaseB {
				states++
				next := last + e.Span()
				require.False(t, nvsfmt.IsErased(page[64+32*next:][:32]), "size %d: the index is begun", size)
			}
		}
		// An update over two pages closes the first one before.
		require.Equal(t, size < 3000, states > 0, "size %d: the test looks at the wrong place", size)
	}
}

// activePage returns the page that takes new items, nil without one.
func activePage(image []byte) []byte {
	for ; len(image) > 0; image = image[4096:] {
		if h, ok := nvsfmt.ParseHeader(image); ok && h.State == nvsfmt.Active {
			return image[:4096]
		}
	}
	return nil
}

// TestN2_EqualHashes: keys whose hashes are equal, ours or those of the C
// original, are different keys.
func TestN2_EqualHashes(t *testing.T) {
	names := []string{"key79494", "mid", "key120202"} // nvs-images/dev_hash_collision
	mem, p := blank(t, 3)
	for i, name := range names {
		require.NoError(t, store.SetInt(p, "app", name, uint8(i)))
	}
	// 23 bits of ours: some of 20,000 names are equal.
	for i := range 20000 {
		require.NoError(t, store.SetInt(p, "app", names[i%3], uint16(i)))
		require.NoError(t, store.SetInt(p, "app", names[i%3], uint8(i%3)))
	}
	require.NoError(t, p.Close())
	p = open(t, mem)
	for i, name := range names {
		n, err := store.Int[uint8](p, "app", name)
		require.NoError(t, err)
		require.EqualValues(t, i, n)
	}
}

// TestN3_HalfErasedPageAfterAMove: TestEveryCut does it at every place; here is
// the case that the specification names: the header is there, entries are gone.
func TestN3_HalfErasedPageAfterAMove(t *testing.T) {
	mem, p := blank(t, 3)
	r := flash.NewRecorder(mem)
	p = open(t, r)
	require.NoError(t, store.SetInt(p, "app", "first", uint32(1)))
	for i := range 300 {
		require.NoError(t, store.SetInt(p, "app", "n", uint32(i)))
	}
	base := flash.NewMemory(3 * nvs.SectorSize).Bytes()
	replay := flash.NewReplay(base, r.Ops())
	erases := 0
	for n, op := range r.Ops() {
		if !op.IsErase() {
			continue
		}
		erases++
		for tail := int64(32); tail < 4096; tail += 32 {
			p := open(t, replay.At(n, flash.Last(tail, 4096)))
			got, err := store.Int[uint32](p, "app", "first")
			require.NoError(t, err, "last %d bytes erased", tail)
			require.EqualValues(t, 1, got)
		}
	}
	require.NotZero(t, erases)
}

// TestN4_HalfProgrammedEntries: an entry is free only if all of it is.
func TestN4_HalfProgrammedEntries(t *testing.T) {
	for i := range 32 {
		mem, p := blank(t, 3)
		require.NoError(t, store.SetInt(p, "app", "n", uint8(1)))
		require.NoError(t, p.Close())
		mem.Bytes()[64+2*32+i] = 0x7f
		p = open(t, mem)
		require.NoError(t, store.SetInt(p, "app", "n", uint8(2)))
		require.NoError(t, p.Close())
		n, err := store.Int[uint8](open(t, mem), "app", "n")
		require.NoError(t, err)
		require.EqualValues(t, 2, n)
	}
}

// TestN5_ChangeOfTypeAcrossPages: of two types under one key the newer counts.
func TestN5_ChangeOfTypeAcrossPages(t *testing.T) {
	mem := flash.NewMemory(3 * nvs.SectorSize)
	for i, page := range [][]byte{mem.Bytes(), mem.Bytes()[4096:]} {
		state := []nvsfmt.State{nvsfmt.Full, nvsfmt.Active}[i]
		nvsfmt.Header{State: state, Seq: uint32(i), Version: nvsfmt.Version2}.Put(page)
	}
	var name, old nvsfmt.Entry
	name.New(0, nvsfmt.TypeU8, 1, nvsfmt.NoChunk, nvsfmt.NameOf("app"))
	name.Value()[0] = 1
	put(mem.Bytes(), 0, &name, nil)
	old.New(1, nvsfmt.TypeU8, 1, nvsfmt.NoChunk, nvsfmt.NameOf("k"))
	old.Value()[0] = 7
	put(mem.Bytes(), 1, &old, nil)
	var text nvsfmt.Entry
	text.New(1, nvsfmt.TypeString, 2, nvsfmt.NoChunk, nvsfmt.NameOf("k"))
	text.SetData(4, nvsfmt.Sum([]byte("new\x00")))
	put(mem.Bytes()[4096:], 0, &text, []byte("new\x00"))
	p := open(t, mem)
	typ, err := p.Find("app", "k")
	require.NoError(t, err)
	require.Equal(t, store.TypeString, typ)
	_, err = p.Get(nil, "app", "k", store.TypeU8)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, p.Erase("app", "k"))
	_, err = open(t, mem).Find("app", "k")
	require.ErrorIs(t, err, store.ErrNotFound, "the older one does not come back")
}

// TestN7_OverlongNames are refused before anything is looked up or written.
func TestN7_OverlongNames(t *testing.T) {
	mem, p := blank(t, 3)
	require.ErrorIs(t, store.SetInt(p, "a namespace too long", "n", uint8(1)), nvs.KeyTooLong)
	require.ErrorIs(t, store.SetInt(p, "app", "sixteen letters.", uint8(1)), nvs.KeyTooLong)
	require.Equal(t, flash.NewMemory(3*nvs.SectorSize).Bytes(), mem.Bytes())
	require.NoError(t, store.SetInt(p, "app", "sixteen letters", uint8(1)))
	require.ErrorIs(t, store.SetInt(p, "app", "sixteen letters.", uint8(1)), nvs.KeyTooLong)
}

// TestN8_FailedBlobUpdateLeavesNothing: what was written of a blob for which
// there is no room is given up.
func TestN8_FailedBlobUpdateLeavesNothing(t *testing.T) {
	mem, p := blank(t, 3)
	for i := range 100 {
		require.NoError(t, store.SetInt(p, "app", string([]byte{'a', byte('0' + i/10), byte('0' + i%10)}), uint8(i)))
	}
	used := p.Stats().Used
	require.ErrorIs(t, store.SetBlob(p, "app", "blob", make([]byte, 4850)), store.ErrFull)
	require.Equal(t, used, p.Stats().Used)
	require.NoError(t, p.Close())
	require.Equal(t, used, open(t, mem).Stats().Used)
}

// TestN9_ReadOnlyRepairsInMemory: a partition that needs repair is read as if it
// had been repaired, and not touched.
func TestN9_ReadOnlyRepairsInMemory(t *testing.T) {
	mem, p := blank(t, 3)
	require.NoError(t, store.SetInt(p, "app", "n", uint8(1)))
	require.NoError(t, store.SetInt(p, "app", "n", uint8(2))) // not committed: the mark of the old one waits
	before := bytes.Clone(mem.Bytes())
	p, err := nvs.Open(mem, nvs.Options{ReadOnly: true})
	require.NoError(t, err)
	n, err := store.Int[uint8](p, "app", "n")
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	require.NoError(t, p.Commit())
	require.NoError(t, p.Close())
	require.Equal(t, before, mem.Bytes())
}

// TestOldBlobIsReplaced by one of version 2 (nvs.md 4.4).
func TestOldBlobIsReplaced(t *testing.T) {
	mem, p := blank(t, 3)
	require.NoError(t, store.SetInt(p, "app", "n", uint8(1)))
	require.NoError(t, p.Close())
	var e nvsfmt.Entry
	e.New(1, nvsfmt.TypeOldBlob, 2, nvsfmt.NoChunk, nvsfmt.NameOf("blob"))
	e.SetData(3, nvsfmt.Sum([]byte("old")))
	put(mem.Bytes(), 2, &e, []byte("old"))
	p = open(t, mem)
	got, err := store.Blob(p, "app", "blob")
	require.NoError(t, err)
	require.Equal(t, "old", string(got))
	for e := range p.Entries("app") {
		require.Equal(t, "n", e.Key, "old blobs are not listed")
	}
	require.NoError(t, store.SetBlob(p, "app", "blob", []byte("old")), "the same value, but the new form")
	require.NoError(t, p.Close())
	keys := 0
	for range open(t, mem).Entries("app") {
		keys++
	}
	require.Equal(t, 2, keys)
}

// TestIncompleteBlob: an index whose chunks are not all there does not count,
// not even instead of an older value that is complete.
func TestIncompleteBlob(t *testing.T) {
	for _, older := range []bool{false, true} {
		r := flash.NewRecorder(flash.NewMemory(3 * nvs.SectorSize))
		p := open(t, r)
		if older {
			require.NoError(t, store.SetBlob(p, "app", "blob", []byte("old")))
		}
		require.NoError(t, store.SetInt(p, "app", "n", uint8(1)))
		before := len(r.Ops())
		require.NoError(t, store.SetBlob(p, "app", "blob", []byte("new"))) // not committed: the old one is there
		image := flash.NewReplay(flash.NewMemory(3*nvs.SectorSize).Bytes(), r.Ops()).At(len(r.Ops()), flash.Part{}).Bytes()
		image[r.Ops()[before].Off] &= 0xfe // the new chunk's first entry rots
		p = open(t, flash.FromBytes(image))
		got, err := store.Blob(p, "app", "blob")
		if older {
			require.NoError(t, err)
			require.Equal(t, "old", string(got))
			continue
		}
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = p.Find("app", "blob")
		require.ErrorIs(t, err, store.ErrNotFound)
	}
}

// TestReplacedChunksAreNotCounted: ESP-IDF sums up all chunks in an index's
// half of the numbers (nvs.md 5.10). At no moment may one be there that the
// newest index does not name, although marks wait.
func TestReplacedChunksAreNotCounted(t *testing.T) {
	r := flash.NewRecorder(flash.NewMemory(6 * nvs.SectorSize))
	p := open(t, r)
	for i := range 100 {
		size := []int{1024, 3900, 100, 40}[i%4]
		require.NoError(t, store.SetBlob(p, "app", "blob", bytes.Repeat([]byte{byte(i + 1)}, size)))
	}
	replay := flash.NewReplay(flash.NewMemory(6*nvs.SectorSize).Bytes(), r.Ops())
	several := 0
	for n := range replay.Len() + 1 {
		var index *nvsfmt.Entry
		newest := uint32(0)
		chunks := map[byte]bool{}
		image := replay.At(n, flash.Part{}).Bytes()
		for ; len(image) > 0; image = image[4096:] {
			h, ok := nvsfmt.ParseHeader(image)
			bits := nvsfmt.ParseBitmap(image[32:])
			for i := 0; ok && i < nvsfmt.EntriesPerPage; {
				e := (*nvsfmt.Entry)(image[64+32*i:])
				if bits.At(i) != nvsfmt.UseWritten || !e.Valid(i) {
					i++
					continue
				}
				if bits.All(i, i+e.Span(), nvsfmt.UseWritten) {
					if e.Type() == nvsfmt.TypeChunk {
						chunks[e.Chunk()] = true
					}
					if e.Type() == nvsfmt.TypeIndex && (index == nil || h.Seq >= newest) {
						index, newest = e, h.Seq
					}
				}
				i += e.Span()
			}
		}
		if index == nil {
			continue
		}
		_, count, base := index.Index()
		if count > 1 {
			several++
		}
		for number := range chunks {
			if number&nvsfmt.BaseB == base {
				require.Less(t, int(number-base), count, "operation %d: a chunk that is not the index's", n)
			}
		}
	}
	require.NotZero(t, several, "no blob had several chunks")
}
