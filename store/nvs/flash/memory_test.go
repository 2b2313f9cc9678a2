// SPDX-License-Identifier: Apache-2.0

package flash_test

import (
	"bytes"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/flashtest"
)

// Every flash here keeps the contract; wrappers that are not told anything are
// transparent.
func TestKeepContract(t *testing.T) {
	wrap := map[string]func(f nvs.Flash) nvs.Flash{
		"Memory":   func(f nvs.Flash) nvs.Flash { return f },
		"Counter":  func(f nvs.Flash) nvs.Flash { return flash.NewCounter(f) },
		"PowerCut": func(f nvs.Flash) nvs.Flash { return flash.NewPowerCut(f) },
		"Recorder": func(f nvs.Flash) nvs.Flash { return flash.NewRecorder(f) },
		"Faulty":   func(f nvs.Flash) nvs.Flash { return flash.NewFaulty(f) },
		"all": func(f nvs.Flash) nvs.Flash {
			return flash.NewCounter(flash.NewPowerCut(flash.NewRecorder(flash.NewFaulty(f))))
		},
	}
	for name, wrap := range wrap {
		t.Run(name, func(t *testing.T) {
			flashtest.Run(t, func(t *testing.T) flashtest.Rig {
				mem := flash.NewMemory(6 * sector)
				return flashtest.Rig{Flash: wrap(mem), Reopen: func() (nvs.Flash, error) {
					return wrap(flash.FromBytes(bytes.Clone(mem.Bytes()))), nil
				}}
			})
		})
		t.Run(name+" with small blocks", func(t *testing.T) {
			flashtest.Run(t, func(t *testing.T) flashtest.Rig {
				return flashtest.Rig{Flash: wrap(small{flash.NewMemory(6 * sector), 256})}
			})
		})
	}
	t.Run("Sparse", func(t *testing.T) {
		flashtest.Run(t, func(t *testing.T) flashtest.Rig {
			return flashtest.Rig{Flash: flash.NewSparse(6*sector + 100)}
		})
	})
	t.Run("Replay", func(t *testing.T) {
		flashtest.Run(t, func(t *testing.T) flashtest.Rig {
			return flashtest.Rig{Flash: flash.NewReplay(random(4*sector, 1), nil).At(0, flash.Part{})}
		})
	})
}

func TestMemoryStartsErased(t *testing.T) {
	m := flash.NewMemory(3 * sector)
	require.Equal(t, bytes.Repeat([]byte{0xff}, 3*sector), m.Bytes())
	require.EqualValues(t, 3*sector, m.Size())
}

func TestMemoryUsesTheImage(t *testing.T) {
	image := random(sector, 1)
	m := flash.FromBytes(image)
	_, err := m.WriteAt([]byte{0, 0, 0, 0}, 8)
	require.NoError(t, err)
	require.Equal(t, make([]byte, 4), image[8:12])
}

