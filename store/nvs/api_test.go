// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

func open(t testing.TB, f nvs.Flash) *nvs.Partition {
	t.Helper()
	p, err := nvs.Open(f, nvs.Options{})
	require.NoError(t, err)
	return p
}

func blank(t testing.TB, sectors int64) (*flash.Memory, *nvs.Partition) {
	t.Helper()
	mem := flash.NewMemory(sectors * nvs.SectorSize)
	return mem, open(t, mem)
}

// TestCodes: each error with its number, its sentinel of package store, and a
// text that says what to do.
func TestCodes(t *testing.T) {
	_, p := blank(t, 3)
	require.NoError(t, store.SetInt(p, "app", "n", uint8(1)))
	long := strings.Repeat("k", 16)
	get := func(key string, typ store.Type) error { _, err := p.Get(nil, "app", key, typ); return err }
	for _, x := range []struct {
		err  error
		code nvs.Code
		is   error
		text string
	}{
		{get("none", store.TypeU8), 0x1102, store.ErrNotFound, "store: get app/none: not found"},
		{get("n", store.TypeU16), 0x1102, store.ErrNotFound, "store: get app/n: not found: it is a u8, not a u16"},
		{p.Erase("app", "none"), 0x1102, store.ErrNotFound, "store: erase app/none: not found"},
		{p.Erase("other", "n"), 0x1102, store.ErrNotFound, "store: erase other/n: not found"},
		{p.Set("app", long, store.TypeU8, []byte{1}), 0x1109, store.ErrInvalid, "store: set app/" + long + ": invalid: key is longer than 15 bytes"},
		{p.Set(long, "n", store.TypeU8, []byte{1}), 0x1109, store.ErrInvalid, "store: set " + long + "/n: invalid: namespace is longer than 15 bytes"},
		{get(long, store.TypeU8), 0x1109, store.ErrInvalid, ""},
		{p.Set("app", "", store.TypeU8, []byte{1}), 0x102, store.ErrInvalid, "store: set app: invalid: key is empty"},
		{p.Set("app", "n", store.TypeU8, []byte{1, 2}), 0x102, store.ErrInvalid, "store: set app/n: invalid: u8 of 2 bytes"},
		{p.Set("app", "n", nvs.TypeFloat, make([]byte, 4)), 0x102, store.ErrInvalid, "store: set app/n: invalid: unknown type 0x24"},
		{p.Set("app", "s", store.TypeString, bytes.Repeat([]byte{'s'}, 4000)), 0x110e, store.ErrInvalid, "store: set app/s: invalid: string of 4000 bytes, at most 3999"},
		{p.Set("app", "b", store.TypeBlob, make([]byte, 508001)), 0x110e, store.ErrInvalid, "store: set app/b: invalid: blob of 508001 bytes, at most 508000"},
		{p.Set("app", "b", store.TypeBlob, make([]byte, 8001)), 0x1105, store.ErrFull, "store: set app/b: no space left"},
		{nil, 0, nil, ""},
	} {
		require.Equal(t, x.code.Hex(), nvs.CodeOf(x.err).Hex(), "%v", x.err)
		if x.is != nil {
			require.ErrorIs(t, x.err, x.is)
		}
		if x.text != "" {
			require.EqualError(t, x.err, x.text)
		}
	}
	require.NoError(t, p.Close())
	require.NoError(t, p.Close(), "twice")
	for name, err := range map[string]error{
		"get": get("n", store.TypeU8), "set": p.Set("app", "n", store.TypeU8, []byte{1}), "erase": p.Erase("app", "n"),
		"erase all": p.EraseAll("app"), "commit": p.Commit(), "used": func() error { _, err := p.Used("app"); return err }(),
		"find": func() error { _, err := p.Find("app", "n"); return err }(),
		"entries": func() (err error) {
			for _, e := range p.Entries("") {
				err = e
			}
			return err
		}(),
	} {
		require.Equal(t, nvs.NotInitialized, nvs.CodeOf(err), name)
	}
	require.Equal(t, nvs.Code(0x6001), nvs.CodeOf(flash.ErrInjected))
	for c := nvs.Code(0x1100); c < 0x1120; c++ {
		require.NotEmpty(t, c.Error())
	}
}

// odd is a flash of impossible geometry.
type odd struct {
	nvs.Flash
	size, block int64
}

func (o odd) Size() int64           { return o.size }
func (o odd) EraseBlockSize() int64 { return o.block }

func TestOpenRefuses(t *testing.T) {
	mem := flash.NewMemory(3 * nvs.SectorSize)
	for _, f := range []nvs.Flash{odd{mem, 4095, 4096}, odd{mem, 0, 4096}, odd{mem, 12288, 8192}, odd{mem, 12288, 0}, odd{mem, 12288, 3000}} {
		_, err := nvs.Open(f, nvs.Options{})
		require.ErrorIs(t, err, nvs.InvalidSize)
	}
	// Bytes behind the last whole sector are ignored (nvs.md 1).
	p, err := nvs.Open(odd{mem, 12288 + 100, 4096}, nvs.Options{})
	require.NoError(t, err)
	require.Equal(t, 3*126, p.Stats().Total)

	// A newer version of the format (nvs.md 5.1).
	nvsfmt.Header{State: nvsfmt.Active, Seq: 0, Version: 0xfd}.Put(mem.Bytes())
	before := bytes.Clone(mem.Bytes())
	_, err = nvs.Open(mem, nvs.Options{})
	require.ErrorIs(t, err, nvs.NewVersionFound)
	require.Equal(t, before, mem.Bytes())
}

