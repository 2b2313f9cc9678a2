// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package haltest

import (
	"testing"
	"testing/synctest"
)

// RunInBubble is Run with each check, open included, in a testing/synctest bubble. It is
// for HALs that use package time, and makes waiting take no time.
func RunInBubble(t *testing.T, open func(t *testing.T) Rig) {
	t.Helper()
	runEach(t, open, synctest.Test)
}
