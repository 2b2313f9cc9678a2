// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// handmade is an image put together by hand: what no writer makes, but is found
// in the field.
type handmade struct {
	*flash.Memory
	next []int // of each page
}

func byHand(sectors int, states ...nvsfmt.State) *handmade {
	h := &handmade{flash.NewMemory(int64(sectors) * nvs.SectorSize), make([]int, len(states))}
	for i, s := range states {
		nvsfmt.Header{State: s, Seq: uint32(i), Version: nvsfmt.Version2}.Put(h.page(i))
	}
	return h
}

func (h *handmade) page(i int) []byte { return h.Bytes()[i*nvs.SectorSize:][:nvs.SectorSize] }

func (h *handmade) add(page int, e *nvsfmt.Entry, data []byte) *handmade {
	put(h.page(page), h.next[page], e, data)
	h.next[page] += e.Span()
	return h
}

func (h *handmade) u8(page int, ns byte, key string, v byte) *handmade {
	var e nvsfmt.Entry
	e.New(ns, nvsfmt.TypeU8, 1, nvsfmt.NoChunk, nvsfmt.AnyName(key))
	e.Value()[0] = v
	return h.add(page, &e, nil)
}

// fill uses a page up.
func (h *handmade) fill(page int, ns byte) *handmade {
	for i := 0; h.next[page] < nvsfmt.EntriesPerPage; i++ {
		h.u8(page, ns, "fill"+strconv.Itoa(page)+"-"+strconv.Itoa(i), byte(i))
	}
	return h
}

// twice is a partition where the namespace app has the number 1 with the key
// a, and on a later page the number 2 with the key b.
func twice() *handmade {
	h := byHand(4, nvsfmt.Full, nvsfmt.Active)
	h.u8(0, 0, "app", 1).u8(0, 1, "a", 11).fill(0, 1)
	return h.u8(1, 0, "app", 2).u8(1, 2, "b", 22)
}

// TestNamespaceTwice: of two entries with one name on different pages the first
// counts, and opening changes nothing (nvs.md 5.9).
func TestNamespaceTwice(t *testing.T) {
	h := twice()
	before := bytes.Clone(h.Bytes())
	p := open(t, h.Memory)
	require.True(t, bytes.Equal(before, h.Bytes()), "opening changed the partition")
	l := list(t, p)
	require.Len(t, l.keys, 125)
	require.Equal(t, "u8 11", l.values["app/a"])
	require.NotContains(t, l.values, "app/b", "out of reach")
	_, err := p.Find("app", "b")
	require.ErrorIs(t, err, store.ErrNotFound)
	names := map[string]uint8{}
	for name, index := range p.Namespaces() {
		require.NotContains(t, names, name, "listed once")
		names[name] = index
	}
	require.Equal(t, map[string]uint8{"app": 1}, names)
	used, err := p.Used("app")
	require.NoError(t, err)
	require.Equal(t, 125, used)

	// Its number is not given to another one, also when nothing has it.
	require.NoError(t, store.SetInt(p, "new", "n", uint8(1)))
	for name, index := range p.Namespaces() {
		require.Equal(t, map[string]uint8{"app": 1, "new": 3}[name], index)
	}
	h = byHand(4, nvsfmt.Full, nvsfmt.Active).u8(0, 0, "app", 1).u8(1, 0, "app", 2).u8(1, 1, "a", 11)
	p = open(t, h.Memory)
	require.NoError(t, store.SetInt(p, "new", "n", uint8(1)))
	for name, index := range p.Namespaces() {
		require.Equal(t, map[string]uint8{"app": 1, "new": 3}[name], index)
	}
}