// TestSmallPartitions: three sectors are the least that can be written, one
// stays free (nvs.md 11).
func TestSmallPartitions(t *testing.T) {
	_, p := blank(t, 1)
	require.ErrorIs(t, store.SetInt(p, "app", "n", uint8(1)), store.ErrFull)
	require.NoError(t, p.Close())

	mem, p := blank(t, 2)
	for i := range 125 {
		require.NoError(t, store.SetInt(p, "app", "n"+strconv.Itoa(i), uint8(1)))
	}
	require.ErrorIs(t, store.SetInt(p, "app", "one more", uint8(1)), store.ErrFull)
	require.ErrorIs(t, store.SetInt(p, "app", "n7", uint8(2)), store.ErrFull, "an update needs room too")
	require.NoError(t, p.Erase("app", "n8"))
	require.NoError(t, store.SetInt(p, "app", "n7", uint8(2)))
	require.NoError(t, p.Close())
	n, err := store.Int[uint8](open(t, mem), "app", "n7")
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
}

// TestFullPartition: what does not fit changes nothing, and everything that
// was there is still there.
func TestFullPartition(t *testing.T) {
	mem, p := blank(t, 3)
	keys := 0
	for ; store.SetInt(p, "app", "n"+strconv.Itoa(keys), uint32(keys)) == nil; keys++ {
	}
	require.Equal(t, 2*126-1, keys)
	require.Equal(t, nvs.Stats{Used: 252, Free: 126, Available: 0, Total: 378, Namespaces: 1}, p.Stats())
	before := bytes.Clone(mem.Bytes())
	require.ErrorIs(t, store.SetText(p, "app", "text", ""), store.ErrFull)
	require.ErrorIs(t, store.SetBlob(p, "app", "blob", nil), store.ErrFull)
	require.ErrorIs(t, store.SetInt(p, "new", "n", uint8(0)), store.ErrFull)
	require.Equal(t, before, mem.Bytes(), "found out before anything was written")
	require.NoError(t, p.Close())
	p = open(t, mem)
	for i := range keys {
		n, err := store.Int[uint32](p, "app", "n"+strconv.Itoa(i))
		require.NoError(t, err)
		require.EqualValues(t, i, n)
	}
	require.NoError(t, p.EraseAll("app"))
	require.NoError(t, store.SetBlob(p, "app", "blob", bytes.Repeat([]byte{1}, 7900)))
}

func TestLimits(t *testing.T) {
	// 254 namespaces (nvs.md 11).
	_, p := blank(t, 6)
	for i := range 254 {
		require.NoError(t, store.SetInt(p, "ns"+strconv.Itoa(i), "n", uint8(i)))
	}
	require.ErrorIs(t, store.SetInt(p, "ns254", "n", uint8(0)), store.ErrFull)
	require.NoError(t, p.EraseAll("ns7"))
	require.ErrorIs(t, store.SetInt(p, "ns254", "n", uint8(0)), store.ErrFull, "a namespace keeps its number")
	require.Equal(t, 254, p.Stats().Namespaces)
	used, err := p.Used("ns8")
	require.NoError(t, err)
	require.Equal(t, 1, used)
	_, err = p.Used("none")
	require.ErrorIs(t, err, store.ErrNotFound)

	// The largest values, on the smallest partitions that take them.
	mem, p := blank(t, 129)
	largest := make([]byte, store.MaxBlob)
	for i := range largest {
		largest[i] = byte(i * 7)
	}
	require.NoError(t, store.SetInt(p, "app", "n", uint8(1)), "no page is empty any more")
	require.NoError(t, store.SetBlob(p, "app", "blob", largest))
	require.NoError(t, p.Close())
	p = open(t, mem)
	got, err := store.Blob(p, "app", "blob")
	require.NoError(t, err)
	require.True(t, bytes.Equal(largest, got))
	typ, err := p.Find("app", "blob")
	require.NoError(t, err)
	require.Equal(t, store.TypeBlob, typ)

	_, p = blank(t, 3)
	text := strings.Repeat("x", store.MaxString)
	require.NoError(t, store.SetText(p, "app", "text", text))
	s, err := store.Text(p, "app", "text")
	require.NoError(t, err)
	require.Equal(t, text, s)
}

