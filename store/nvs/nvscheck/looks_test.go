// SPDX-License-Identifier: Apache-2.0

package nvscheck_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
)

// TestLooksOfImages: every image of the specification is one of a partition,
// whole or interrupted.
func TestLooksOfImages(t *testing.T) {
	for _, name := range specNames(t, "*.bin") {
		b, err := os.ReadFile(spectest.Path(t, "nvs-images", name))
		require.NoError(t, err)
		l := nvscheck.Looks(b)
		if strings.HasPrefix(name, "keys_") {
			require.Equal(t, nvscheck.Other, l.Kind, name)
			require.Contains(t, l.What, "keys", name)
			continue
		}
		if len(b) < nvs.SectorSize {
			continue
		}
		require.Equal(t, nvscheck.Look{Kind: nvscheck.Partition, FirstPage: -1}, l, name)
		require.Empty(t, nvscheck.Check(b, nil).Foreign, name)
	}
}

// TestLooksOfDamage: pages of which something is left are told from other
// things.
func TestLooksOfDamage(t *testing.T) {
	one := func(edit func(b []byte)) []byte {
		b := newBuilder(3).u8(1, "n", 1).image
		edit(b)
		return b
	}
	rest := func(b []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
	}
	for name, c := range map[string]struct {
		b    []byte
		kind nvscheck.Kind
	}{
		"blank":                     {bytes.Repeat([]byte{0xff}, 4096), nvscheck.Partition},
		"blank, cut off":            {bytes.Repeat([]byte{0xff}, 5000), nvscheck.Partition},
		"blank, too short":          {bytes.Repeat([]byte{0xff}, 4095), nvscheck.Other},
		"sequence number":           {one(func(b []byte) { b[4] = 9 }), nvscheck.Damaged},
		"marked corrupt":            {one(func(b []byte) { clear(b[:4]) }), nvscheck.Damaged},
		"state":                     {one(func(b []byte) { b[0] = 0x55 }), nvscheck.Damaged},
		"header, but reserved":      {one(func(b []byte) { rest(b[:8], 1); rest(b[28:32], 2) }), nvscheck.Damaged},
		"header, but the entries":   {one(func(b []byte) { rest(b[:64], 3) }), nvscheck.Damaged},
		"all but the state":         {one(func(b []byte) { rest(b[4:4096], 4) }), nvscheck.Damaged},
		"header erased":             {one(func(b []byte) { copy(b[:64], bytes.Repeat([]byte{0xff}, 64)) }), nvscheck.Damaged},
		"everything":                {one(func(b []byte) { rest(b[:4096], 5) }), nvscheck.Other},
		"one sector of two":         {one(func(b []byte) { rest(b[4096:8192], 6) }), nvscheck.Partition},
		"two sectors of three":      {one(func(b []byte) { rest(b[4096:], 7) }), nvscheck.Larger},
		"a program in the free one": {one(func(b []byte) { copy(b[8192:], "\xe9\x03\x02\x20\x00\x00\x00\x40"); rest(b[8200:], 8) }), nvscheck.Larger},
		"what chooses an application": {one(func(b []byte) {
			copy(b[8192:], "\x01\x00\x00\x00"+strings.Repeat("\xff", 24))
			binary.LittleEndian.PutUint32(b[8192+28:], nvsfmt.Sum(b[8192:8196]))
		}), nvscheck.Larger},
		"the radio's calibration": {one(func(b []byte) { copy(b[8192:], "PHYINIT\x00data") }), nvscheck.Larger},
		"torn header":             {one(func(b []byte) { copy(b[20:4096], bytes.Repeat([]byte{0xff}, 4076)) }), nvscheck.Partition},
	} {
		l := nvscheck.Looks(c.b)
		require.Equal(t, c.kind, l.Kind, name)
		require.Equal(t, c.kind == nvscheck.Other || c.kind == nvscheck.Larger, l.What != "", name)
		require.Equal(t, c.kind == nvscheck.Larger, l.FirstPage >= 0, name)
		r := nvscheck.Check(c.b, nil)
		require.Equal(t, c.kind == nvscheck.Other, r.Foreign != "", name)
		if c.kind == nvscheck.Other {
			require.Equal(t, nvscheck.Error, r.Worst(), name)
		}
		agrees(t, c.b, nil, r)
	}
}

