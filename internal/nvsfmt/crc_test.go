// SPDX-License-Identifier: Apache-2.0

package nvsfmt

import (
	"testing"

	"pgregory.net/rapid"
)

// The checksum of a chip is that of a host.
func TestSmallChecksum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sum := rapid.Uint32().Draw(t, "sum")
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		if updateSmall(sum, b) != update(sum, b) {
			t.Fatal("they differ")
		}
	})
}
