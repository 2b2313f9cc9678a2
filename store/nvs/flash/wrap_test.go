// SPDX-License-Identifier: Apache-2.0

package flash_test

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

func TestWrappersForwardSync(t *testing.T) {
	for name, wrap := range map[string]func(f nvs.Flash) nvs.Syncer{
		"Counter":  func(f nvs.Flash) nvs.Syncer { return flash.NewCounter(f) },
		"PowerCut": func(f nvs.Flash) nvs.Syncer { return flash.NewPowerCut(f) },
		"Recorder": func(f nvs.Flash) nvs.Syncer { return flash.NewRecorder(f) },
		"Faulty":   func(f nvs.Flash) nvs.Syncer { return flash.NewFaulty(f) },
	} {
		inner := &synced{Memory: flash.NewMemory(sector)}
		require.NoError(t, wrap(inner).Sync(), name)
		require.Equal(t, 1, inner.syncs, name)
		inner.err = errOwn
		require.ErrorIs(t, wrap(inner).Sync(), errOwn, name)
		require.NoError(t, wrap(inner.Memory).Sync(), name)
	}
}

func TestCounter(t *testing.T) {
	c := flash.NewCounter(flash.NewMemory(8 * sector))
	require.Zero(t, c.Counts())
	_, err := c.WriteAt(make([]byte, 32), 0)
	require.NoError(t, err)
	_, err = c.WriteAt(make([]byte, 4), 32)
	require.NoError(t, err)
	_, err = c.ReadAt(make([]byte, 7), 0)
	require.NoError(t, err)
	require.NoError(t, c.EraseBlocks(0, 1))
	require.NoError(t, c.EraseBlocks(1, 3))
	require.NoError(t, c.EraseBlocks(1, 0))
	require.NoError(t, c.Sync())
	want := flash.Counts{Reads: 1, Writes: 2, Erases: 4, Syncs: 1, BytesRead: 7, BytesWritten: 36}
	require.Equal(t, want, c.Counts())

	_, err = c.WriteAt(make([]byte, 8), 3)
	require.Error(t, err)
	want.Writes, want.BytesWritten = 3, 44
	require.Equal(t, want, c.Counts(), "a failed call counts")
	c.Reset()
	require.Zero(t, c.Counts())
}

func TestCounterCountsSectorsOfSmallBlocks(t *testing.T) {
	c := flash.NewCounter(small{flash.NewMemory(4 * sector), 1024})
	for _, n := range []int64{1, 4, 5} { // 1, 1 and 2 sectors
		require.NoError(t, c.EraseBlocks(0, n))
	}
	require.Equal(t, 4, c.Counts().Erases)
}

// Every cut of a workload, at every point, leaves what a simple reference
// says, and Replay says the same.
func TestEveryCutLeavesItsImage(t *testing.T) {
	for _, block := range []int64{sector, 512, 4} {
		t.Run(strconv.FormatInt(block, 10), func(t *testing.T) {
			base := random(3*sector, 3)
			ops := workload(base, 20, block, uint64(block))
			replay := flash.NewReplay(base, ops)
			for n, op := range ops {
				parts := append(flash.Points(nil, op), flash.Part{}, flash.First(op.Len),
					flash.Part{From: 5, To: 6}, flash.Part{From: -3, To: 2}, flash.Part{From: 3, To: op.Len + 100},
					flash.Part{From: 7, To: 3}, flash.Part{From: op.Len + 1, To: op.Len + 5})
				for _, part := range parts {
					f := small{flash.FromBytes(bytes.Clone(base)), block}
					cut := flash.NewPowerCut(f)
					cut.Inside(n, part)
					for _, op := range ops[:n] {
						require.NoError(t, do(cut, op))
					}
					require.False(t, cut.IsOff())
					require.ErrorIs(t, do(cut, op), flash.ErrPowerCut)
					require.True(t, cut.IsOff())
					want := naive(base, ops, n, part.From, part.To)
					requireImage(t, want, f.Bytes(), "PowerCut", n, part)
					requireImage(t, want, replay.At(n, part).Bytes(), "Replay", n, part)
				}
			}
			require.Equal(t, naive(base, ops, len(ops), 0, 0), replay.At(len(ops), flash.First(9)).Bytes())
		})
	}
}

// requireImage is require.Equal without its cost for long slices.
func requireImage(t *testing.T, want, got []byte, who string, n int, part flash.Part) {
	t.Helper()
	if bytes.Equal(want, got) {
		return
	}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("%s: cut in operation %d at %v: byte %#x differs", who, n, part, i)
		}
	}
	t.Fatalf("%s: %d bytes, want %d", who, len(got), len(want))
}

