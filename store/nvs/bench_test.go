// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"encoding/binary"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/long"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

var benchKeys = &nvs.Keys{Data: [32]byte{1}, Tweak: [32]byte{2}}

// filled makes a partition with n keys of u32.
func filled(tb testing.TB, size int64, n int, o nvs.Options) (*flash.Memory, *nvs.Partition) {
	tb.Helper()
	f := flash.NewMemory(size)
	p, err := nvs.Open(f, o)
	require.NoError(tb, err)
	for i := range n {
		require.NoError(tb, store.SetInt(p, "app", "key"+strconv.Itoa(i), uint32(i)))
	}
	require.NoError(tb, p.Commit())
	return f, p
}

// BenchmarkSet stores integers that all differ over 100 keys in 24 KiB, and a
// blob of 1 KiB. The floor is the same writes and erases on the bare flash.
func BenchmarkSet(b *testing.B) {
	const sets = 10000
	for _, w := range []struct {
		name      string
		typ       store.Type
		len, keys int
	}{{"u32", store.TypeU32, 4, 100}, {"blob 1 KiB", store.TypeBlob, 1024, 1}} {
		value := make([]byte, w.len)
		keys := make([]string, w.keys)
		for i := range keys {
			keys[i] = "key" + strconv.Itoa(i)
		}
		n := uint32(0)
		run := func(p *nvs.Partition) {
			for range sets {
				n++
				binary.LittleEndian.PutUint32(value, n)
				if err := p.Set("app", keys[n%uint32(w.keys)], w.typ, value); err != nil {
					b.Fatal(err)
				}
			}
		}
		for name, o := range map[string]nvs.Options{"plain": {}, "encrypted": {Keys: benchKeys}} {
			b.Run(w.name+"/"+name, func(b *testing.B) {
				p, err := nvs.Open(flash.NewMemory(24<<10), o)
				require.NoError(b, err)
				run(p)
				b.ReportAllocs()
				for b.Loop() {
					n++
					binary.LittleEndian.PutUint32(value, n)
					if err := p.Set("app", keys[n%uint32(w.keys)], w.typ, value); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(w.name+"/bare flash", func(b *testing.B) {
			r := flash.NewRecorder(flash.NewMemory(24 << 10))
			p, err := nvs.Open(r, nvs.Options{})
			require.NoError(b, err)
			run(p)
			ops := r.Ops()
			f := flash.NewMemory(24 << 10)
			done, i := 0, 0
			for b.Loop() {
				for done++; i < done*len(ops)/sets; i++ {
					if op := ops[i]; op.IsErase() {
						_ = f.EraseBlocks(op.Off/nvs.SectorSize, 1)
					} else {
						_, _ = f.WriteAt(op.Data, op.Off)
					}
				}
				if done == sets {
					done, i = 0, 0
					_ = f.EraseBlocks(0, 6)
				}
			}
		})
	}
}

// BenchmarkGet reads a u32 among 1,000 keys, and a blob of 1 KiB.
func BenchmarkGet(b *testing.B) {
	for name, o := range map[string]nvs.Options{"plain": {}, "encrypted": {Keys: benchKeys}} {
		_, p := filled(b, 64<<10, 1000, o)
		require.NoError(b, store.SetBlob(p, "app", "blob", make([]byte, 1024)))
		dst := make([]byte, 0, 2048)
		for _, w := range []struct {
			key string
			typ store.Type
		}{{"key0", store.TypeU32}, {"key999", store.TypeU32}, {"blob", store.TypeBlob}} {
			b.Run(name+"/"+w.key, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := p.Get(dst, "app", w.key, w.typ); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkSizes reads one key of a partition full of u32, and all of them one
// after the other, for partitions of several sizes.
func BenchmarkSizes(b *testing.B) {
	for _, kib := range []int64{24, 64, 128, 256, 1024} {
		name := strconv.FormatInt(kib, 10) + " KiB"
		keys := int(kib/4-1)*126 - 1
		_, p := filled(b, kib<<10, keys, nvs.Options{})
		dst := make([]byte, 0, 8)
		b.Run("get/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i = (i + 7919) % keys {
				if _, err := p.Get(dst, "app", "key"+strconv.Itoa(i), store.TypeU32); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("list/"+name, func(b *testing.B) {
			for b.Loop() {
				n := 0
				for e, err := range p.Entries("") {
					if _, err2 := p.Get(dst, e.Namespace, e.Key, e.Type); err != nil || err2 != nil {
						b.Fatal(err, err2)
					}
					n++
				}
				if n != keys {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(keys), "ns/key")
		})
	}
}

// BenchmarkOpen opens a full partition of 64 KiB: integers, or blobs.
func BenchmarkOpen(b *testing.B) {
	fill := map[string]func(p *nvs.Partition, i int) error{
		"1800 u32": func(p *nvs.Partition, i int) error {
			return store.SetInt(p, "app", "key"+strconv.Itoa(i), uint32(i))
		},
		"580 blobs": func(p *nvs.Partition, i int) error {
			return store.SetBlob(p, "app", "key"+strconv.Itoa(i), make([]byte, 20))
		},
		"15 blobs of 3 KiB": func(p *nvs.Partition, i int) error {
			return store.SetBlob(p, "app", "key"+strconv.Itoa(i), make([]byte, 3500))
		},
	}
	for name, set := range fill {
		for mode, o := range map[string]nvs.Options{"plain": {}, "encrypted": {Keys: benchKeys}} {
			b.Run(name+"/"+mode, func(b *testing.B) {
				f, p := filled(b, 64<<10, 0, o)
				for i := 0; set(p, i) == nil; i++ {
				}
				require.NoError(b, p.Close())
				b.ReportAllocs()
				for b.Loop() {
					if _, err := nvs.Open(f, o); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// TestGetAllocatesNothing, also when a blob is put together or decrypted.
func TestGetAllocatesNothing(t *testing.T) {
	if long.Race {
		t.Skip("under the race detector the cipher's pool forgets at random")
	}
	for _, o := range []nvs.Options{{}, {Keys: benchKeys}} {
		_, p := filled(t, 64<<10, 100, o)
		require.NoError(t, store.SetBlob(p, "app", "blob", make([]byte, 9000)))
		require.NoError(t, store.SetText(p, "app", "text", "hello"))
		dst := make([]byte, 0, 9000)
		for key, typ := range map[string]store.Type{"key7": store.TypeU32, "blob": store.TypeBlob, "text": store.TypeString} {
			require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = p.Get(dst, "app", key, typ) }), key)
		}
		n := uint32(0)
		require.Less(t, testing.AllocsPerRun(1000, func() {
			n++
			dst = binary.LittleEndian.AppendUint32(dst[:0], n)
			_ = p.Set("app", "key7", store.TypeU32, dst)
		}), 0.2, "a page now and then")
	}
}

// TestOpenMemory: what an open partition with 1,000 keys holds.
func TestOpenMemory(t *testing.T) {
	if long.Race {
		t.Skip("the race detector's own memory would be counted")
	}
	f, p := filled(t, 64<<10, 1000, nvs.Options{})
	require.NoError(t, p.Close())
	const copies = 100
	open := make([]*nvs.Partition, copies)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range open {
		var err error
		open[i], err = nvs.Open(f, nvs.Options{})
		require.NoError(t, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := int(after.HeapAlloc-before.HeapAlloc) / copies
	t.Logf("%d bytes", each)
	require.Less(t, each, 8<<10)
	runtime.KeepAlive(open)
}
