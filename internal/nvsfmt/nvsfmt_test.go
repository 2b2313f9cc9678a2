// SPDX-License-Identifier: Apache-2.0

package nvsfmt_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func entry(t testing.TB, s string) *nvsfmt.Entry {
	t.Helper()
	return (*nvsfmt.Entry)(unhex(t, s))
}

// The examples of the specification (nvs.md 2, 3.1, 4).
func TestSum(t *testing.T) {
	for data, want := range map[string]uint32{"": 0xffffffff, "a": 0xc54aae31, "123456789": 0xd202d277} {
		require.Equal(t, want, nvsfmt.Sum([]byte(data)), data)
	}
	require.Equal(t, uint32(0xd202d277), nvsfmt.Continue(nvsfmt.Sum([]byte("1234")), []byte("56789")))
}

func TestHeader(t *testing.T) {
	for want, h := range map[string]nvsfmt.Header{
		"842dbab9": {State: nvsfmt.Active, Seq: 0, Version: nvsfmt.Version2},
		"a3489f38": {State: nvsfmt.Full, Seq: 1, Version: nvsfmt.Version2},
		"c216dddc": {State: nvsfmt.Freeing, Seq: 0, Version: nvsfmt.Version1},
	} {
		var b [32]byte
		h.Put(b[:])
		require.Equal(t, want, hex.EncodeToString(b[28:]))
		got, ok := nvsfmt.ParseHeader(b[:])
		require.True(t, ok)
		require.Equal(t, h, got)
		for i := range b {
			bad := b
			bad[i] ^= 0x40
			_, ok := nvsfmt.ParseHeader(bad[:])
			require.False(t, ok, "byte %d", i)
		}
	}
	_, ok := nvsfmt.ParseHeader([]byte(strings.Repeat("\xff", 32)))
	require.False(t, ok)
}

func TestBitmap(t *testing.T) {
	m := nvsfmt.NewBitmap()
	b := make([]byte, 32)
	for i, want := range []string{"feffffff", "faffffff", "eaffffff", "aaffffff", "aafeffff"} {
		m.Set(i, i+1, nvsfmt.UseWritten)
		m.Put(b, 0, 7)
		require.Equal(t, want, hex.EncodeToString(b[:4]))
	}
	m.Set(1, 2, nvsfmt.UseErased)
	m.Put(b, 0, 7)
	require.Equal(t, byte(0xa2), b[0])
	require.Equal(t, m, nvsfmt.ParseBitmap(b))
	require.True(t, m.All(2, 5, nvsfmt.UseWritten))
	require.False(t, m.All(1, 5, nvsfmt.UseWritten))
	require.Equal(t, nvsfmt.UseFree, m.At(125))
	m.Set(0, nvsfmt.EntriesPerPage, nvsfmt.UseErased)
	m.Put(b, 7, 7)
	require.Equal(t, "000000f0", hex.EncodeToString(b[:4]), "entries 126 and 127 do not exist")
}

// examples are first entries with what they say.
var examples = []struct {
	name, hex string
	make      func(e *nvsfmt.Entry)
}{
	{"u32", "010401ff eb558dfa 616e7377657200000000000000000000 2a000000ffffffff", func(e *nvsfmt.Entry) {
		e.New(1, 0x04, 1, nvsfmt.NoChunk, nvsfmt.NameOf("answer"))
		copy(e.Value(), []byte{42, 0, 0, 0})
	}},
	{"string", "012102ff 3c29e491 67726565740000000000000000000000 0600ffff6287d298", func(e *nvsfmt.Entry) {
		e.New(1, nvsfmt.TypeString, 2, nvsfmt.NoChunk, nvsfmt.NameOf("greet"))
		e.SetData(6, nvsfmt.Sum([]byte("hello\x00")))
	}},
	{"chunk", "01420300 214ad11a 626c6f62000000000000000000000000 2800ffff72ecb51b", func(e *nvsfmt.Entry) {
		e.New(1, nvsfmt.TypeChunk, 3, 0, nvsfmt.NameOf("blob"))
		data := make([]byte, 40)
		for i := range data {
			data[i] = byte(i)
		}
		e.SetData(40, nvsfmt.Sum(data))
	}},
	{"index", "014801ff b9864756 626c6f62000000000000000000000000 280000000100ffff", func(e *nvsfmt.Entry) {
		e.New(1, nvsfmt.TypeIndex, 1, nvsfmt.NoChunk, nvsfmt.NameOf("blob"))
		e.SetIndex(40, 1, 0)
	}},
	{"namespace", "000101ff 8ae1d870 61707000000000000000000000000000 01ffffffffffffff", func(e *nvsfmt.Entry) {
		e.New(0, nvsfmt.TypeU8, 1, nvsfmt.NoChunk, nvsfmt.NameOf("app"))
		e.Value()[0] = 1
	}},
}