// TestNamespaceTwiceStays: writing, with page changes that move the entries and
// with power cut at each flash operation, does not make the other number count.
func TestNamespaceTwiceStays(t *testing.T) {
	h := twice()
	r := flash.NewRecorder(h.Memory)
	before := bytes.Clone(h.Bytes())
	p := open(t, r)
	for i := range 124 { // so that page 0 is moved first
		require.NoError(t, p.Erase("app", "fill0-"+strconv.Itoa(i)))
	}
	for i := range 2000 {
		require.NoError(t, store.SetInt(p, "app", "n"+strconv.Itoa(i%40), uint32(i)))
	}
	require.NoError(t, p.Close())
	l := list(t, open(t, h.Memory))
	require.Len(t, l.keys, 1+40)
	require.Equal(t, "u8 11", l.values["app/a"])
	replay := flash.NewReplay(before, r.Ops())
	erased := 0
	for n := range replay.Len() + 1 {
		if n < replay.Len() && r.Ops()[n].IsErase() {
			erased++
		}
		if n%7 != 0 && erased == 0 {
			continue
		}
		p, err := nvs.Open(replay.At(n, flash.Part{}), nvs.Options{ReadOnly: true})
		require.NoError(t, err)
		a, err := store.Int[uint8](p, "app", "a")
		require.NoError(t, err, "operation %d", n)
		require.EqualValues(t, 11, a)
	}
	require.Greater(t, erased, 10)
}

// TestNamespaceTwiceWhereAnEntryIsErased: where ESP-IDF erases one of the two,
// the same one goes (nvs.md 5.3, 5.6).
func TestNamespaceTwiceWhereAnEntryIsErased(t *testing.T) {
	for name, c := range map[string]struct {
		h       *handmade
		want    string // the keys that are left
		repairs int
	}{
		"one active page": {byHand(3, nvsfmt.Active).
			u8(0, 0, "app", 1).u8(0, 1, "a", 1).u8(0, 0, "app", 2).u8(0, 2, "b", 1), "app/b", 1},
		"three on one active page": {byHand(3, nvsfmt.Active).
			u8(0, 0, "app", 1).u8(0, 1, "a", 1).u8(0, 0, "app", 2).u8(0, 2, "b", 1).u8(0, 0, "app", 3).u8(0, 3, "c", 1), "app/c", 2},
		"one full page": {byHand(4, nvsfmt.Full, nvsfmt.Active).
			u8(0, 0, "app", 1).u8(0, 1, "a", 1).u8(0, 0, "app", 2).u8(0, 2, "b", 1).u8(1, 2, "c", 1), "app/a", 0},
		"the last item": {byHand(4, nvsfmt.Full, nvsfmt.Active).
			u8(0, 0, "app", 1).u8(0, 1, "a", 1).u8(0, 2, "b", 1).u8(1, 0, "app", 2), "app/b", 1},
		"the last item of a full page": {byHand(4, nvsfmt.Full, nvsfmt.Full).
			u8(0, 0, "app", 1).u8(0, 1, "a", 1).u8(0, 2, "b", 1).u8(1, 0, "app", 2), "app/b", 1},
		"the last item, the third": {byHand(5, nvsfmt.Full, nvsfmt.Full, nvsfmt.Active).
			u8(0, 0, "app", 1).u8(0, 1, "a", 1).u8(1, 0, "app", 2).u8(1, 2, "b", 1).u8(2, 3, "c", 1).u8(2, 0, "app", 3), "app/c", 2},
		"the same number": {byHand(4, nvsfmt.Full, nvsfmt.Active).
			u8(0, 0, "app", 1).u8(0, 1, "a", 1).u8(1, 0, "app", 1).u8(1, 2, "b", 1), "app/a", 0},
		"equal hashes": {collidingNames(), "app/a", 0},
		"no name but another value": {func() *handmade {
			h := byHand(3, nvsfmt.Active)
			var e nvsfmt.Entry
			e.New(0, 0x02, 1, nvsfmt.NoChunk, nvsfmt.NameOf("app"))
			return h.u8(0, 0, "app", 1).add(0, &e, nil).u8(0, 1, "a", 1)
		}(), "app/a", 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := flash.NewCounter(c.h.Memory)
			p := open(t, f)
			require.Equal(t, []string{c.want}, list(t, p).keys)
			require.Equal(t, c.repairs > 0, f.Counts().Writes > 0)
			require.NoError(t, p.Close())
			require.Equal(t, []string{c.want}, list(t, open(t, c.h.Memory)).keys)
		})
	}
}

