// SPDX-License-Identifier: Apache-2.0

package provtest

import "testing"

// Every scenario on a Raspberry Pi Pico W, over the schemes that need no SoftAP.
func TestSuiteOnPico(t *testing.T) {
	t.Run("BLE", func(t *testing.T) { Suite(t, PicoBLERig) })
	t.Run("console", func(t *testing.T) { Suite(t, PicoConsoleRig) })
}
