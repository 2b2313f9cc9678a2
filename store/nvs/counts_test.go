// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"encoding/binary"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// workload is one of those that the specification counts (nvs.md 16): sets of
// values that all differ, over some keys by turns.
type workload struct {
	name            string
	size            int64
	sets, keys, len int // len 0: u32
	// What the C original needs.
	writes int
	bytes  int64
	erases int
}

var workloads = []workload{
	{"u32 in 24 KiB", 24 << 10, 10000, 100, 0, 30133, 402744, 75},
	{"u32 in 64 KiB", 64 << 10, 10000, 100, 0, 30123, 402704, 65},
	{"blob in 24 KiB", 24 << 10, 1000, 1, 1024, 13135, 1139952, 281},
	{"blob in 64 KiB", 64 << 10, 1000, 1, 1024, 13125, 1139912, 271},
	{"u32 in 12 KiB", 12 << 10, 2500, 40, 0, 7534, 100920, 18},
}

func (w *workload) run(t testing.TB, p *nvs.Partition, commit bool) {
	value := make([]byte, max(4, w.len))
	typ := store.TypeU32
	if w.len > 0 {
		typ = store.TypeBlob
		for i := range value {
			value[i] = byte(7 * i)
		}
	}
	for i := range w.sets {
		binary.LittleEndian.PutUint32(value, uint32(i))
		require.NoError(t, p.Set("app", "key"+strconv.Itoa(i%w.keys), typ, value))
		if commit {
			require.NoError(t, p.Commit())
		}
	}
}

// TestFlashOperations: no workload takes more flash than the C original needs.
func TestFlashOperations(t *testing.T) {
	for _, w := range workloads {
		f := flash.NewCounter(flash.NewMemory(w.size))
		p, err := nvs.Open(f, nvs.Options{})
		require.NoError(t, err)
		w.run(t, p, false)
		// The numbers are without the namespace's item.
		did := f.Counts()
		writes, written, erases := did.Writes-3, did.BytesWritten-68, did.Erases
		t.Logf("%s: %d writes of %d, %d bytes of %d, %d erases of %d", w.name,
			writes, w.writes, written, w.bytes, erases, w.erases)
		require.LessOrEqual(t, writes, w.writes, w.name)
		require.LessOrEqual(t, written, w.bytes, w.name)
		require.LessOrEqual(t, erases, w.erases, w.name)
		if w.len > 0 {
			require.Less(t, erases, w.erases*96/100, "blobs use pages to the end")
		}
		require.Less(t, writes, w.writes*95/100, "marks are stored together")

		// Committed each time, integers take what they take there, but for the
		// mark of a moved page, and moves of pages that have rested.
		f = flash.NewCounter(flash.NewMemory(w.size))
		p, err = nvs.Open(f, nvs.Options{})
		require.NoError(t, err)
		w.run(t, p, true)
		require.LessOrEqual(t, f.Counts().Writes-3, w.writes+w.erases+w.writes/1000, w.name)
		require.LessOrEqual(t, f.Counts().Erases, w.erases, w.name)
	}
}