// What the contract forbids is an error that says offset and value, and
// changes nothing.
func TestMemoryIsStrict(t *testing.T) {
	image := bytes.Repeat([]byte{0xff}, 2*sector+100)
	image[0x26] = 0x0e
	read := func(n int, off int64) func(m *flash.Memory) error {
		return func(m *flash.Memory) error { _, err := m.ReadAt(make([]byte, n), off); return err }
	}
	write := func(p []byte, off int64) func(m *flash.Memory) error {
		return func(m *flash.Memory) error { _, err := m.WriteAt(p, off); return err }
	}
	erase := func(start, n int64) func(m *flash.Memory) error {
		return func(m *flash.Memory) error { return m.EraseBlocks(start, n) }
	}
	for _, tt := range []struct {
		call func(m *flash.Memory) error
		say  string
	}{
		{write([]byte{1, 2, 0x1c, 4}, 0x24), "flash: write of 4 bytes at 0x24: byte 0x26 holds 0xe, and 0x1c would set bits: erase the sector first"},
		{write(make([]byte, 4), 2), "flash: write of 4 bytes at 0x2: offset and length must be divisible by 4"},
		{write(make([]byte, 3), 4), "flash: write of 3 bytes at 0x4: offset and length must be divisible by 4"},
		{write(make([]byte, 8), 0xffc), "flash: write of 8 bytes at 0xffc: it crosses the sector's end at 0x1000"},
		{write(make([]byte, 4100), 0x1000), "flash: write of 4100 bytes at 0x1000: it crosses the sector's end at 0x2000"},
		{write(nil, 0), "flash: write of 0 bytes at 0x0: nothing to write"},
		{write(make([]byte, 4), 8292), "flash: write of 4 bytes at 0x2064: beyond the partition of 8292 bytes"},
		{write(make([]byte, 4), -4), "flash: write of 4 bytes at -4: beyond the partition of 8292 bytes"},
		{read(2, 8291), "flash: read of 2 bytes at 0x2063: beyond the partition of 8292 bytes"},
		{read(1, math.MaxInt64), "flash: read of 1 bytes at 0x7fffffffffffffff: beyond the partition of 8292 bytes"},
		{erase(2, 1), "flash: erase of 1 blocks from block 2 on: beyond the partition of 8292 bytes, which has 2 blocks"},
		{erase(0, -1), "flash: erase of -1 blocks from block 0 on: beyond the partition of 8292 bytes, which has 2 blocks"},
		{erase(math.MaxInt64, 1), "flash: erase of 1 blocks from block 9223372036854775807 on: beyond the partition of 8292 bytes, which has 2 blocks"},
	} {
		m := flash.FromBytes(bytes.Clone(image))
		err := tt.call(m)
		require.EqualError(t, err, tt.say)
		require.ErrorIs(t, err, flash.ErrInvalid)
		var details *flash.Error
		require.ErrorAs(t, err, &details)
		require.Equal(t, image, m.Bytes(), tt.say)
	}
}

// The bytes behind the last sector can be used, but not erased.
func TestMemoryWithARest(t *testing.T) {
	m := flash.NewMemory(sector + 8)
	_, err := m.WriteAt([]byte{1, 2, 3, 4}, sector+4)
	require.NoError(t, err)
	require.NoError(t, m.EraseBlocks(0, 1))
	p := make([]byte, 4)
	_, err = m.ReadAt(p, sector+4)
	require.NoError(t, err)
	require.Equal(t, []byte{1, 2, 3, 4}, p)
}

func TestMemoryAllocatesNothing(t *testing.T) {
	m := flash.NewMemory(2 * sector)
	p := make([]byte, 32)
	var err error
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_, e1 := m.WriteAt(p, sector)
		_, e2 := m.ReadAt(p, sector)
		if e := m.EraseBlocks(1, 1); e1 != nil || e2 != nil || e != nil {
			err = errOwn
		}
	}))
	require.NoError(t, err)
}

// TestSparse: a Sparse holds what a Memory holds, and no memory for what was
// never written.
func TestSparse(t *testing.T) {
	s, m := flash.NewSparse(4*sector), flash.NewMemory(4*sector)
	for i, off := range []int64{0, 4, 64, 2*sector + 4092, sector + 32, 0} {
		b := []byte{byte(i), 0, 0, byte(i)}
		_, err := s.WriteAt(b, off)
		_, want := m.WriteAt(b, off)
		require.Equal(t, want, err)
	}
	require.Equal(t, m.Bytes(), s.Image())
	all := make([]byte, 3*sector)
	_, err := s.ReadAt(all, 40)
	require.NoError(t, err)
	require.Equal(t, m.Bytes()[40:40+3*sector], all)
	require.NoError(t, s.EraseBlocks(1, 2))
	require.NoError(t, m.EraseBlocks(1, 2))
	require.Equal(t, m.Bytes(), s.Image())
	const times = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		_, err := flash.NewSparse(1<<20).WriteAt([]byte{0, 0, 0, 0}, 100)
		require.NoError(t, err)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/times, uint64(8<<10))
}
