// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// machine compares a partition with a map.
type machine struct {
	flash   *flash.Faulty
	image   []byte // what is on it
	options nvs.Options
	p       *nvs.Partition
	m       map[string][]byte // namespace/key/type
	// unsure are what keys were set to, or nil for erased, by calls that
	// failed. Opening may show it; so may a call after one that failed to
	// read, which loads again. A key whose erasing failed may go as soon as
	// flash can be asked.
	unsure  map[string][][]byte
	misread bool
}

var (
	modelTypes = []store.Type{store.TypeU8, store.TypeI16, store.TypeU32, store.TypeI64, store.TypeString, store.TypeBlob}
	modelKeys  = []string{"a", "b", "c", "key of 15 bytes"}
	modelNames = []string{"app", "other"}
)

func drawValue(t *rapid.T, typ store.Type) []byte {
	if typ.Size() != 0 {
		return rapid.SliceOfN(rapid.Byte(), typ.Size(), typ.Size()).Draw(t, "value")
	}
	size := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, 3999)).Draw(t, "size")
	if typ == store.TypeBlob && rapid.IntRange(0, 9).Draw(t, "big") == 0 {
		size = rapid.IntRange(0, 9000).Draw(t, "size")
	}
	fill := rapid.SampledFrom([]byte{1, 0x55, 0xff, 'x'}).Draw(t, "fill")
	return bytes.Repeat([]byte{fill}, size)
}

// TestModel compares a partition with a plain map over any calls, errors of
// the flash at any operation, and openings. After an error a key is as it was,
// and once more known only when the partition was opened again after it.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := int64(rapid.IntRange(3, 6).Draw(t, "sectors")) * nvs.SectorSize
		if rapid.Bool().Draw(t, "indexed") {
			defer nvs.SetIndexFrom(1)()
		}
		mem := flash.NewMemory(size)
		m := &machine{flash: flash.NewFaulty(mem), image: mem.Bytes()}
		if rapid.IntRange(0, 3).Draw(t, "encrypted") == 0 {
			m.options.Keys = &nvs.Keys{Data: [32]byte{1}, Tweak: [32]byte{2}}
		}
		m.m, m.unsure = map[string][]byte{}, map[string][][]byte{}
		m.open(t)
		t.Repeat(map[string]func(*rapid.T){
			"set": m.set, "set again": m.set, "erase": m.erase, "eraseAll": m.eraseAll,
			"commit": m.commit, "open": m.reopen, "": m.check,
		})
	})
}

func (m *machine) open(t *rapid.T) {
	p, err := nvs.Open(m.flash, m.options)
	require.NoError(t, err)
	m.p = p
}

// arm lets the flash fail during the next call, or not.
func (m *machine) arm(t *rapid.T) (disarm func()) {
	if rapid.IntRange(0, 2).Draw(t, "fail") == 0 {
		fault := flash.Fault{
			Calls:   rapid.SampledFrom([]flash.Calls{flash.Writes | flash.Erases, flash.Reads, 0}).Draw(t, "calls"),
			Skip:    rapid.IntRange(0, 12).Draw(t, "skip"),
			Forever: rapid.Bool().Draw(t, "forever"),
			Effect:  rapid.SampledFrom([]flash.Effect{flash.EffectNone, flash.EffectHalf, flash.EffectFull}).Draw(t, "effect"),
		}
		m.flash.Inject(fault)
		m.misread = m.misread || fault.Calls != flash.Writes|flash.Erases
	}
	return m.flash.Clear
}

func (m *machine) set(t *rapid.T) {
	ns, key := rapid.SampledFrom(modelNames).Draw(t, "namespace"), rapid.SampledFrom(modelKeys).Draw(t, "key")
	typ := rapid.SampledFrom(modelTypes).Draw(t, "type")
	v := drawValue(t, typ)
	stored := append([]byte{byte(typ)}, v...)
	name := ns + "/" + key
	disarm := m.arm(t)
	err := m.p.Set(ns, key, typ, v)
	disarm()
	switch {
	case err == nil:
		m.m[name] = stored
		// A mark that could not be stored may let an older value be seen
		// only if the new one is not: openings drop the older of two.
		delete(m.unsure, name)
	case errors.Is(err, store.ErrFull):
	default:
		require.ErrorIs(t, err, flash.ErrInjected)
		m.unsure[name] = append(m.unsure[name], stored)
	}
}

