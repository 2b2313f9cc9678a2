// SPDX-License-Identifier: Apache-2.0

package shard_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/shard"
)

// Every device is in one part, the parts are about as great, and a name stays where it
// is from release to release.
func TestHas(t *testing.T) {
	counts := [4]int{}
	for i := range 4000 {
		name, in := fmt.Sprintf("PROV_%06d", i), 0
		for part := range counts {
			if (shard.Shard{Index: part, Count: 4}).Has(name) {
				counts[part]++
				in++
			}
		}
		require.Equal(t, 1, in)
		require.True(t, shard.Shard{}.Has(name))
	}
	require.Equal(t, [4]int{1000, 1000, 1000, 1000}, counts)
	require.True(t, (shard.Shard{Index: 0, Count: 4}).Has("PROV_000001"))
}

func TestParse(t *testing.T) {
	for _, text := range []string{"", "0/1", "3/4"} {
		s, err := shard.Parse(text)
		require.NoError(t, err)
		require.Equal(t, text, s.String())
	}
	for _, text := range []string{"4/4", "-1/4", "1", "1/", "1/4x", "1/0", "a/b"} {
		_, err := shard.Parse(text)
		require.EqualError(t, err, fmt.Sprintf("%q: give part and number of parts, counted from 0: 0/4, 1/4, 2/4, 3/4", text))
	}
}
