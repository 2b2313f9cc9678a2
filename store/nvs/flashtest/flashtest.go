// Package flashtest holds every implementation of nvs.Flash to the contract
// that package nvs writes down. It needs the standard library only, so that it
// can also be compiled into the tests of a device.
package flashtest

import (
	"testing"

	"github.com/wifiprov/wifiprov/store/nvs"
)

// Rig is a flash under test.
type Rig struct {
	// Flash has 3 sectors or more; what is in them is lost. Required.
	Flash nvs.Flash

	// Reopen cuts the power after a Sync and returns the flash as it comes up
	// again; nil leaves out what needs it.
	Reopen func() (nvs.Flash, error)
}

// Check is one part of the contract.
type Check struct {
	Name string
	// Run reports how the flash breaks its contract; nil: it does not. It may
	// run on a flash that was used before.
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

// Checks returns all checks, for those who want to run them in their own way.
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
