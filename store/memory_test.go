// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/storetest"
)

func TestMemoryKeepsContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Rig {
		m := new(store.Memory)
		return storetest.Rig{Store: m, PowerCut: func() (store.Store, error) {
			m.Restore(m.Snapshot())
			return m, nil
		}}
	})
}

func TestMemorySnapshot(t *testing.T) {
	var m store.Memory
	require.NoError(t, store.SetText(&m, "app", "name", "old"))
	require.NoError(t, m.Commit())
	before := m.Snapshot()
	require.NoError(t, store.SetText(&m, "app", "name", "new"))
	m.Restore(m.Snapshot())
	name, err := store.Text(&m, "app", "name")
	require.NoError(t, err)
	require.Equal(t, "old", name, "what was not committed is lost")

	require.NoError(t, store.SetText(&m, "app", "name", "new"))
	require.NoError(t, m.Commit())
	var twin store.Memory
	twin.Restore(before)
	m.Restore(store.Snapshot{})
	_, err = store.Text(&m, "app", "name")
	require.ErrorIs(t, err, store.ErrNotFound)
	name, err = store.Text(&twin, "app", "name")
	require.NoError(t, err)
	require.Equal(t, "old", name)
	require.NoError(t, store.SetText(&twin, "app", "name", "x"))
	m.Restore(before)
	name, _ = store.Text(&m, "app", "name")
	require.Equal(t, "old", name, "a snapshot never changes")
}

func TestMemoryLimit(t *testing.T) {
	m := store.Memory{Limit: 32 + 96 + 32}
	require.NoError(t, store.SetInt(&m, "a", "n", uint64(1)))
	require.NoError(t, store.SetBlob(&m, "a", "b", make([]byte, 33)))
	require.NoError(t, store.SetBlob(&m, "a", "empty", nil))
	require.ErrorIs(t, store.SetInt(&m, "a", "m", uint8(1)), store.ErrFull)
}

func TestMemoryLimitCountsAgain(t *testing.T) {
	m := store.Memory{Limit: 128}
	big := make([]byte, 96)
	require.NoError(t, store.SetBlob(&m, "a", "b", big))
	require.ErrorIs(t, store.SetInt(&m, "a", "n", uint8(1)), store.ErrFull)
	require.NoError(t, store.SetBlob(&m, "a", "b", big[:64]), "a value may shrink")
	require.NoError(t, store.SetInt(&m, "a", "n", uint8(1)))
	require.ErrorIs(t, store.SetBlob(&m, "a", "b", big), store.ErrFull)
	require.NoError(t, m.Commit())
	m.Restore(m.Snapshot())
	require.ErrorIs(t, store.SetInt(&m, "a", "m", uint8(1)), store.ErrFull)
	require.NoError(t, m.Erase("a", "n"))
	require.NoError(t, store.SetBlob(&m, "a", "b", big))
	require.NoError(t, m.EraseAll("a"))
	require.NoError(t, store.SetBlob(&m, "a", "b", big))
}

func TestErrorTexts(t *testing.T) {
	var m store.Memory
	require.NoError(t, store.SetInt(&m, "wifi", "n", uint8(1)))
	_, notFound := m.Get(nil, "wifi", "ssid", store.TypeBlob)
	_, other := m.Get(nil, "wifi", "n", store.TypeBlob)
	m.Limit = 32
	for text, err := range map[string]error{
		"store: get wifi/ssid: not found":                                         notFound,
		"store: get wifi/n: not found: it is a u8, not a blob":                    other,
		"store: set wifi: invalid: key is empty":                                  store.SetInt(&m, "wifi", "", uint8(1)),
		"store: set: invalid: namespace is empty":                                 store.SetInt(&m, "", "", uint8(1)),
		"store: set wifi/0123456789abcdef: invalid: key is longer than 15 bytes":  store.SetInt(&m, "wifi", "0123456789abcdef", uint8(1)),
		"store: set wifi/x: invalid: u32 of 1 bytes":                              m.Set("wifi", "x", store.TypeU32, []byte{1}),
		"store: set wifi/x: invalid: string with a zero byte; store it as a blob": store.SetText(&m, "wifi", "x", "a\x00"),
		"store: set wifi/x: invalid: unknown type 0x99":                           m.Set("wifi", "x", 0x99, nil),
		"store: set wifi/m: no space left: needs 64 of 32 bytes":                  store.SetInt(&m, "wifi", "m", uint8(1)),
		"store: erase wifi/m: not found":                                          m.Erase("wifi", "m"),
		"store: commit: cause":                                                    &store.Error{Op: "commit", Err: errors.New("cause")},
	} {
		require.EqualError(t, err, text)
	}
}

func TestTypedIntegers(t *testing.T) {
	var m store.Memory
	roundTrip(t, &m, store.TypeU8, uint8(math.MaxUint8))
	roundTrip(t, &m, store.TypeU16, uint16(math.MaxUint16))
	roundTrip(t, &m, store.TypeU32, uint32(math.MaxUint32))
	roundTrip(t, &m, store.TypeU64, uint64(math.MaxUint64))
	roundTrip(t, &m, store.TypeI8, int8(math.MinInt8))
	roundTrip(t, &m, store.TypeI16, int16(math.MinInt16))
	roundTrip(t, &m, store.TypeI32, int32(math.MinInt32))
	roundTrip(t, &m, store.TypeI64, int64(math.MinInt64))
	require.NoError(t, store.SetInt(&m, "n", "k", int16(-2)))
	raw, err := m.Get(nil, "n", "k", store.TypeI16)
	require.NoError(t, err)
	require.Equal(t, []byte{0xfe, 0xff}, raw)
	_, err = store.Int[uint16](&m, "n", "k")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func roundTrip[T store.Integer](t *testing.T, m *store.Memory, typ store.Type, v T) {
	t.Helper()
	require.NoError(t, store.SetInt(m, "n", "k", v))
	got, err := store.Int[T](m, "n", "k")
	require.NoError(t, err)
	require.Equal(t, v, got)
	for e := range m.Entries("n") {
		require.Equal(t, typ, e.Type)
	}
	require.Equal(t, v < 0, typ.Signed())
}

func TestGetDoesNotAllocate(t *testing.T) {
	var m store.Memory
	require.NoError(t, store.SetInt(&m, "n", "k", uint32(7)))
	buf := make([]byte, 0, 8)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := m.Get(buf, "n", "k", store.TypeU32); err != nil {
			t.Fatal(err)
		}
	}))
}
