// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// moving returns the operations of a page change that moves a blob made of
// what looks like items, and where in the list the moved page is erased.
func moving(t *testing.T) (ops []flash.Op, erase int) {
	t.Helper()
	r := flash.NewRecorder(flash.NewMemory(3 * nvs.SectorSize))
	p := open(t, r)
	require.NoError(t, store.SetInt(p, "app", "before", uint32(1)))
	require.NoError(t, store.SetBlob(p, "app", "blob", bytes.Repeat(fakeEntry(), 20)))
	require.NoError(t, store.SetInt(p, "app", "after", uint32(2)))
	for i := range 101 { // the first page is full of dead entries
		require.NoError(t, store.SetInt(p, "app", "n", uint32(i)))
	}
	for i := range 127 { // the second one of live ones
		require.NoError(t, store.SetInt(p, "app", "n"+strconv.Itoa(i), uint32(i)))
	}
	for i, op := range r.Ops() {
		if op.IsErase() && op.Off == 0 {
			return r.Ops(), i
		}
	}
	t.Fatal("the first page was not moved")
	return nil, 0
}

// TestHalfErasedBlobLooksLikeItems: the erase of the moved page took the
// blob's first entry, so that its data is met where items begin. It looks like
// items, and is none.
func TestHalfErasedBlobLooksLikeItems(t *testing.T) {
	ops, erase := moving(t)
	replay := flash.NewReplay(flash.NewMemory(3*nvs.SectorSize).Bytes(), ops)
	for from := int64(64); from < 64+8*32; from += 8 {
		for to := from + 8; to < 64+12*32; to += 8 {
			p := open(t, replay.At(erase, flash.Part{From: from, To: to}))
			got, err := store.Blob(p, "app", "blob")
			require.NoError(t, err, "bytes %d to %d erased", from, to)
			require.Equal(t, bytes.Repeat(fakeEntry(), 20), got)
			n, err := store.Int[uint32](p, "app", "after")
			require.NoError(t, err)
			require.EqualValues(t, 2, n)
			_, err = p.Find("app", "fake")
			require.ErrorIs(t, err, store.ErrNotFound)
		}
	}
}

// TestFailedMove: whichever operation of a page change fails, done or not, the
// next set tries again, nothing is lost, and what is erased after the failure
// stays erased when power fails.
func TestFailedMove(t *testing.T) {
	for effect := flash.EffectNone; effect <= flash.EffectFull; effect++ {
		for skip := range 12 {
			mem := flash.NewMemory(3 * nvs.SectorSize)
			f := flash.NewFaulty(mem)
			p := open(t, f)
			for _, key := range []string{"stays", "goes"} {
				require.NoError(t, store.SetInt(p, "app", key, uint32(7)))
			}
			// 3 entries are in use; fill two pages but for the last entry.
			for i := range 2*126 - 3 {
				require.NoError(t, store.SetInt(p, "app", "n", uint32(i)))
			}
			require.NoError(t, p.Commit())
			f.Inject(flash.Fault{Calls: flash.Writes | flash.Erases, Skip: skip, Effect: effect})
			err := store.SetInt(p, "app", "n", uint32(1000))
			f.Clear()
			last := uint32(2*126 - 4)
			if err == nil {
				last = 1000
			} else {
				require.ErrorIs(t, err, flash.ErrInjected)
			}
			require.NoError(t, p.Erase("app", "goes"))
			check := func(p *nvs.Partition) {
				n, err := store.Int[uint32](p, "app", "stays")
				require.NoError(t, err, "operation %d failed", skip)
				require.EqualValues(t, 7, n)
				n, err = store.Int[uint32](p, "app", "n")
				require.NoError(t, err)
				require.Equal(t, last, n, "operation %d failed, effect %d", skip, effect)
				_, err = p.Find("app", "goes")
				require.ErrorIs(t, err, store.ErrNotFound)
			}
			check(p)
			check(open(t, flash.FromBytes(bytes.Clone(mem.Bytes()))))
			for i := range 500 {
				last = uint32(i)
				require.NoError(t, store.SetInt(p, "app", "n", last), "no sector is lost")
			}
			check(p)
		}
	}
}