func (m *machine) erase(t *rapid.T) {
	ns, key := rapid.SampledFrom(modelNames).Draw(t, "namespace"), rapid.SampledFrom(modelKeys).Draw(t, "key")
	name := ns + "/" + key
	disarm := m.arm(t)
	err := m.p.Erase(ns, key)
	disarm()
	switch {
	case err == nil:
		require.Contains(t, m.m, name)
		delete(m.m, name)
		delete(m.unsure, name)
	case errors.Is(err, store.ErrNotFound):
		if m.erasing(name) { // that was done now
			delete(m.m, name)
		}
		require.NotContains(t, m.m, name)
	default:
		require.ErrorIs(t, err, flash.ErrInjected)
		m.unsure[name] = append(m.unsure[name], nil)
	}
}

func (m *machine) eraseAll(t *rapid.T) {
	ns := rapid.SampledFrom(modelNames).Draw(t, "namespace")
	disarm := m.arm(t)
	err := m.p.EraseAll(ns)
	disarm()
	for _, key := range modelKeys {
		name := ns + "/" + key
		if err == nil {
			delete(m.m, name)
			delete(m.unsure, name)
			continue
		}
		require.ErrorIs(t, err, flash.ErrInjected)
		if _, err := m.p.Find(ns, key); err != nil {
			require.ErrorIs(t, err, store.ErrNotFound)
			delete(m.m, name)
			delete(m.unsure, name)
		} else {
			m.unsure[name] = append(m.unsure[name], nil)
		}
	}
}

func (m *machine) commit(t *rapid.T) {
	disarm := m.arm(t)
	err := m.p.Commit()
	disarm()
	if err != nil {
		require.ErrorIs(t, err, flash.ErrInjected)
	}
}

// reopen drops the open partition, as a power cut does, or closes it.
func (m *machine) reopen(t *rapid.T) {
	if rapid.Bool().Draw(t, "close") {
		require.NoError(t, m.p.Close())
	}
	disarm := m.arm(t)
	_, err := nvs.Open(m.flash, m.options)
	disarm()
	if err != nil {
		require.ErrorIs(t, err, flash.ErrInjected)
	}
	m.open(t)
	m.settle(t)
	clear(m.unsure)
	m.misread = false
}

// settle adopts what failed calls did.
func (m *machine) settle(t *rapid.T) {
	for name, values := range m.unsure {
		now := m.read(t, name)
		if bytes.Equal(now, m.m[name]) {
			continue
		}
		require.True(t, slices.ContainsFunc(values, func(v []byte) bool { return bytes.Equal(v, now) }),
			"%s is %.40x, was %.40x, attempts %.40x", name, now, m.m[name], values)
		if m.m[name] = now; now == nil {
			delete(m.m, name)
		}
	}
}

// read returns type and value of a key, nil without one.
func (m *machine) read(t *rapid.T, name string) []byte {
	ns, key, _ := bytes.Cut([]byte(name), []byte("/"))
	typ, err := m.p.Find(string(ns), string(key))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	require.NoError(t, err)
	v, err := m.p.Get([]byte{byte(typ)}, string(ns), string(key), typ)
	require.NoError(t, err)
	return v
}

// erasing reports whether an erasure of a key has failed: the key may go at any
// later call.
func (m *machine) erasing(name string) bool {
	return slices.ContainsFunc(m.unsure[name], func(v []byte) bool { return v == nil })
}

func (m *machine) check(t *rapid.T) {
	requireNoHole(t, m.image)
	if m.misread {
		m.settle(t)
	}
	for name := range m.unsure {
		if _, had := m.m[name]; had && m.erasing(name) && m.read(t, name) == nil {
			delete(m.m, name)
		}
	}
	listed := 0
	for e, err := range m.p.Entries("") {
		require.NoError(t, err)
		require.Contains(t, m.m, e.Namespace+"/"+e.Key)
		listed++
	}
	require.Equal(t, len(m.m), listed)
	used := 0
	for name, want := range m.m {
		require.Equal(t, want, m.read(t, name), name)
		switch typ := store.Type(want[0]); typ {
		case store.TypeString:
			used += 1 + len(want)/32 + min(1, len(want)%32)
		case store.TypeBlob:
			used += 2 + (len(want)+30)/32 // at least
		default:
			used++
		}
	}
	require.GreaterOrEqual(t, m.p.Stats().Used, used)
}

// requireNoHole fails if an active page has an entry without a mark before one
// that has: ESP-IDF takes it for the page's end, and what follows for torn.
func requireNoHole(t require.TestingT, image []byte) {
	for ; len(image) > 0; image = image[4096:] {
		h, ok := nvsfmt.ParseHeader(image)
		if !ok || h.State != nvsfmt.Active {
			continue
		}
		bits := nvsfmt.ParseBitmap(image[nvsfmt.BitmapOffset:])
		end := nvsfmt.EntriesPerPage
		for end > 0 && bits.At(end-1) == nvsfmt.UseFree {
			end--
		}
		for i := range end {
			require.NotEqual(t, nvsfmt.UseFree, bits.At(i), "entry %d of %d", i, end)
		}
	}
}
