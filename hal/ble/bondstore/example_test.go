// SPDX-License-Identifier: Apache-2.0

package bondstore_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/bondstore"
	"github.com/wifiprov/wifiprov/hal/ble/smp"
	"github.com/wifiprov/wifiprov/store"
)

// Bonds that survive a restart, if the store does.
func Example() {
	flash := &store.Memory{} // on a device: package nvs
	bonds, err := bondstore.New(flash, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = bonds.Store(smp.Bond{Identity: att.Address{0, 0xC0, 1, 2, 3, 4, 5}})
	_ = bonds.Each(func(b smp.Bond) bool {
		fmt.Printf("% x\n", b.Identity[1:])
		return true
	})
	// Output: c0 01 02 03 04 05
}
