// SPDX-License-Identifier: Apache-2.0

package storetest_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/storetest"
)

// Checks a store outside of a test. A test calls Run instead.
func ExampleChecks() {
	for _, check := range storetest.Checks() {
		if err := check.Run(storetest.Rig{Store: &store.Memory{}}); err != nil {
			fmt.Println(check.Name, err)
		}
	}
	// Output:
}
