// SPDX-License-Identifier: Apache-2.0

// Package flashtest checks an implementation of nvs.Flash against its contract. It needs
// only the standard library, so that it can be compiled into the tests of a device too.
package flashtest

import (
	"testing"

	"github.com/wifiprov/wifiprov/store/nvs"
)

// Rig is a flash under test.
type Rig struct {
	// Flash has at least 3 sectors, whose content is lost. Required.
	Flash nvs.Flash

	// Reopen cuts the power after a Sync and returns the flash as it is after the
	// next start; nil skips checks that need it.
	Reopen func() (nvs.Flash, error)
}

// Check is one part of the contract.
type Check struct {
	Name string
	// Run reports how the flash breaks its contract; nil: it does not. The flash
	// may have been used before.
	Run func(Rig) error
}

// Run runs all checks as subtests, each on a Rig of its own that open makes.
// Each sector is erased some hundred times.
func Run(t *testing.T, open func(t *testing.T) Rig) {
	t.Helper()
	for _, c := range Checks() {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Run(open(t)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Checks returns all checks, to run them in another way than Run.
func Checks() []Check {
	return []Check{
		{"Sizes", checkSizes},
		{"EraseSetsAllBits", checkErase},
		{"EraseCountsBlocks", checkEraseBlocks},
		{"WriteEveryLength", checkWriteLengths},
		{"WriteClearsBitsInPlace", checkClearBits},
		{"ZeroNeverBecomesOne", checkNoSet},
		{"WriteLeavesTheRest", checkRest},
		{"CallerKeepsItsSlices", checkOwnership},
		{"ReadAnywhere", checkReadAnywhere},
		{"ReadBeyondTheEnd", checkReadEnd},
		{"WriteBeyondTheEnd", checkWriteEnd},
		{"EraseBeyondTheEnd", checkEraseEnd},
		{"SyncSurvivesPowerCut", checkSync},
		{"Model", checkModel},
	}
}
