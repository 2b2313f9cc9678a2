// SPDX-License-Identifier: Apache-2.0

package nvscheck_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
)

// builder makes pages by hand.
type builder struct {
	image []byte
	page  int
	next  int
}

func newBuilder(sectors int) *builder {
	b := &builder{image: bytes.Repeat([]byte{0xff}, sectors*nvs.SectorSize), page: -1}
	return b.newPage(nvsfmt.Active, 0).item(0, nvsfmt.TypeU8, nvsfmt.NoChunk, "app", []byte{1})
}

func (b *builder) newPage(state nvsfmt.State, seq uint32) *builder {
	b.page++
	b.next = 0
	return b.header(b.page, state, seq)
}

func (b *builder) header(page int, state nvsfmt.State, seq uint32) *builder {
	nvsfmt.Header{State: state, Seq: seq, Version: nvsfmt.Version2}.Put(b.image[page*nvs.SectorSize:])
	return b
}

// item appends an item; data is the data field for types without data entries.
func (b *builder) item(ns, typ, chunk byte, key string, data []byte) *builder {
	var e nvsfmt.Entry
	span := 1
	if nvsfmt.HasData(typ) {
		span = nvsfmt.Span(len(data))
	}
	e.New(ns, typ, span, chunk, nvsfmt.Name{})
	copy(e[8:24], key) // 16 bytes too
	off := nvsfmt.EntryOffset(b.page, b.next)
	if nvsfmt.HasData(typ) {
		e.SetData(len(data), nvsfmt.Sum(data))
		copy(b.image[off+32:], data)
	} else {
		copy(e.Value(), data)
	}
	e.Seal()
	copy(b.image[off:], e[:])
	b.mark(b.next, span, nvsfmt.UseWritten)
	b.next += span
	return b
}

func (b *builder) u8(ns byte, key string, v byte) *builder {
	return b.item(ns, nvsfmt.TypeU8, nvsfmt.NoChunk, key, []byte{v})
}

func (b *builder) str(key, v string) *builder {
	return b.item(1, nvsfmt.TypeString, nvsfmt.NoChunk, key, []byte(v))
}

func (b *builder) chunk(key string, number byte, n int) *builder {
	return b.item(1, nvsfmt.TypeChunk, number, key, make([]byte, n))
}

func (b *builder) index(key string, size, chunks int, base byte) *builder {
	data := binary.LittleEndian.AppendUint32(nil, uint32(size))
	return b.item(1, nvsfmt.TypeIndex, nvsfmt.NoChunk, key, append(data, byte(chunks), base))
}

func (b *builder) mark(from, n int, use nvsfmt.Use) *builder {
	at := b.image[b.page*nvs.SectorSize+32:]
	bits := nvsfmt.ParseBitmap(at)
	bits.Set(from, from+n, use)
	bits.Put(at, 0, 7)
	return b
}

// blank erases an entry of the present page.
func (b *builder) blank(entry int) *builder {
	for i := range 32 {
		b.set(entry, i, 0xff)
	}
	return b
}

// set changes a byte of the present page's entry.
func (b *builder) set(entry, i int, v byte) *builder {
	b.image[nvsfmt.EntryOffset(b.page, entry)+int64(i)] = v
	return b
}

