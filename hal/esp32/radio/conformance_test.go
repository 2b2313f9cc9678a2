//go:build !tinygo

package radio_test

import (
	"testing"

	"github.com/wifiprov/wifiprov/hal/haltest"
)

// The contracts of hal, but for ScanOneChannel and StopSoftAPKeepsLink, which
// this radio cannot keep.
func TestContract(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig { return newBench(t).rig() })
}

// A driver that tells details keeps more of them, and one that cannot be
// stopped all the same.
func TestContractOfOtherDrivers(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		r := newBench(t, func(b *bench) { b.driver.Details, b.driver.CannotStop = true, true }).rig()
		r.SparseScan, r.Channel = false, 6
		return r
	})
}
