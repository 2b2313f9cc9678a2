// SPDX-License-Identifier: Apache-2.0

// Package storetest checks an implementation of [store.Store] against its contract.
package storetest

import (
	"testing"

	"github.com/wifiprov/wifiprov/store"
)

// Rig is a store under test.
type Rig struct {
	// Store is empty and has space for at least 8 KiB.
	Store store.Store
	// PowerCut simulates a power cut and returns the store as it is after the
	// next start; nil skips checks that need it.
	PowerCut func() (store.Store, error)
}

// Check is one part of the contract.
type Check struct {
	Name string
	// Run reports how the store breaks the contract; nil: it does not.
	Run func(Rig) error
}

// Run runs all checks as subtests, each on a store of its own that open
// makes.
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

// Checks returns all checks.
func Checks() []Check {
	return []Check{
		{"EmptyStore", checkEmpty},
		{"RoundTripOfEveryType", checkRoundTrip},
		{"GetAppends", checkGetAppends},
		{"OtherTypeIsNotFound", checkOtherType},
		{"SetReplacesOtherType", checkReplaceType},
		{"NamesAreChecked", checkNames},
		{"ValuesAreChecked", checkValues},
		{"Limits", checkLimits},
		{"NamespacesAreApart", checkNamespaces},
		{"Erase", checkErase},
		{"EraseAll", checkEraseAll},
		{"Entries", checkEntries},
		{"EntriesLoopMayChangeTheStore", checkEntriesChange},
		{"CallerKeepsItsSlices", checkOwnership},
		{"Concurrency", checkConcurrency},
		{"CommittedSurvivesPowerCut", checkPowerCut},
		{"Model", checkModel},
	}
}
