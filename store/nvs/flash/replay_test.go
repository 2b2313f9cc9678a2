// SPDX-License-Identifier: Apache-2.0

package flash_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

func TestPoints(t *testing.T) {
	require.Empty(t, flash.Points(nil, flash.Write(0, []byte{1})))
	require.Equal(t, []flash.Part{{To: 1}, {To: 2}, {To: 3}}, flash.Points(nil, flash.Write(8, make([]byte, 4))))
	require.Len(t, flash.Points(nil, flash.Write(0, make([]byte, 32))), 31)
	require.Len(t, flash.Points(nil, flash.Write(0, make([]byte, 64))), 63)
	require.Len(t, flash.Points(make([]flash.Part, 5), flash.Write(0, make([]byte, 64))), 68, "it appends")
	long := flash.Points(nil, flash.Write(0, make([]byte, 4000)))
	for _, n := range []int64{1, 31, 32, 33, 63, 64, 65, 2048, 3967, 3968, 3970, 3999} {
		require.Contains(t, long, flash.First(n))
	}
	require.Less(t, len(long), 500)
	erase := flash.Points(nil, flash.Erase(0, sector))
	for _, part := range []flash.Part{
		flash.First(4), flash.First(32), flash.First(64), flash.First(2048), flash.First(sector - 1),
		flash.Last(4, sector), flash.Last(2048, sector), flash.Last(4032, sector), flash.Last(sector-4, sector),
		{From: 32, To: 64}, {From: 64, To: 96},
	} {
		require.Contains(t, erase, part)
	}
	for _, op := range []flash.Op{
		flash.Write(0, make([]byte, 60)), flash.Write(0, make([]byte, 4096)), flash.Erase(0, sector), flash.Erase(0, 2*sector),
		flash.Erase(0, 256), flash.Erase(0, 4), flash.Erase(0, 1),
	} {
		seen := map[flash.Part]bool{}
		for _, part := range flash.Points(nil, op) {
			require.False(t, seen[part], "%v twice", part)
			seen[part] = true
			require.True(t, 0 <= part.From && part.From < part.To && part.To <= op.Len, "%v of %d", part, op.Len)
			require.Less(t, part.To-part.From, op.Len)
			require.True(t, op.IsErase() || part.From == 0, "a write begins at its first byte")
		}
	}
}

func TestFirstAndLast(t *testing.T) {
	require.Equal(t, flash.Part{From: 0, To: 7}, flash.First(7))
	require.Equal(t, flash.Part{From: 3, To: 10}, flash.Last(7, 10))
	require.Equal(t, flash.Part{From: 0, To: 10}, flash.Last(11, 10))
}

func TestRecorder(t *testing.T) {
	mem := flash.NewMemory(4 * sector)
	rec := flash.NewRecorder(small{mem, 1024})
	p := []byte{1, 2, 3, 4}
	_, err := rec.WriteAt(p, 8)
	require.NoError(t, err)
	clear(p) // the recorder keeps a copy
	require.NoError(t, rec.EraseBlocks(5, 2))
	_, err = rec.WriteAt(p, 3)
	require.ErrorIs(t, err, flash.ErrInvalid, "what fails is left out")
	require.ErrorIs(t, rec.EraseBlocks(16, 1), flash.ErrInvalid)
	_, err = rec.ReadAt(make([]byte, 4), 8)
	require.NoError(t, err)
	require.Equal(t, []flash.Op{flash.Write(8, []byte{1, 2, 3, 4}), flash.Erase(5*1024, 2*1024)}, rec.Ops())
	require.True(t, rec.Ops()[1].IsErase())
	require.False(t, rec.Ops()[0].IsErase())
	rec.Reset()
	require.Empty(t, rec.Ops())
}

