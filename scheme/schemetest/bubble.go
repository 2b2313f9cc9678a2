// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package schemetest

import (
	"testing"
	"testing/synctest"
)

// RunInBubble is Run with each check, open included, in a testing/synctest
// bubble: waiting costs no time, and a goroutine that is left fails the check.
func RunInBubble(t *testing.T, open func(t *testing.T) Rig) {
	t.Helper()
	for _, c := range Checks() {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := c.Run(open(t)); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}
