//go:build !tinygo

package haltest

import (
	"testing"
	"testing/synctest"
)

// RunInBubble is Run with each check, open included, in a testing/synctest
// bubble: for HALs whose time is package time's, so that waiting costs none.
func RunInBubble(t *testing.T, open func(t *testing.T) Rig) {
	t.Helper()
	runEach(t, open, synctest.Test)
}