func TestEntries(t *testing.T) {
	for _, x := range examples {
		want := entry(t, x.hex)
		require.Empty(t, want.Fault(0), x.name)
		var got nvsfmt.Entry
		x.make(&got)
		got.Seal()
		require.Equal(t, *want, got, x.name)
		for i := range want {
			bad := *want
			bad[i] ^= 0x10
			require.Equal(t, "checksum is wrong", bad.Fault(0), "%s, byte %d", x.name, i)
		}
	}
	e := entry(t, examples[3].hex)
	size, chunks, base := e.Index()
	require.Equal(t, []any{40, 1, byte(0)}, []any{size, chunks, base})
	require.Equal(t, "blob", e.Name().String())
}

// TestFaults: entries with a right checksum that are inconsistent all the same
// (nvs.md 4.7).
func TestFaults(t *testing.T) {
	u32, text, chunk, index := examples[0].hex, examples[1].hex, examples[2].hex, examples[3].hex
	for _, x := range []struct {
		name, hex string
		at        int
		change    func(e *nvsfmt.Entry)
		fault     string
	}{
		{"good", u32, 125, nil, ""},
		{"u32 of two", u32, 0, func(e *nvsfmt.Entry) { e[2] = 2 }, "span of a fixed-size value is not 1"},
		{"span 0", u32, 0, func(e *nvsfmt.Entry) { e[2] = 0 }, "span reaches beyond the page"},
		{"string at the end", text, 124, nil, ""},
		{"string beyond the end", text, 125, nil, "span reaches beyond the page"},
		{"string longer than its span", text, 0, func(e *nvsfmt.Entry) { e[24] = 33 }, "span does not fit the size"},
		{"string with a chunk number", text, 0, func(e *nvsfmt.Entry) { e[3] = 1 }, "chunk number does not fit the type"},
		{"chunk without a number", chunk, 0, func(e *nvsfmt.Entry) { e[3] = 0xff }, "chunk number does not fit the type"},
		{"index with a chunk number", index, 0, func(e *nvsfmt.Entry) { e[3] = 0 }, "index with a span or chunk number"},
		{"index of two", index, 0, func(e *nvsfmt.Entry) { e[2] = 2 }, "index with a span or chunk number"},
		{"index of 508,001 bytes", index, 0, func(e *nvsfmt.Entry) { e.SetIndex(508001, 127, 0) }, "index with impossible size, count or base"},
		{"index of 4 GiB", index, 0, func(e *nvsfmt.Entry) { copy(e.Value(), "\xff\xff\xff\xff") }, "index with impossible size, count or base"},
		{"index of 128 chunks", index, 0, func(e *nvsfmt.Entry) { e.SetIndex(1, 128, 0) }, ""},
		{"index of 129 chunks", index, 0, func(e *nvsfmt.Entry) { e.SetIndex(1, 129, 0) }, "index with impossible size, count or base"},
		{"index of 127 chunks from 128 on", index, 0, func(e *nvsfmt.Entry) { e.SetIndex(1, 127, 128) }, ""},
		{"index of 128 chunks from 128 on", index, 0, func(e *nvsfmt.Entry) { e.SetIndex(1, 128, 128) }, "index with impossible size, count or base"},
		{"index with base 1", index, 0, func(e *nvsfmt.Entry) { e.SetIndex(1, 1, 1) }, "index with impossible size, count or base"},
		{"unknown type", u32, 0, func(e *nvsfmt.Entry) { e[1], e[2] = 0x77, 3 }, ""},
	} {
		e := entry(t, x.hex)
		if x.change != nil {
			x.change(e)
			e.Seal()
		}
		require.Equal(t, x.fault, e.Fault(x.at), x.name)
	}
}

func TestSpan(t *testing.T) {
	for size, want := range map[int]int{0: 1, 1: 2, 32: 2, 33: 3, 4000: 126} {
		require.Equal(t, want, nvsfmt.Span(size))
	}
}

func TestNames(t *testing.T) {
	require.Equal(t, "exactly fifteen", nvsfmt.NameOf("exactly fifteen characters").String())
	require.Equal(t, "sixteen letters.", nvsfmt.AnyName("sixteen letters. and more").String())
	e := entry(t, examples[0].hex)
	require.True(t, e.Named(1, nvsfmt.NameOf("answer"), nvsfmt.NoChunk))
	require.False(t, e.Named(2, nvsfmt.NameOf("answer"), nvsfmt.NoChunk))
	require.False(t, e.Named(1, nvsfmt.NameOf("answe"), nvsfmt.NoChunk))
	require.False(t, e.Named(1, nvsfmt.NameOf("answer"), 0))
	e[20] = 'x' // behind the terminator
	require.True(t, e.Named(1, nvsfmt.NameOf("answer"), nvsfmt.NoChunk))
	copy(e[8:24], "sixteen letters.")
	require.Equal(t, "sixteen letters.", e.Name().String())
}

func TestIsErased(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(strings.Repeat("\xff", rapid.IntRange(1, 70).Draw(t, "len")))
		require.True(t, nvsfmt.IsErased(b))
		b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] &^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		require.False(t, nvsfmt.IsErased(b))
	})
	require.True(t, nvsfmt.IsErased(nil))
}

func TestEntryOffset(t *testing.T) {
	require.EqualValues(t, 64, nvsfmt.EntryOffset(0, 0))
	require.EqualValues(t, 2*4096+64+32*125, nvsfmt.EntryOffset(2, 125))
}
