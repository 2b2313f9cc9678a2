// SPDX-License-Identifier: Apache-2.0

package tinygo_test

import (
	"errors"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/flashtest"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// A region is a flash like any other.
func TestRegionKeepsTheContractOfFlash(t *testing.T) {
	flashtest.Run(t, func(*testing.T) flashtest.Rig {
		whole := flash.NewMemory(8 * nvs.SectorSize)
		r, err := tinygo.NewRegion(whole, 2*nvs.SectorSize, 4*nvs.SectorSize)
		require.NoError(t, err)
		return flashtest.Rig{Flash: r}
	})
}

// Nothing outside of a region is touched, whatever is asked for.
func TestRegionBounds(t *testing.T) {
	const size = 3 * nvs.SectorSize
	whole := flash.NewMemory(16 * nvs.SectorSize)
	for i := range whole.Size() / 4 {
		_, err := whole.WriteAt([]byte{0xa5, byte(i), byte(i >> 8), 0}, 4*i)
		require.NoError(t, err)
	}
	before := content(t, whole)
	r, err := tinygo.LastRegion(whole, size)
	require.NoError(t, err)
	require.EqualValues(t, size, r.Size())
	require.NoError(t, r.EraseBlocks(0, size/r.EraseBlockSize()))
	_, err = r.WriteAt([]byte{1, 2, 3, 4}, size-4)
	require.NoError(t, err)
	for _, off := range []int64{-4, size - 2, size, 1 << 62} {
		_, err = r.WriteAt([]byte{1, 2, 3, 4}, off)
		require.Error(t, err, off)
		_, err = r.ReadAt(make([]byte, 4), off)
		require.Error(t, err, off)
	}
	blocks := size / r.EraseBlockSize()
	for _, span := range [][2]int64{{-1, 1}, {blocks, 1}, {0, blocks + 1}, {1, -1}, {1, 1<<63 - 1}} {
		require.Error(t, r.EraseBlocks(span[0], span[1]), span)
	}
	after := content(t, whole)
	outside := len(before) - size
	require.Equal(t, before[:outside], after[:outside])
	require.Equal(t, []byte{1, 2, 3, 4}, after[len(after)-4:])

	for _, bad := range [][2]int64{{0, 0}, {1, nvs.SectorSize}, {0, 100}, {-nvs.SectorSize, nvs.SectorSize}, {0, 17 * nvs.SectorSize}, {16 * nvs.SectorSize, nvs.SectorSize}} {
		_, err := tinygo.NewRegion(whole, bad[0], bad[1])
		require.Error(t, err, bad)
	}
	_, err = tinygo.LastRegion(whole, 17*nvs.SectorSize)
	require.Error(t, err)
}

// words is a flash that takes writes from a word's boundary only.
type words struct{ *flash.Memory }

func (w words) WriteAt(p []byte, off int64) (int, error) {
	if uintptr(unsafe.Pointer(&p[0]))%4 != 0 || len(p) > 256 {
		return 0, errors.New("not on a word's boundary, or too long")
	}
	return w.Memory.WriteAt(p, off)
}

// The store lies in the last 24 KiB of a flash, and is found there again.
func TestOpenStore(t *testing.T) {
	whole := flash.NewMemory(16 * nvs.SectorSize)
	for range 2 {
		partition, err := tinygo.OpenStore(whole)
		require.NoError(t, err)
		_, err = wifistore.Load(partition)
		require.NoError(t, err)
		require.NoError(t, wifistore.Save(partition, network))
		require.NoError(t, partition.Close())
	}
	before := content(t, whole)
	for _, b := range before[:10*nvs.SectorSize] {
		require.EqualValues(t, 0xff, b)
	}
	_, err := tinygo.OpenStore(flash.NewMemory(nvs.SectorSize))
	require.Error(t, err)
}

// pages is a flash that takes whole blocks only, as that of a Raspberry Pi Pico.
type pages struct {
	words
	unit int64
}

func (p pages) WriteBlockSize() int64 { return p.unit }

func (p pages) WriteAt(b []byte, off int64) (int, error) {
	if off%p.unit != 0 || int64(len(b))%p.unit != 0 {
		return 0, errors.New("not whole blocks")
	}
	old := make([]byte, len(b))
	if _, err := p.ReadAt(old, off); err != nil {
		return 0, err
	}
	for i := range b {
		b[i] &= old[i] // ones change nothing
	}
	return p.words.WriteAt(b, off)
}

// A flash that takes whole blocks only is a flash like any other, down to the bits that
// stay unwritten.
func TestRegionWritesWholeBlocks(t *testing.T) {
	for _, unit := range []int64{1, 4, 32, 256} {
		flashtest.Run(t, func(*testing.T) flashtest.Rig {
			r, err := tinygo.LastRegion(pages{words{flash.NewMemory(4 * nvs.SectorSize)}, unit}, 3*nvs.SectorSize)
			require.NoError(t, err)
			return flashtest.Rig{Flash: r}
		})
		whole := pages{words{flash.NewMemory(4 * nvs.SectorSize)}, unit}
		r, err := tinygo.LastRegion(whole, 3*nvs.SectorSize)
		require.NoError(t, err)
		partition, err := nvs.Open(r, nvs.Options{})
		require.NoError(t, err)
		require.NoError(t, wifistore.Save(partition, network))
		require.NoError(t, partition.Close())
		partition, err = nvs.Open(r, nvs.Options{ReadOnly: true})
		require.NoError(t, err)
		stored, err := wifistore.Load(partition)
		require.NoError(t, err)
		require.Equal(t, network, stored)
	}
	for _, unit := range []int64{0, -1, 3, 512} {
		_, err := tinygo.LastRegion(pages{words{flash.NewMemory(4 * nvs.SectorSize)}, unit}, 3*nvs.SectorSize)
		require.Error(t, err, unit)
	}
}

// What is written lies on a word's boundary, wherever the caller has it.
func TestRegionAlignsWrites(t *testing.T) {
	r, err := tinygo.LastRegion(words{flash.NewMemory(4 * nvs.SectorSize)}, 3*nvs.SectorSize)
	require.NoError(t, err)
	source := make([]byte, 1027)
	for i := range source {
		source[i] = byte(i)
	}
	for shift := range 4 {
		p := source[shift:][:1020]
		off := int64(shift * 1024)
		n, err := r.WriteAt(p, off)
		require.NoError(t, err)
		require.Equal(t, len(p), n)
		got := make([]byte, len(p))
		_, err = r.ReadAt(got, off)
		require.NoError(t, err)
		require.Equal(t, p, got)
	}
}

func content(t *testing.T, f nvs.Flash) []byte {
	t.Helper()
	b := make([]byte, f.Size())
	_, err := f.ReadAt(b, 0)
	require.NoError(t, err)
	return b
}

// What a power cut left half saved is put right at boot.
func TestInterruptedSaveIsRecovered(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, func(b *bench) {
			p, err := nvs.Open(b.flash, nvs.Options{})
			require.NoError(t, err)
			journal := append([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7}, "HomeNetsecretpass"...)
			require.NoError(t, store.SetBlob(p, "wifiprov", "sta.save", journal))
			require.NoError(t, p.Close())
		})
		cfg, err := b.StationConfig()
		require.NoError(t, err)
		require.Equal(t, network, cfg)
		_, err = store.Blob(b.cfg.Store, "wifiprov", "sta.save")
		require.ErrorIs(t, err, store.ErrNotFound)
		ssid, err := store.Blob(b.cfg.Store, wifistore.Namespace, "sta.ssid")
		require.NoError(t, err)
		require.Contains(t, string(ssid), "HomeNet")
	})
}

// The configuration is found under ESP-IDF's keys, and one that another wrote
// is used.
func TestConfigurationLiesInNVS(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var before *flash.Memory
		b := newBench(t, func(b *bench) {
			p, err := nvs.Open(b.flash, nvs.Options{})
			require.NoError(t, err)
			require.NoError(t, wifistore.Save(p, hal.StationConfig{SSID: "FromESPIDF", Passphrase: "12345678"}))
			require.NoError(t, p.Close())
			before = b.flash
		})
		cfg, err := b.StationConfig()
		require.NoError(t, err)
		require.Equal(t, hal.SSID("FromESPIDF"), cfg.SSID)
		require.NoError(t, b.SetStationConfig(network))
		p, err := nvs.Open(before, nvs.Options{ReadOnly: true})
		require.NoError(t, err)
		stored, err := wifistore.Load(p)
		require.NoError(t, err)
		require.Equal(t, network, stored)
	})
}