// collidingNames has namespaces with equal hashes on an active page, the last
// of them its last item but one.
func collidingNames() *handmade {
	h := byHand(3, nvsfmt.Active).u8(0, 0, "app", 1).u8(0, 1, "a", 1)
	want := nvs.HashOf(0, "app")
	for i := uint64(0); ; i++ {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], i*0x9e3779b97f4a7c15)
		if name := string(b[:]); bytes.IndexByte(b[:], 0) < 0 && nvs.HashOf(0, name) == want {
			return h.u8(0, 0, name, 2).u8(0, 0, name+"x", 3)
		}
	}
}

// TestTwoNamesOfOneNamespace both lead to its keys, as in ESP-IDF, which lists
// them under the first.
func TestTwoNamesOfOneNamespace(t *testing.T) {
	h := byHand(3, nvsfmt.Active).u8(0, 0, "app", 1).u8(0, 0, "old", 1).u8(0, 1, "a", 11)
	p := open(t, h.Memory)
	require.Equal(t, []string{"app/a"}, list(t, p).keys)
	for _, name := range []string{"app", "old"} {
		v, err := store.Int[uint8](p, name, "a")
		require.NoError(t, err)
		require.EqualValues(t, 11, v)
	}
	require.NoError(t, p.Erase("old", "a"))
	require.Empty(t, list(t, p).keys)
}

// TestOddNames: what others stored under names that Set refuses is listed, read
// and erased.
func TestOddNames(t *testing.T) {
	for _, name := range []string{"", "caf\xc3\xa9", "\xff\xfe", "\x1b[2J", "sixteen letters."} {
		t.Run(strconv.Quote(name), func(t *testing.T) {
			h := byHand(3, nvsfmt.Active).u8(0, 0, "app", 1).u8(0, 0, name, 2)
			h.u8(0, 1, name, 11).u8(0, 2, "key", 22).u8(0, 2, name, 33).u8(0, 2, "c", 44)
			p := open(t, h.Memory)
			want := map[string]string{"app/" + name: "u8 11", name + "/key": "u8 22", name + "/" + name: "u8 33", name + "/c": "u8 44"}
			require.Equal(t, want, list(t, p).values)
			typ, err := p.Find(name, name)
			require.NoError(t, err)
			require.Equal(t, store.TypeU8, typ)
			used, err := p.Used(name)
			require.NoError(t, err)
			require.Equal(t, 3, used)
			require.ErrorIs(t, store.SetInt(p, "app", name, uint8(1)), store.ErrInvalid, "no more of them are made")
			require.ErrorIs(t, store.SetInt(p, name, "key", uint8(1)), store.ErrInvalid)
			require.NoError(t, p.Erase("app", name))
			require.NoError(t, p.Erase(name, "key"))
			require.ErrorIs(t, p.Erase(name, "key"), store.ErrInvalid)
			require.NoError(t, p.EraseAll(name))
			require.NoError(t, p.Close())
			require.Empty(t, list(t, open(t, h.Memory)).keys)
		})
	}
	// None that cannot be there is taken for another.
	h := byHand(3, nvsfmt.Active).u8(0, 0, "app", 1).u8(0, 1, "a", 11).u8(0, 1, "sixteen letters.", 1)
	p := open(t, h.Memory)
	for _, name := range []string{"a\x00", "a\x00b", "sixteen letters..", "sixteen letters"} {
		require.Error(t, p.Erase("app", name), name)
		_, err := p.Find("app", name)
		require.Error(t, err, name)
	}
	require.ErrorIs(t, p.EraseAll("app\x00"), store.ErrInvalid)
	require.Len(t, list(t, p).keys, 2)
}