// What was recorded first stays right when more comes than fits one piece of
// memory, and leads from the first image to the last.
func TestRecorderKeepsLongLists(t *testing.T) {
	base := random(8*sector, 6)
	rec := flash.NewRecorder(flash.FromBytes(bytes.Clone(base)))
	var want []flash.Op
	for seed := range uint64(2) {
		image := base
		if seed > 0 {
			image = naive(base, want, len(want), 0, 0)
		}
		for _, op := range workload(image, 1500, sector, seed) {
			require.NoError(t, do(rec, op))
			want = append(want, op)
		}
	}
	require.Len(t, rec.Ops(), len(want))
	for i := range want {
		if got := rec.Ops()[i]; got.Off != want[i].Off || got.Len != want[i].Len || !bytes.Equal(got.Data, want[i].Data) {
			t.Fatalf("operation %d is %v, want %v", i, got, want[i])
		}
	}
}

// What the caller does to the flash of one cut is gone at the next, in
// whichever order.
func TestReplayStartsEachCutAfresh(t *testing.T) {
	base := random(5*sector, 7)
	ops := workload(base, 60, sector, 7)
	untouched := bytes.Clone(base)
	replay := flash.NewReplay(base, ops)
	require.Equal(t, 60, replay.Len())
	require.Equal(t, ops[9], replay.Op(9))
	rnd := rand.New(rand.NewPCG(7, 7))
	for range 400 {
		n := rnd.IntN(len(ops) + 1)
		part := flash.Part{From: rnd.Int64N(40), To: rnd.Int64N(2 * sector)}
		mem := replay.At(n, part)
		requireImage(t, naive(base, ops, n, part.From, part.To), mem.Bytes(), "Replay", n, part)
		for range rnd.IntN(4) {
			if rnd.IntN(2) == 0 {
				require.NoError(t, mem.EraseBlocks(rnd.Int64N(4), 1+rnd.Int64N(2)))
			} else {
				_, err := mem.WriteAt(make([]byte, 4*(1+rnd.IntN(8))), int64(rnd.IntN(5)*sector+4*rnd.IntN(1000)))
				require.NoError(t, err)
			}
		}
	}
	require.Equal(t, untouched, base, "the base is not changed")
}

// Sectors that nothing has touched since the last cut are not copied. What is
// written past the Memory shows it.
func TestReplayCopiesOnlyWhatDiffers(t *testing.T) {
	base := random(6*sector, 16)
	ops := []flash.Op{flash.Write(0, make([]byte, 4)), flash.Erase(sector, sector), flash.Write(2*sector, make([]byte, 4))}
	replay := flash.NewReplay(base, ops)
	mem := replay.At(0, flash.Part{})
	_, err := mem.WriteAt(make([]byte, 4), 3*sector)
	require.NoError(t, err)
	for i := range int64(6) {
		mem.Bytes()[i*sector+100]++
	}
	replay.At(1, flash.First(7)) // of the erase of sector 1
	fresh := func() (sectors []int64) {
		for i := range int64(6) {
			if at := i*sector + 100; mem.Bytes()[at] == base[at] {
				sectors = append(sectors, i)
			}
		}
		return sectors
	}
	require.Equal(t, []int64{0, 3}, fresh())
	replay.At(1, flash.First(8))
	require.Equal(t, []int64{0, 1, 3}, fresh())
}

func TestReplayReset(t *testing.T) {
	first, second := random(3*sector, 8), random(3*sector, 9)
	ops1, ops2 := workload(first, 20, sector, 8), workload(second, 30, sector, 9)
	replay := flash.NewReplay(first, ops1)
	require.NoError(t, replay.At(20, flash.Part{}).EraseBlocks(0, 3))
	replay.Reset(second, ops2)
	require.Equal(t, second, replay.At(0, flash.Part{}).Bytes())
	require.Equal(t, naive(second, ops2, 30, 0, 0), replay.At(30, flash.Part{}).Bytes())
	// Not a whole number of sectors.
	odd := random(sector+100, 10)
	ops3 := []flash.Op{flash.Write(sector+96, []byte{0, 0, 0, 0})}
	replay.Reset(odd, ops3)
	require.Equal(t, naive(odd, ops3, 0, 0, 2), replay.At(0, flash.First(2)).Bytes())
	require.Equal(t, odd, replay.At(0, flash.Part{}).Bytes())
	require.Panics(t, func() { replay.At(2, flash.Part{}) })
	require.Panics(t, func() { replay.At(-1, flash.Part{}) })
}

