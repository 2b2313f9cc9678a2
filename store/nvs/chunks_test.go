// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// ofChunks is a partition with a blob of chunks of 32 bytes, and its value.
func ofChunks(chunks int, base byte) (*handmade, []byte) {
	h := byHand(8, nvsfmt.Full, nvsfmt.Full, nvsfmt.Full, nvsfmt.Active)
	h.u8(0, 0, "app", 1)
	var value []byte
	page := 0
	for i := range chunks {
		data := bytes.Repeat([]byte{byte(i)}, 32)
		if h.next[page]+2 > nvsfmt.EntriesPerPage {
			page++
		}
		h.add(page, chunk(base+byte(i), data), data)
		value = append(value, data...)
	}
	var index nvsfmt.Entry
	index.New(1, nvsfmt.TypeIndex, 1, nvsfmt.NoChunk, nvsfmt.NameOf("blob"))
	index.SetIndex(len(value), chunks, base)
	return h.add(3, &index, nil), value
}

// TestMostChunks: a blob has up to 128 chunks, and 127 if their numbers begin
// at 128 (nvs.md 4.5). They are read, survive sets, and are replaced and erased
// as a whole.
func TestMostChunks(t *testing.T) {
	for _, c := range []struct {
		chunks int
		base   byte
	}{{126, nvsfmt.BaseA}, {127, nvsfmt.BaseA}, {128, nvsfmt.BaseA}, {126, nvsfmt.BaseB}, {127, nvsfmt.BaseB}} {
		t.Run(fmt.Sprintf("%d from %d on", c.chunks, c.base), func(t *testing.T) {
			h, value := ofChunks(c.chunks, c.base)
			f := flash.NewCounter(h.Memory)
			p := open(t, f)
			require.Zero(t, f.Counts().Writes, "the partition is sound")
			require.NoError(t, store.SetInt(p, "app", "n", uint8(1)))
			require.NoError(t, store.SetBlob(p, "app", "blob", value), "what it holds already")
			require.NoError(t, p.Close())
			p = open(t, h.Memory)
			got, err := store.Blob(p, "app", "blob")
			require.NoError(t, err)
			require.True(t, bytes.Equal(value, got))
			require.Equal(t, []string{"app/blob", "app/n"}, list(t, p).keys)
			require.Equal(t, 3+2*c.chunks, p.Stats().Used)

			value[len(value)-1]++
			require.NoError(t, store.SetBlob(p, "app", "blob", value))
			require.NoError(t, p.Close())
			p = open(t, h.Memory)
			got, err = store.Blob(p, "app", "blob")
			require.NoError(t, err)
			require.True(t, bytes.Equal(value, got))
			require.NoError(t, p.Erase("app", "blob"))
			require.NoError(t, p.Close())
			require.Equal(t, 2, open(t, h.Memory).Stats().Used)
		})
	}
}

// TestTooManyChunks: no writer makes more, and a device does not read them.
func TestTooManyChunks(t *testing.T) {
	for _, c := range []struct {
		chunks int
		base   byte
	}{{129, nvsfmt.BaseA}, {128, nvsfmt.BaseB}} {
		h, _ := ofChunks(c.chunks, c.base)
		p := open(t, h.Memory)
		_, err := store.Blob(p, "app", "blob")
		require.ErrorIs(t, err, store.ErrNotFound)
		require.NoError(t, p.Close())
		require.Equal(t, 1, open(t, h.Memory).Stats().Used, "all of it is gone")
	}
}

// TestLongestBlob is in 128 chunks where the first one gets the rest of a page.
// What is written here has no more than ESP-IDF reads under both bases.
func TestLongestBlob(t *testing.T) {
	_, p := blank(t, 270)
	require.NoError(t, store.SetInt(p, "app", "n", uint8(1)))
	value := bytes.Repeat([]byte{1}, store.MaxBlob)
	for i := range 3 { // the base changes each time
		value[0] = byte(i)
		require.NoError(t, store.SetBlob(p, "app", "blob", value))
		got, err := store.Blob(p, "app", "blob")
		require.NoError(t, err)
		require.True(t, bytes.Equal(value, got))
	}
	require.ErrorIs(t, store.SetBlob(p, "app", "blob", append(value, 0)), nvs.ValueTooLong)
}

// TestMaxBlob: what it says fits a partition that is blank, and no byte more.
func TestMaxBlob(t *testing.T) {
	for sectors, most := range map[int64]int{2: 3936, 3: 7936, 6: 19936, 128: 507936, 129: 508000, 200: 508000} {
		mem, p := blank(t, sectors)
		require.Equal(t, most, p.MaxBlob())
		if most < store.MaxBlob {
			require.ErrorIs(t, store.SetBlob(p, "app", "blob", make([]byte, most+1)), store.ErrFull)
			require.NoError(t, p.EraseAll("app"))
		}
		require.NoError(t, store.SetBlob(p, "app", "blob", bytes.Repeat([]byte{1}, most)))
		require.NoError(t, p.Close())
		got, err := store.Blob(open(t, mem), "app", "blob")
		require.NoError(t, err)
		require.Len(t, got, most)
	}
	p, err := nvs.Open(flash.NewMemory(nvs.SectorSize), nvs.Options{ReadOnly: true})
	require.NoError(t, err)
	require.Zero(t, p.MaxBlob())
}