func TestPowerCutBeforeAndAfter(t *testing.T) {
	for _, tt := range []struct {
		set  func(c *flash.PowerCut)
		want string
	}{
		{func(c *flash.PowerCut) { c.Before(1) }, "word\xff\xff\xff\xff"},
		{func(c *flash.PowerCut) { c.After(1) }, "wordword"},
		{func(c *flash.PowerCut) { c.After(0) }, "word\xff\xff\xff\xff"},
		{func(c *flash.PowerCut) { c.After(0); c.Before(0) }, "\xff\xff\xff\xff\xff\xff\xff\xff"},
	} {
		mem := flash.NewMemory(2 * sector)
		cut := flash.NewPowerCut(mem)
		tt.set(cut)
		_, err := cut.WriteAt([]byte("word"), 0)
		if err == nil {
			_, err = cut.WriteAt([]byte("word"), 4)
		}
		require.ErrorIs(t, err, flash.ErrPowerCut)
		require.Equal(t, tt.want, string(mem.Bytes()[:8]))
	}
}

func TestPowerCutLasts(t *testing.T) {
	mem := &synced{Memory: flash.FromBytes(random(2*sector, 4))}
	before := bytes.Clone(mem.Bytes())
	cut := flash.NewPowerCut(mem)
	cut.Before(0)
	p := []byte{1, 2, 3, 4}
	_, err := cut.ReadAt(p, 0)
	require.NoError(t, err, "reads go on until the cut")
	for range 3 {
		require.ErrorIs(t, cut.EraseBlocks(0, 1), flash.ErrPowerCut)
		_, err := cut.WriteAt(make([]byte, 4), 0)
		require.ErrorIs(t, err, flash.ErrPowerCut)
		copy(p, "keep")
		_, err = cut.ReadAt(p, 0)
		require.ErrorIs(t, err, flash.ErrPowerCut)
		require.Equal(t, "keep", string(p))
		require.ErrorIs(t, cut.Sync(), flash.ErrPowerCut)
	}
	require.Zero(t, mem.syncs)
	require.Equal(t, before, mem.Bytes())
	require.Equal(t, 1, cut.Ops(), "calls without power are none")

	cut.Restore()
	require.False(t, cut.IsOff())
	for range 5 {
		_, err = cut.WriteAt(make([]byte, 4), 0)
		require.NoError(t, err)
	}
	require.NoError(t, cut.Sync())
	require.Equal(t, 6, cut.Ops())
	cut.Before(1)
	cut.Restore()
	require.NoError(t, errors.Join(cut.EraseBlocks(0, 1), cut.EraseBlocks(0, 1), cut.EraseBlocks(0, 1)), "the cut is removed")
	cut.Before(1)
	require.NoError(t, cut.EraseBlocks(0, 1), "operations count from Before on")
	require.ErrorIs(t, cut.EraseBlocks(0, 1), flash.ErrPowerCut)
	require.Panics(t, func() { cut.Before(-1) })
}

// A cut does not hide that the call was wrong.
func TestPowerCutShowsForbiddenCalls(t *testing.T) {
	mem := flash.FromBytes(make([]byte, sector))
	for _, call := range []func(c *flash.PowerCut) error{
		func(c *flash.PowerCut) error { _, err := c.WriteAt([]byte{0, 1, 0, 0}, 0); return err },
		func(c *flash.PowerCut) error { return c.EraseBlocks(0, 2) },
		func(c *flash.PowerCut) error { return c.EraseBlocks(math.MaxInt64, math.MaxInt64) },
		func(c *flash.PowerCut) error { _, err := c.WriteAt(make([]byte, 4), -4); return err },
	} {
		cut := flash.NewPowerCut(mem)
		cut.Inside(0, flash.First(2))
		require.ErrorIs(t, call(cut), flash.ErrInvalid)
		require.True(t, cut.IsOff())
	}
	require.Equal(t, make([]byte, sector), mem.Bytes())
}