// TestHalfErasedFilling: of an encrypted value the filling behind the data is
// not 0xff on flash; half an erase may change it and nothing else.
func TestHalfErasedFilling(t *testing.T) {
	o := nvs.Options{Keys: benchKeys}
	r := flash.NewRecorder(flash.NewMemory(3 * nvs.SectorSize))
	p, err := nvs.Open(r, o)
	require.NoError(t, err)
	require.NoError(t, store.SetText(p, "app", "text", "of 15 letters.."))
	require.NoError(t, store.SetInt(p, "app", "after", uint32(7)))
	for i := range 121 { // the first page is full of dead entries
		require.NoError(t, store.SetInt(p, "app", "n", uint32(i)))
	}
	for i := range 130 { // the second one of live ones
		require.NoError(t, store.SetInt(p, "app", "n"+strconv.Itoa(i), uint32(i)))
	}
	replay := flash.NewReplay(flash.NewMemory(3*nvs.SectorSize).Bytes(), r.Ops())
	for i, op := range r.Ops() {
		if !op.IsErase() || op.Off != 0 {
			continue
		}
		// Entry 2 is the text's data, its second half the filling; entry 3
		// is the next key.
		p, err := nvs.Open(replay.At(i, flash.Part{From: 64 + 2*32 + 16, To: 64 + 4*32}), o)
		require.NoError(t, err)
		n, err := store.Int[uint32](p, "app", "after")
		require.NoError(t, err)
		require.EqualValues(t, 7, n)
		return
	}
	t.Fatal("the first page was not moved")
}

// TestMovedPageIsMarkedCorrupt: from the moment that the erase of a moved page
// begins, no reader takes it for a page (nvs.md 10.3).
func TestMovedPageIsMarkedCorrupt(t *testing.T) {
	ops, erase := moving(t)
	replay := flash.NewReplay(flash.NewMemory(3*nvs.SectorSize).Bytes(), ops)
	for _, part := range append(flash.Points(nil, replay.Op(erase)), flash.Part{}) {
		_, ok := nvsfmt.ParseHeader(replay.At(erase, part).Bytes())
		require.False(t, ok, "bytes %v erased", part)
	}
}

// TestChunksAreMovedFirst: the last item of a copy is no chunk (nvs.md 10.1).
func TestChunksAreMovedFirst(t *testing.T) {
	ops, erase := moving(t)
	page := activePage(flash.NewReplay(flash.NewMemory(3*nvs.SectorSize).Bytes(), ops).At(erase, flash.Part{}).Bytes())
	bits := nvsfmt.ParseBitmap(page[nvsfmt.BitmapOffset:])
	var types []byte
	for i := 0; i < nvsfmt.EntriesPerPage && bits.At(i) == nvsfmt.UseWritten; {
		e := (*nvsfmt.Entry)(page[64+32*i:])
		require.Empty(t, e.Fault(i))
		types = append(types, e.Type())
		i += e.Span()
	}
	// The blob's chunk; namespace, before, index, after, and the first of n0 ….
	require.Equal(t, []byte{nvsfmt.TypeChunk, nvsfmt.TypeU8, 0x04, nvsfmt.TypeIndex, 0x04}, types[:5])
	require.NotContains(t, types[5:], byte(nvsfmt.TypeChunk))
}

// TestLostNamespace: a new namespace does not get the keys of one whose name
// is lost.
func TestLostNamespace(t *testing.T) {
	mem, p := blank(t, 3)
	require.NoError(t, store.SetText(p, "secret", "key", "of another"))
	require.NoError(t, p.Close())
	mem.Bytes()[64+8] = 0 // its name rots
	p = open(t, mem)
	require.NoError(t, store.SetInt(p, "app", "n", uint8(1)))
	_, err := store.Text(p, "app", "key")
	require.ErrorIs(t, err, store.ErrNotFound)
	for name, index := range p.Namespaces() {
		require.Equal(t, "app", name)
		require.EqualValues(t, 2, index)
	}
}
