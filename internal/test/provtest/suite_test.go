// SPDX-License-Identifier: Apache-2.0

package provtest

import "testing"

// Every scenario over every transport, under every security.
func TestSuite(t *testing.T) {
	t.Run("HTTP", func(t *testing.T) { Suite(t, HTTPRig) })
	t.Run("BLE", func(t *testing.T) { Suite(t, BLERig) })
	t.Run("console", func(t *testing.T) { Suite(t, ConsoleRig) })
}
