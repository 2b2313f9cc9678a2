// SPDX-License-Identifier: Apache-2.0

package fair

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// join gives a newcomer one of n places, which are taken by sources in the order
// in which they came; the oldest of equal weight goes.
func join(places []byte, n int, newcomer byte) ([]byte, bool) {
	held := map[byte]int{}
	for _, p := range places {
		held[p]++
	}
	if len(places) < n {
		return append(places, newcomer), true
	}
	goes, highest := -1, -1
	for i, p := range places {
		if w := Weight(held[p], held[newcomer], p == newcomer); w > highest {
			goes, highest = i, w
		}
	}
	if goes < 0 {
		return places, false
	}
	return append(append(places[:goes:goes], places[goes+1:]...), newcomer), true
}

func TestWhoMakesRoom(t *testing.T) {
	tests := []struct{ places, newcomers, left string }{
		{"", "abcd", "abcd"},
		{"abcd", "e", "bcde"},           // all have one: the oldest
		{"aaaa", "b", "aaab"},           // who has most
		{"aaab", "aaaaaaaaaaa", "baaa"}, // himself
		{"aabb", "a", "abba"},           // himself, though another has as many
		{"aabb", "c", "abbc"},
		{"abbb", "a", "abba"}, // the other has more even so
		{"abcd", "a", "bcda"}, // he has one to give
		{"aabc", "cccc", "aabc"},
	}
	for _, tt := range tests {
		places := []byte(tt.places)
		for _, c := range []byte(tt.newcomers) {
			var in bool
			places, in = join(places, 4, c)
			require.True(t, in)
		}
		require.Equal(t, tt.left, string(places), "%s + %s", tt.places, tt.newcomers)
	}
}

// One source alone never costs another its only place, whatever it does.
func TestOneSourceAlone(t *testing.T) {
	places := []byte("hij")
	for range 100 {
		places, _ = join(places, 4, 'a')
		require.Equal(t, "hija", string(places))
	}
	require.Negative(t, Weight(1, 1, false))
	require.Negative(t, Weight(2, 3, false))
	require.Positive(t, Weight(1, 0, false))
}