// TestSameValueIsNotWritten, whatever its kind: a blob of several chunks too,
// which the C original rewrites (nvs.md 10.6).
func TestSameValueIsNotWritten(t *testing.T) {
	for _, o := range []nvs.Options{{}, {Keys: vectorKeys()}} {
		c := flash.NewCounter(flash.NewMemory(8 * nvs.SectorSize))
		p, err := nvs.Open(c, o)
		require.NoError(t, err)
		set := func(last byte) {
			blob := append(bytes.Repeat([]byte{1, 2, 3}, 3000), last)
			require.NoError(t, p.Set("app", "blob", store.TypeBlob, blob))
			require.NoError(t, p.Set("app", "text", store.TypeString, append(bytes.Repeat([]byte{'x'}, 600), last)))
			require.NoError(t, p.Set("app", "u64", store.TypeU64, []byte{1, 2, 3, 4, 5, 6, 7, last}))
		}
		set(1)
		c.Reset()
		set(1)
		require.Zero(t, c.Counts().Writes)
		set(2)
		require.NotZero(t, c.Counts().Writes)
	}
}

// TestWearIsSpread: each sector is erased about as often as the others, also
// that with the namespace's item, which nothing ever changes.
func TestWearIsSpread(t *testing.T) {
	r := flash.NewRecorder(flash.NewMemory(6 * nvs.SectorSize))
	p := open(t, r)
	for i := range 20000 {
		require.NoError(t, store.SetInt(p, "app", "n"+strconv.Itoa(i%10), uint32(i)))
	}
	erases := map[int64]int{}
	for _, op := range r.Ops() {
		if op.IsErase() {
			erases[op.Off/nvs.SectorSize]++
		}
	}
	require.Len(t, erases, 6)
	for sector, n := range erases {
		require.InDelta(t, 20000/126/6, n, 6, "sector %d", sector)
	}
}

// TestUnknownTypesStay: items that a newer release wrote survive page changes,
// unseen (nvs.md 4.7: 5.x erases them).
func TestUnknownTypesStay(t *testing.T) {
	mem, p := blank(t, 3)
	require.NoError(t, store.SetInt(p, "app", "n", uint32(0)))
	require.NoError(t, p.Close())
	var future, float nvsfmt.Entry
	future.New(1, 0x77, 2, nvsfmt.NoChunk, nvsfmt.NameOf("future"))
	future.Seal()
	float.New(1, nvsfmt.TypeFloat, 1, nvsfmt.NoChunk, nvsfmt.NameOf("float"))
	copy(float.Value(), []byte{0xdb, 0x0f, 0x49, 0x40})
	float.Seal()
	copy(mem.Bytes()[64+2*32:], future[:])
	copy(mem.Bytes()[64+3*32:], "the data of a type to come ......")
	copy(mem.Bytes()[64+4*32:], float[:])
	bits := nvsfmt.ParseBitmap(mem.Bytes()[32:])
	bits.Set(2, 5, nvsfmt.UseWritten)
	bits.Put(mem.Bytes()[32:], 0, 7)

	p = open(t, mem)
	for i := range 1000 {
		require.NoError(t, store.SetInt(p, "app", "n", uint32(i)))
	}
	require.NoError(t, p.Close())
	require.Contains(t, string(mem.Bytes()), "the data of a type to come")
	p = open(t, mem)
	v, err := p.Get(nil, "app", "float", nvs.TypeFloat)
	require.NoError(t, err)
	require.Equal(t, []byte{0xdb, 0x0f, 0x49, 0x40}, v)
	listed := ""
	for e, err := range p.Entries("app") {
		require.NoError(t, err)
		listed += fmt.Sprint(e.Key, " ", e.Type, "; ")
	}
	require.Equal(t, "float type 0x24; n u32; ", listed)
	require.NoError(t, store.SetInt(p, "app", "future", uint8(1)), "by its name it can be replaced")
	require.NoError(t, p.Erase("app", "float"))
}

// TestSequenceNumbersEnd: a partition whose numbers are used up can be read,
// and says that it takes no more pages.
func TestSequenceNumbersEnd(t *testing.T) {
	mem := flash.NewMemory(3 * nvs.SectorSize)
	nvsfmt.Header{State: nvsfmt.Active, Seq: 0xffffffff, Version: nvsfmt.Version2}.Put(mem.Bytes())
	p := open(t, mem)
	n := 0
	for ; store.SetInt(p, "app", "n", uint32(n)) == nil; n++ {
	}
	require.Equal(t, 125, n)
	got, err := store.Int[uint32](open(t, mem), "app", "n")
	require.NoError(t, err)
	require.EqualValues(t, n-1, got)
}

// TestSmallEraseBlocks: a flash may erase in parts of a sector.
func TestSmallEraseBlocks(t *testing.T) {
	mem := flash.NewMemory(3 * nvs.SectorSize)
	p := open(t, smallBlocks{mem})
	for i := range 1000 {
		require.NoError(t, store.SetInt(p, "app", "n", uint32(i)))
	}
	n, err := store.Int[uint32](open(t, mem), "app", "n")
	require.NoError(t, err)
	require.EqualValues(t, 999, n)
}

type smallBlocks struct{ *flash.Memory }

func (smallBlocks) EraseBlockSize() int64 { return 1024 }

func (s smallBlocks) EraseBlocks(start, n int64) error {
	if start%4 != 0 || n != 4 {
		return flash.ErrInjected
	}
	return s.Memory.EraseBlocks(start/4, 1)
}