// TestFindings: each irregularity gives one finding, at its place, with its
// severity and its cause, and opening does what the text says.
func TestFindings(t *testing.T) {
	const info, warning, damage = nvscheck.Info, nvscheck.Warning, nvscheck.Error
	type want struct {
		sector, entry int
		severity      nvscheck.Severity
		text          string
	}
	for name, c := range map[string]struct {
		b    *builder
		want []want
	}{
		"sound": {newBuilder(3).u8(1, "n", 1).str("s", "text\x00").chunk("b", 0, 40).index("b", 40, 1, 0), nil},
		"entry's checksum": {newBuilder(3).u8(1, "n", 1).u8(1, "m", 2).set(1, 24, 7),
			[]want{{0, 1, damage, "the entry is marked as written and is no item (checksum is wrong)"}}},
		"run of entries": {newBuilder(3).str("s", "text\x00").u8(1, "m", 2).set(1, 24, 7),
			[]want{{0, 1, damage, "the 2 entries from here on are marked as written and are no items"}}},
		"blank entry": {newBuilder(3).mark(1, 1, nvsfmt.UseWritten),
			[]want{{0, 1, damage, "it is blank: power was cut while the sector was being erased"}}},
		"span": {newBuilder(3).item(1, nvsfmt.TypeIndex, 3, "b", nil),
			[]want{{0, 1, damage, "index with a span or chunk number"}}},
		"illegal mark": {newBuilder(3).u8(1, "n", 1).mark(1, 1, nvsfmt.UseIllegal),
			[]want{{0, 1, warning, "its mark in the bitmap is 01"}}},
		"half written": {newBuilder(3).str("s", "text\x00").mark(2, 1, nvsfmt.UseFree),
			[]want{{0, 1, warning, "string app/s is incomplete: 1 of its 2 entries are marked as written. Power was cut while it was being written"}}},
		"half erased": {newBuilder(3).str("s", "text\x00").mark(2, 1, nvsfmt.UseErased),
			[]want{{0, 1, warning, "Power was cut while it was being erased"}}},
		"not marked": {newBuilder(3).u8(1, "n", 1).mark(1, 1, nvsfmt.UseFree),
			[]want{{0, 1, warning, "u8 app/n was written, but its mark in the bitmap was not"}}},
		"torn entry": {newBuilder(3).u8(1, "n", 1).mark(1, 1, nvsfmt.UseFree).set(1, 4, 0),
			[]want{{0, 1, warning, "the entry is not blank and not marked in the bitmap: power was cut"}}},
		"torn entry that begins blank": {newBuilder(3).set(2, 31, 0),
			[]want{{0, 1, warning, "the 2 entries from here on are not blank and not marked in the bitmap"}}},
		"passed over": {newBuilder(3).u8(1, "n", 1).u8(1, "m", 1).mark(1, 1, nvsfmt.UseFree).
			item(1, nvsfmt.TypeU8, nvsfmt.NoChunk, "o", nil).blank(1),
			[]want{{0, 1, warning, "the entry is blank and not marked in the bitmap, with later ones in use"}}},
		"data checksum": {newBuilder(3).str("s", "text\x00").set(2, 0, 'T'),
			[]want{{0, 1, damage, "string app/s: the checksum of its 5 bytes of data is wrong"}}},
		"chunk number": {newBuilder(3).u8(1, "n", 1).item(1, nvsfmt.TypeU8, 5, "m", nil),
			[]want{{0, 2, warning, "u8 app/m has a chunk number and is no chunk"}}},
		"no terminator": {newBuilder(3).str("s", "text"),
			[]want{{0, 1, damage, "string app/s has no terminator"}}},
		"replaced": {newBuilder(3).u8(1, "n", 1).u8(1, "n", 2),
			[]want{{0, 1, warning, "u8 app/n is the older of two values; the newer one is at sector 0, entry 2"}}},
		"type changed": {newBuilder(3).u8(1, "n", 1).str("n", "\x00"),
			[]want{{0, 1, warning, "changed its type from u8 to string"}}},
		"missing chunk": {newBuilder(3).chunk("b", 0, 40).index("b", 80, 2, 0),
			[]want{{0, 1, warning, "chunk 0 of blob app/b is named by no index, because the blob's index does not add up"},
				{0, 4, warning, "names 2 chunks, and chunk 1 (number 1) is missing. Power was cut while the namespace was being erased"}}},
		"damaged chunk": {newBuilder(3).chunk("b", 0, 40).index("b", 40, 1, 0).set(1, 30, 0),
			[]want{{0, 1, damage, "are no items"}, {0, 4, damage, "does not add up: it names 1 chunks, and chunk 0 (number 0) is missing. The flash is damaged"}}},
		"sizes": {newBuilder(3).chunk("b", 0, 40).index("b", 41, 1, 0),
			[]want{{0, 1, warning, "named by no index"}, {0, 4, warning, "it says 41 bytes, and its 1 chunks have 40"}}},
		"orphan, first value": {newBuilder(3).chunk("b", 0, 1),
			[]want{{0, 1, warning, "chunk 0 of blob app/b is named by no index: power was cut while the blob was being written for the first time"}}},
		"orphan, old value": {newBuilder(3).chunk("b", 128, 1).chunk("b", 0, 1).index("b", 1, 1, 0),
			[]want{{0, 1, warning, "power was cut while the older value was being erased, after its index. The newer value counts"}}},
		"orphan, new value": {newBuilder(3).chunk("b", 0, 1).index("b", 1, 1, 0).chunk("b", 128, 1),
			[]want{{0, 4, warning, "power was cut while a new value was being written, before its index. The older value counts"}}},
		"chunk of the same number": {newBuilder(4).chunk("b", 0, 40).index("b", 40, 1, 0).header(0, nvsfmt.Full, 0).
			newPage(nvsfmt.Active, 1).chunk("b", 0, 1),
			[]want{{1, 0, warning, "The older value counts"}}},
		"unknown type": {newBuilder(3).item(1, 0x33, nvsfmt.NoChunk, "n", nil),
			[]want{{0, 1, info, "type 0x33 app/n is of an unknown type"}}},
		"float": {newBuilder(3).item(1, nvsfmt.TypeFloat, nvsfmt.NoChunk, "n", nil),
			[]want{{0, 1, info, "float app/n is of a type that ESP-IDF knows from 6.1 on"}}},
		"unnamed namespace": {newBuilder(3).u8(7, "n", 1).u8(7, "m", 1),
			[]want{{0, 1, damage, "no namespace has the number 7, and 2 keys do"}}},
		"namespace number": {newBuilder(3).u8(0, "x", 255),
			[]want{{0, 1, damage, "namespace x has the number 255, and 1 to 254 are allowed"}}},
		"namespaces of one number": {newBuilder(3).u8(0, "x", 1),
			[]want{{0, 1, warning, "namespace x has the number 1, and so has namespace app"}}},
		"directory": {newBuilder(3).item(0, nvsfmt.TypeString, nvsfmt.NoChunk, "x", []byte{0}),
			[]want{{0, 1, warning, "is in the directory of namespaces and names none"}}},
		"empty key": {newBuilder(3).u8(1, "", 1),
			[]want{{0, 1, info, `u8 app/"" has an empty name`}}},
		"long key": {newBuilder(3).u8(1, "0123456789abcdef", 1),
			[]want{{0, 1, warning, "has a name of 16 bytes"}}},
		"odd key": {newBuilder(3).u8(1, "\x1b[2J", 1),
			[]want{{0, 1, info, `u8 app/"\x1b[2J" has a name that is not printable ASCII`}}},
		"equal numbers of pages": {newBuilder(4).header(0, nvsfmt.Full, 5).newPage(nvsfmt.Active, 5).u8(1, "n", 1),
			[]want{{1, -1, warning, "sequence number 5 is that of sector 0 too"}}},
		"two active pages": {newBuilder(4).newPage(nvsfmt.Active, 1).u8(1, "n", 1),
			[]want{{0, -1, warning, "only the newest one"}}},
		"gap": {newBuilder(4).header(0, nvsfmt.Full, 2).newPage(nvsfmt.Active, 9).u8(1, "n", 1),
			[]want{{-1, -1, info, "are missing (6)"}}},
		"no active page": {newBuilder(3).header(0, nvsfmt.Full, 0),
			[]want{{-1, -1, info, "no page is active"}}},
		"leftovers": {newBuilder(3).set(9, 0, 0).header(0, nvsfmt.Full, 0),
			[]want{{-1, -1, info, "no page is active"}, {0, 9, info, "1 entries from here on are not blank"}}},
		"no free sector": {newBuilder(3).header(0, nvsfmt.Full, 0).newPage(nvsfmt.Full, 1).newPage(nvsfmt.Active, 2),
			[]want{{-1, -1, damage, "no sector is free, and writing needs one"}}},
		"page change begun": {newBuilder(3).header(0, nvsfmt.Freeing, 0).newPage(nvsfmt.Full, 1),
			[]want{{-1, -1, info, "no page is active"}, {0, -1, warning, "Power was cut before its 1 items were all copied"}}},
		"page change half": {newBuilder(3).u8(1, "n", 1).set(1, 5, 0).header(0, nvsfmt.Freeing, 0).newPage(nvsfmt.Active, 1),
			[]want{{0, -1, warning, "the page is marked as being moved"}, {0, 1, damage, "no item"},
				{1, -1, warning, "incomplete copy of sector 0, with 0 of its 1 items"}}},
		"page change half, data": {newBuilder(3).str("s", "text\x00").header(0, nvsfmt.Freeing, 0).newPage(nvsfmt.Active, 1).
			u8(0, "app", 1).str("s", "text\x00").set(2, 1, 0),
			[]want{{0, -1, warning, "the page is marked as being moved"},
				{1, -1, warning, "incomplete copy of sector 0, with 1 of its 2 items"}}},
		"page change done": {newBuilder(3).u8(1, "n", 1).set(1, 5, 0).header(0, nvsfmt.Freeing, 0).
			newPage(nvsfmt.Active, 1).u8(0, "app", 1),
			[]want{{0, -1, warning, "everything on this page is on sector 1 too, which is newer. Power was cut before or while this " +
				"sector was being erased. Opening erases it. What else is irregular on it does not matter (places: 1)"}}},
		"moved":       {newBuilder(3).header(0, nvsfmt.Corrupt, 0), []want{{0, -1, warning, "marked as corrupt: a page change moved"}}},
		"state word":  {newBuilder(3).header(0, 0xfffffff0, 0), []want{{0, -1, warning, "the state word fffffff0 is no state"}}},
		"torn header": {&builder{image: append([]byte{0xfe}, bytes.Repeat([]byte{0xff}, 3*4096-1)...)}, []want{{0, -1, warning, "a page header that is incomplete"}}},
		"header's checksum": {func() *builder { b := newBuilder(3); b.image[28] ^= 1; return b }(),
			[]want{{0, -1, warning, "the page header's checksum is wrong (b9ba2d85 stored, b9ba2d84 computed)"}}},
		"copy without header": {func() *builder {
			b := newBuilder(3).newPage(nvsfmt.Active, 1).u8(0, "app", 1)
			copy(b.image[4096:], bytes.Repeat([]byte{0xff}, 64))
			return b
		}(), []want{{1, -1, warning, "entries without a page header: power was cut while a page change copied items here"}}},
		"erased in part": {func() *builder {
			b := newBuilder(3).newPage(nvsfmt.Active, 1).u8(0, "app", 1)
			copy(b.image[4096:], bytes.Repeat([]byte{0xff}, 70))
			return b
		}(), []want{{1, -1, warning, "its first 70 bytes are blank"}}},
		"newer format": {func() *builder {
			b := newBuilder(3)
			nvsfmt.Header{State: nvsfmt.Active, Version: 0xfd}.Put(b.image)
			return b
		}(), []want{{-1, -1, damage, "sector 0 has format version 3"}}},
		"rest": {func() *builder { b := newBuilder(3); b.image = append(b.image, 1, 2); return b }(),
			[]want{{-1, -1, warning, "2 bytes behind the last whole sector"}}},
		"too small": {&builder{image: make([]byte, 4095)},
			[]want{{-1, -1, warning, "4095 bytes behind the last whole sector"}, {-1, -1, damage, "the image has no whole sector"}}},
		"empty":         {&builder{}, []want{{-1, -1, damage, "the image has no whole sector"}}},
		"for reading":   {newBuilder(1), []want{{-1, -1, info, "for reading only"}}},
		"nothing right": {newBuilder(3).set(0, 5, 9), []want{{-1, -1, damage, "none of the 1 entries can be read"}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := nvscheck.Check(c.b.image, nil)
			require.Len(t, r.Findings, len(c.want), text(r))
			for i, w := range c.want {
				f := r.Findings[i]
				require.Equal(t, []int{w.sector, w.entry}, []int{f.Sector, f.Entry}, text(r))
				require.Equal(t, w.severity, f.Severity, text(r))
				require.Contains(t, f.Text, w.text)
				offset := int64(-1)
				if w.sector >= 0 {
					offset = int64(w.sector) * 4096
				}
				if w.entry >= 0 {
					offset += 64 + 32*int64(w.entry)
				}
				require.Equal(t, offset, f.Offset)
			}
			agrees(t, c.b.image, nil, r)
		})
	}
}

