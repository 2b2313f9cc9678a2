// SPDX-License-Identifier: Apache-2.0

package flashtest_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/flashtest"
)

// Checks a flash outside of a test. A test calls Run instead.
func ExampleChecks() {
	for _, check := range flashtest.Checks() {
		if err := check.Run(flashtest.Rig{Flash: flash.NewMemory(16 << 10)}); err != nil {
			fmt.Println(check.Name, err)
		}
	}
	// Output:
}