func TestFaulty(t *testing.T) {
	const all = flash.Reads | flash.Writes | flash.Erases | flash.Syncs
	// Calls in turn: write, erase, read, sync, again and again.
	for name, tt := range map[string]struct {
		fault flash.Fault
		fails []int
	}{
		"first":               {flash.Fault{}, []int{0}},
		"third":               {flash.Fault{Skip: 2}, []int{2}},
		"of all kinds":        {flash.Fault{Calls: all, Skip: 3}, []int{3}},
		"from the sixth on":   {flash.Fault{Skip: 5, Forever: true}, []int{5, 6, 7}},
		"second write":        {flash.Fault{Calls: flash.Writes, Skip: 1}, []int{4}},
		"erases":              {flash.Fault{Calls: flash.Erases, Forever: true}, []int{1, 5}},
		"reads":               {flash.Fault{Calls: flash.Reads, Forever: true}, []int{2, 6}},
		"syncs":               {flash.Fault{Calls: flash.Syncs, Forever: true}, []int{3, 7}},
		"writes and erases":   {flash.Fault{Calls: flash.Writes | flash.Erases, Skip: 1, Forever: true}, []int{1, 4, 5}},
		"with an own error":   {flash.Fault{Skip: 1, Err: errOwn}, []int{1}},
		"later than the test": {flash.Fault{Skip: 8}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := flash.NewFaulty(flash.NewMemory(2 * sector))
			want := tt.fault.Err
			if want == nil {
				want = flash.ErrInjected
			}
			f.Inject(tt.fault)
			var fails []int
			for i := range 8 {
				var err error
				switch i % 4 {
				case 0:
					_, err = f.WriteAt(make([]byte, 4), 0)
				case 1:
					err = f.EraseBlocks(0, 1)
				case 2:
					_, err = f.ReadAt(make([]byte, 4), 0)
				case 3:
					err = f.Sync()
				}
				if err != nil {
					require.ErrorIs(t, err, want)
					fails = append(fails, i)
				}
			}
			require.Equal(t, tt.fails, fails)
			require.Equal(t, len(tt.fails), f.Failed())
			f.Inject(flash.Fault{Forever: true})
			f.Clear()
			require.NoError(t, f.EraseBlocks(0, 1))
		})
	}
}

func TestFaultyEffects(t *testing.T) {
	for _, tt := range []struct {
		effect flash.Effect
		n      int64 // of 12 bytes or a sector, how many
		sector int64
		syncs  int
	}{
		{flash.EffectNone, 0, 0, 0}, {flash.EffectHalf, 6, sector / 2, 0}, {flash.EffectFull, 12, sector, 1},
	} {
		base := random(2*sector, 5)
		mem := &synced{Memory: flash.FromBytes(bytes.Clone(base))}
		f := flash.NewFaulty(mem)
		f.Inject(flash.Fault{Forever: true, Effect: tt.effect})

		p := bytes.Repeat([]byte{0xa5}, 12)
		n, err := f.ReadAt(p, 20)
		require.ErrorIs(t, err, flash.ErrInjected)
		require.EqualValues(t, tt.n, n)
		want := append(bytes.Clone(base[20:20+tt.n]), bytes.Repeat([]byte{0xa5}, int(12-tt.n))...)
		require.Equal(t, want, p)

		ops := []flash.Op{flash.Write(20, make([]byte, 12))}
		n, err = f.WriteAt(ops[0].Data, 20)
		require.ErrorIs(t, err, flash.ErrInjected)
		require.EqualValues(t, tt.n, n)
		requireImage(t, naive(base, ops, 0, 0, tt.n), mem.Bytes(), "Faulty", 0, flash.Part{})

		base = bytes.Clone(mem.Bytes())
		ops = []flash.Op{flash.Erase(sector, sector)}
		require.ErrorIs(t, f.EraseBlocks(1, 1), flash.ErrInjected)
		requireImage(t, naive(base, ops, 0, 0, tt.sector), mem.Bytes(), "Faulty", 0, flash.Part{})

		require.ErrorIs(t, f.Sync(), flash.ErrInjected)
		require.Equal(t, tt.syncs, mem.syncs)
	}
}

// An injected fault does not hide that the call was wrong.
func TestFaultyShowsForbiddenCalls(t *testing.T) {
	inner := &synced{Memory: flash.FromBytes(make([]byte, sector)), err: errOwn}
	f := flash.NewFaulty(inner)
	f.Inject(flash.Fault{Forever: true, Effect: flash.EffectFull})
	_, err := f.ReadAt(make([]byte, 4), sector)
	require.ErrorIs(t, err, flash.ErrInvalid)
	_, err = f.WriteAt([]byte{0, 0, 0, 1}, 0)
	require.ErrorIs(t, err, flash.ErrInvalid)
	require.ErrorIs(t, f.EraseBlocks(1, 1), flash.ErrInvalid)
	require.ErrorIs(t, f.Sync(), errOwn)
}