// Texts name keys, never values.
func TestNoValues(t *testing.T) {
	const secret = "correct horse"
	b := newBuilder(3).str("pass", secret+"\x00").str("pass", secret+"!\x00").str("x", secret).set(6, 0, 'C')
	b.item(1, nvsfmt.TypeChunk, 0, "b", []byte(secret)).str("half", secret+"\x00").mark(10, 1, nvsfmt.UseFree)
	r := nvscheck.Check(b.image, nil)
	require.GreaterOrEqual(t, len(r.Findings), 4, text(r))
	require.NotContains(t, text(r), "horse")
}

// TestItems: values that count, with what a listing needs.
func TestItems(t *testing.T) {
	b := newBuilder(3).u8(1, "n", 1).u8(1, "n", 2).str("s", "text\x00").chunk("b", 0, 40).index("b", 40, 1, 0).
		item(1, nvsfmt.TypeOldBlob, nvsfmt.NoChunk, "old", []byte("abc")).u8(9, "lost", 1).item(1, 0x33, 255, "new", nil)
	require.Equal(t, []nvscheck.Item{
		{Namespace: "app", Key: "n", Type: store.TypeU8, Size: 1, Entry: 2},
		{Namespace: "app", Key: "s", Type: store.TypeString, Size: 4, Entry: 3},
		{Namespace: "app", Key: "b", Type: store.TypeBlob, Size: 40, Entry: 8},
		{Namespace: "app", Key: "old", Type: store.TypeBlob, Old: true, Size: 3, Entry: 9},
		{Key: "lost", Type: store.TypeU8, Size: 1, Entry: 11},
		{Namespace: "app", Key: "new", Type: 0x33, Entry: 12},
	}, nvscheck.Check(b.image, nil).Items)
}

func TestSeverity(t *testing.T) {
	require.Equal(t, "unset info warning error", nvscheck.Severity(0).String()+" "+nvscheck.Info.String()+" "+
		nvscheck.Warning.String()+" "+nvscheck.Error.String())
	r := &nvscheck.Report{}
	require.False(t, r.Irregular())
	r.Findings = []nvscheck.Finding{{Severity: nvscheck.Info}, {Severity: nvscheck.Warning}, {Severity: nvscheck.Info}}
	require.Equal(t, nvscheck.Warning, r.Worst())
	require.True(t, r.Irregular())
}
