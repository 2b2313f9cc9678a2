// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package nvs_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// TestIndex: with an index, a partition of few pages that are moved all the
// time finds what was set and nothing that was erased, also when most of what
// the index lists is gone.
func TestIndex(t *testing.T) {
	defer nvs.SetIndexFrom(1)()
	for seed := range uint64(4) {
		mem, p := blank(t, 4+int64(seed))
		r := rand.New(rand.NewPCG(seed, 1))
		want := map[string]uint32{}
		var keys []string
		for n := range uint32(6000) {
			key := "k" + strconv.Itoa(int(n)/3)
			if len(keys) > 100 || len(keys) > 0 && r.IntN(3) == 0 {
				i := r.IntN(len(keys))
				key = keys[i]
				if r.IntN(2) == 0 {
					require.NoError(t, p.Erase("app", key))
					_, err := p.Find("app", key)
					require.ErrorIs(t, err, store.ErrNotFound)
					delete(want, key)
					keys = slices.Delete(keys, i, i+1)
					continue
				}
			}
			require.NoError(t, store.SetInt(p, "app", key, n))
			if _, had := want[key]; !had {
				keys = append(keys, key)
			}
			want[key] = n
			if n%500 != 499 {
				continue
			}
			for key, v := range want {
				got, err := store.Int[uint32](p, "app", key)
				require.NoError(t, err, key)
				require.Equal(t, v, got, key)
			}
			for i := range int(n) / 3 {
				key := "k" + strconv.Itoa(i)
				if _, there := want[key]; !there {
					_, err := p.Find("app", key)
					require.ErrorIs(t, err, store.ErrNotFound, key)
				}
			}
			listed, full := p.IndexLoad()
			require.LessOrEqual(t, listed, full*3/4, "what is gone is left out now and then")
		}
		require.NoError(t, p.Close())
		require.Len(t, list(t, open(t, mem)).keys, len(want))
	}
}

// TestIndexOfEqualHashes: keys with equal hashes on several pages are told
// apart, in whatever order their pages are.
func TestIndexOfEqualHashes(t *testing.T) {
	defer nvs.SetIndexFrom(1)()
	const names = 3
	var equal []string
	by := map[uint32][]string{}
	for i := uint64(0); len(equal) < names; i++ {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], i*0x9e3779b97f4a7c15)
		name := strconv.FormatUint(binary.LittleEndian.Uint64(b[:]), 36)
		h := nvs.HashOf(1, name)
		if by[h] = append(by[h], name); len(by[h]) == names {
			equal = by[h]
		}
	}
	_, p := blank(t, 8)
	for i, name := range equal {
		require.NoError(t, store.SetInt(p, "app", name, uint32(i)))
		for j := range 125 { // the next one is on another page
			require.NoError(t, store.SetInt(p, "app", "k"+strconv.Itoa(i)+"-"+strconv.Itoa(j), uint32(j)))
		}
	}
	for i, name := range equal {
		got, err := store.Int[uint32](p, "app", name)
		require.NoError(t, err)
		require.EqualValues(t, i, got)
	}
	require.NoError(t, p.Erase("app", equal[1]))
	_, err := p.Find("app", equal[1])
	require.ErrorIs(t, err, store.ErrNotFound)
	for _, i := range []int{0, 2} {
		got, err := store.Int[uint32](p, "app", equal[i])
		require.NoError(t, err)
		require.EqualValues(t, i, got)
	}
}