// TestPartitionTable: the rows of a table count, whatever follows them.
func TestPartitionTable(t *testing.T) {
	row := func(b []byte, at int, name string, offset uint32) {
		copy(b[at:], []byte{0xaa, 0x50, 1, 2, byte(offset), byte(offset >> 8), byte(offset >> 16), 0, 0, 0x10, 0, 0})
		copy(b[at+12:], append([]byte(name), make([]byte, 20-len(name))...))
	}
	dump := bytes.Repeat([]byte{0xff}, 0x10000)
	row(dump, 0x8000, "nvs", 0x9000)
	row(dump, 0x8020, "sixteen letters.", 0xa000)
	row(dump, 0x8040, "beyond", 0x10000)
	want := []nvscheck.FlashPartition{
		{Name: "nvs", Type: 1, Subtype: 2, Offset: 0x9000, Size: 0x1000},
		{Name: "sixteen letters.", Type: 1, Subtype: 2, Offset: 0xa000, Size: 0x1000},
	}
	require.Equal(t, want, nvscheck.Partitions(dump))
	require.True(t, want[0].IsNVS())
	require.False(t, (&nvscheck.FlashPartition{Type: 1, Subtype: 4}).IsNVS())
	require.Equal(t, nvscheck.Larger, nvscheck.Looks(dump).Kind)
	for name, edit := range map[string]func(b []byte){
		"no row":           func(b []byte) { b[0x8000] = 0xff },
		"other magic":      func(b []byte) { b[0x8001] = 0x51 },
		"no size":          func(b []byte) { clear(b[0x8008:0x800c]) },
		"impossible size":  func(b []byte) { b[0x800b] = 0xff },
		"impossible place": func(b []byte) { b[0x8007] = 0xff },
	} {
		b := bytes.Clone(dump)
		edit(b)
		require.Nil(t, nvscheck.Partitions(b), name)
	}
	for _, edit := range []func(b []byte){
		func(b []byte) { b[0x8060] = 1 },
		func(b []byte) { b[0x8060], b[0x8061] = 0xeb, 0xeb },
		func(b []byte) { clear(b[0x8060:0x9000]) },
		func(b []byte) { b[0x804b] = 0xff },
	} {
		b := bytes.Clone(dump)
		edit(b)
		require.Equal(t, want, nvscheck.Partitions(b))
	}
	require.Nil(t, nvscheck.Partitions(dump[:0x8010]))
	require.Nil(t, nvscheck.Partitions(nil))

	// A table without an end of its own ends after 3 KiB.
	for i := range 96 {
		row(dump, 0x8000+32*i, "nvs", 0x9000)
	}
	require.Len(t, nvscheck.Partitions(dump), 96)
}

// FuzzLooks: any bytes look like something.
func FuzzLooks(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Add([]byte("\xaa\x50"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l := nvscheck.Looks(b)
		require.NotZero(t, l.Kind)
		require.Equal(t, l.Kind == nvscheck.Other || l.Kind == nvscheck.Larger, l.What != "")
		for _, p := range nvscheck.Partitions(b) {
			require.LessOrEqual(t, p.Offset+p.Size, int64(len(b)))
			require.GreaterOrEqual(t, p.Offset, int64(0))
		}
		if _, page := nvsfmt.ParseHeader(append(bytes.Clone(b), make([]byte, 32)...)); page && len(b) == nvs.SectorSize {
			require.Equal(t, nvscheck.Partition, l.Kind)
		}
	})
}
