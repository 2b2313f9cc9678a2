// SPDX-License-Identifier: Apache-2.0

package long

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForms(t *testing.T) {
	for value, want := range map[string][3]int{"": {2, 40, 8}, "0": {2, 40, 8}, "1": {10, 4, 1}, "20": {200, 1, 1}} {
		t.Setenv("WIFIPROV_LONG", value)
		require.Equal(t, want, [3]int{Count(t, 2, 10), Stride(t, 40, 4), Stride(t, 8, 1)}, value)
		skipped := false
		t.Run("only", func(t *testing.T) {
			defer func() { skipped = t.Skipped() }()
			Only(t)
		})
		require.Equal(t, value == "" || value == "0", skipped, value)
	}
}
