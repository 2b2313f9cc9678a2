// SPDX-License-Identifier: Apache-2.0

package ble_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/hal/ble"
)

// The UUIDs of a service and of one of its characteristics.
func ExampleUUID_With16() {
	service, err := ble.ParseUUID("1775244d-6b43-439b-877c-060f2d9bed07")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(service.With16(0xff51))
	// Output: 1775ff51-6b43-439b-877c-060f2d9bed07
}
