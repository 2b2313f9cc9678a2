// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// mend makes checksums of headers and entries right, so that the fuzzer gets
// behind them.
func mend(image []byte) {
	for start := 0; start+4096 <= len(image); start += 4096 {
		page := image[start:]
		nvsfmt.Header{State: nvsfmt.State(le32(page)), Seq: le32(page[4:]), Version: page[8]}.Put(page)
		for i := range nvsfmt.EntriesPerPage {
			e := (*nvsfmt.Entry)(page[64+32*i:])
			if e.Namespace() < 4 {
				e.Seal()
			}
		}
	}
}

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// FuzzOpen: any bytes as a partition open or are refused, in bounded memory;
// what opened can be listed, written, and opened again with what it held.
func FuzzOpen(f *testing.F) {
	blank := bytes.Repeat([]byte{0xff}, 3*4096)
	f.Add(blank, false, false)
	image := bytes.Clone(blank)
	p, err := nvs.Open(flash.FromBytes(image), nvs.Options{})
	require.NoError(f, err)
	require.NoError(f, store.SetText(p, "app", "text", "hello"))
	require.NoError(f, store.SetBlob(p, "app", "blob", bytes.Repeat([]byte{1}, 5000)))
	require.NoError(f, store.SetInt(p, "app", "int", uint32(1)))
	require.NoError(f, p.Close())
	f.Add(image, false, false)
	f.Add(image, true, true)
	f.Fuzz(func(t *testing.T, image []byte, repair, encrypted bool) {
		if len(image) > 1<<16 {
			t.Skip()
		}
		image = append(bytes.Clone(image), blank[:(4096-len(image)%4096)%4096]...)
		if repair {
			mend(image)
		}
		var o nvs.Options
		if encrypted {
			o.Keys = &nvs.Keys{Data: [32]byte{1}, Tweak: [32]byte{2}}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		o.ReadOnly = true
		untouched := bytes.Clone(image)
		p, err := nvs.Open(flash.FromBytes(image), o)
		require.Equal(t, untouched, image)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(3*len(image)+8192))
		if err != nil {
			return
		}
		contents(p, 4*len(image))

		o.ReadOnly = false
		if p, err = nvs.Open(flash.FromBytes(image), o); err != nil {
			return
		}
		contents(p, 4*len(image))
		indexes := map[uint8]bool{}
		for _, index := range p.Namespaces() {
			if indexes[index] {
				return // which of two names counts may change
			}
			indexes[index] = true
		}
		_ = p.Set("app", "text", store.TypeU8, []byte{1})
		_ = p.Set("new", "blob", store.TypeBlob, bytes.Repeat([]byte{2}, 3000))
		first := contents(p, 4*len(image))
		require.NoError(t, p.Close())
		p, err = nvs.Open(flash.FromBytes(image), o)
		require.NoError(t, err)
		require.Equal(t, first, contents(p, 4*len(image)))
		_ = p.EraseAll("app")
		require.NoError(t, p.Close())
	})
}

// contents lists up to max bytes of a store that may hold anything.
func contents(p *nvs.Partition, max int) map[store.Entry]string {
	m := map[store.Entry]string{}
	for e, err := range p.Entries("") {
		if err != nil {
			panic(err)
		}
		v, err := p.Get(nil, e.Namespace, e.Key, e.Type)
		if err != nil {
			v = []byte(err.Error()) // for example a wrong checksum
		}
		m[e] = fmt.Sprintf("%d bytes %.20x, %08x", len(v), v, crc32.ChecksumIEEE(v))
		if max -= len(v) + 32; max < 0 {
			panic("lists more than it has")
		}
	}
	return m
}

func FuzzParseKeys(f *testing.F) {
	k := &nvs.Keys{Data: [32]byte{1}, Tweak: [32]byte{2}}
	f.Add(k.Partition())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := nvs.ParseKeys(b)
		if err != nil {
			require.Nil(t, k)
			return
		}
		require.Equal(t, b[:68], k.Partition()[:68])
	})
}
