// SPDX-License-Identifier: Apache-2.0

package nvscheck_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
)

// What is erased is listed with its value and its namespace, beside what is written, and
// the keys of an encrypted partition do not matter.
func TestRaw(t *testing.T) {
	for _, keys := range []*nvs.Keys{nil, {Data: [32]byte{1}, Tweak: [32]byte{2}}} {
		image := bytes.Repeat([]byte{0xff}, 0x4000)
		p, err := nvs.Open(flash.FromBytes(image), nvs.Options{Keys: keys})
		require.NoError(t, err)
		require.NoError(t, store.SetText(p, "app", "name", "old"))
		require.NoError(t, store.SetText(p, "app", "name", "new"))
		require.NoError(t, store.SetBlob(p, "app", "data", []byte{1, 2, 3}))
		require.NoError(t, store.SetInt(p, "app", "n", int8(-1)))
		require.NoError(t, p.Close())
		nvsfmt.Header{State: nvsfmt.Active, Seq: 1, Version: nvsfmt.Version2}.Put(image[nvs.SectorSize:])
		copy(image[nvs.SectorSize+nvsfmt.EntriesOffset+5*nvsfmt.EntrySize:], "garbage") // not marked

		items, err := nvscheck.Raw(image, keys)
		require.NoError(t, err)
		require.Equal(t, []nvscheck.RawItem{
			{Entry: 0, Span: 1, State: "written", Readable: true, Key: "app", Type: store.TypeU8, Size: 1, Data: []byte{1}},
			{Entry: 1, Span: 2, State: "erased", Readable: true, Namespace: "app", Number: 1, Key: "name", Type: store.TypeString, Size: 4, Data: []byte("old\x00")},
			{Entry: 3, Span: 2, State: "written", Readable: true, Namespace: "app", Number: 1, Key: "name", Type: store.TypeString, Size: 4, Data: []byte("new\x00")},
			{Entry: 5, Span: 2, State: "written", Readable: true, Namespace: "app", Number: 1, Key: "data", Type: store.TypeBlob, Part: "chunk", Size: 3, Data: []byte{1, 2, 3}},
			{Entry: 7, Span: 1, State: "written", Readable: true, Namespace: "app", Number: 1, Key: "data", Type: store.TypeBlob, Part: "index", Size: 3},
			{Entry: 8, Span: 1, State: "written", Readable: true, Namespace: "app", Number: 1, Key: "n", Type: store.TypeI8, Size: 1, Data: []byte{0xff}},
			{Sector: 1, Entry: 5, Span: 1, State: "unmarked"},
		}, items)
	}
}

// In each image of the specification all valid items are there, whatever else is.
func TestRawHasAllItems(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(spectest.Path(t, "nvs-images"), "*.bin"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	found := 0
	for _, file := range files {
		image, err := os.ReadFile(file)
		require.NoError(t, err)
		items, err := nvscheck.Raw(image, nil)
		require.NoError(t, err)
		written := map[[2]int]nvscheck.RawItem{}
		for _, it := range items {
			written[[2]int{it.Sector, it.Entry}] = it
		}
		for _, it := range nvscheck.Check(image, nil).Items {
			raw := written[[2]int{it.Sector, it.Entry}]
			require.Equal(t, it.Key, raw.Key, file)
			require.Equal(t, it.Type, raw.Type, file)
			require.Equal(t, "written", raw.State, file)
			found++
		}
	}
	require.Greater(t, found, 100)
}

// Any bytes are listed without a panic.
func FuzzRaw(f *testing.F) {
	f.Add(bytes.Repeat([]byte{0xfe, 0xff}, nvs.SectorSize))
	image := bytes.Repeat([]byte{0xff}, 0x3000)
	p, err := nvs.Open(flash.FromBytes(image), nvs.Options{})
	require.NoError(f, err)
	require.NoError(f, store.SetBlob(p, "app", "data", make([]byte, 5000)))
	require.NoError(f, p.Close())
	f.Add(image)
	f.Fuzz(func(t *testing.T, image []byte) {
		items, err := nvscheck.Raw(image, nil)
		require.NoError(t, err)
		for _, it := range items {
			require.LessOrEqual(t, it.Entry+it.Span, nvsfmt.EntriesPerPage)
		}
	})
}