func TestReplayAllocatesNothing(t *testing.T) {
	base := random(6*sector, 11)
	ops := workload(base, 50, sector, 11)
	replay := flash.NewReplay(base, ops)
	recovery := flash.NewReplay(base, nil)
	rec := flash.NewRecorder(replay.At(0, flash.Part{}))
	parts := make([]flash.Part, 0, 1000)
	word := make([]byte, 4)
	pass := func() {
		for n, op := range ops {
			parts = flash.Points(parts[:0], op)
			for _, part := range parts[:min(len(parts), 5)] {
				replay.At(n, part)
				rec.Reset()
				_, _ = rec.WriteAt(word, 0)
				_ = rec.EraseBlocks(1, 1)
				recovery.Reset(base, rec.Ops())
				recovery.At(1, flash.First(3))
			}
		}
	}
	require.Zero(t, testing.AllocsPerRun(3, pass))
}

// cutFile is a list of operations of the C original (spec/nvs-images).
type cutFile struct {
	Base string
	Ops  []struct {
		Write  *int64
		Erase  *int64
		Data   string
		Length int64
	}
	Cuts []struct {
		N    int
		Part int64
	}
}

// The strict Memory takes every operation of the C original, and its cuts are
// what the specification's README says.
func TestCutsOfTheOriginal(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(spectest.Path(t, "nvs-images"), "cut_*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			var file cutFile
			require.NoError(t, json.Unmarshal(text, &file))
			base, err := os.ReadFile(filepath.Join(filepath.Dir(path), file.Base))
			require.NoError(t, err)
			var ops []flash.Op
			for _, op := range file.Ops {
				if op.Erase != nil {
					ops = append(ops, flash.Erase(*op.Erase, op.Length))
					continue
				}
				data, err := hex.DecodeString(op.Data)
				require.NoError(t, err)
				ops = append(ops, flash.Write(*op.Write, data))
			}
			require.NotEmpty(t, ops)
			require.NotEmpty(t, file.Cuts)
			replay := flash.NewReplay(base, ops)
			for _, c := range file.Cuts {
				part := flash.First(c.Part)
				if c.Part < 0 {
					part = flash.Last(-c.Part, sector)
				}
				mem := flash.FromBytes(bytes.Clone(base))
				cut := flash.NewPowerCut(mem)
				cut.Inside(c.N, part)
				for i := 0; !cut.IsOff() && i < len(ops); i++ {
					if i == c.N {
						require.ErrorIs(t, do(cut, ops[i]), flash.ErrPowerCut)
					} else {
						require.NoError(t, do(cut, ops[i]))
					}
				}
				want := naive(base, ops, c.N, part.From, part.To)
				requireImage(t, want, mem.Bytes(), "PowerCut", c.N, part)
				requireImage(t, want, replay.At(c.N, part).Bytes(), "Replay", c.N, part)
			}
		})
	}
}

func BenchmarkReplayAt(b *testing.B) {
	base := random(16*sector, 12)
	ops := workload(base, 1000, sector, 12)
	replay := flash.NewReplay(base, ops)
	parts := make([]flash.Part, 0, 1000)
	b.ReportAllocs()
	cuts := 0
	for b.Loop() {
		n := cuts / 8 % len(ops)
		if cuts%8 == 0 {
			parts = flash.Points(parts[:0], ops[n])
		}
		replay.At(n, parts[cuts%8%len(parts)])
		cuts++
	}
}
