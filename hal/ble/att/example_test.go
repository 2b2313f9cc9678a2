// SPDX-License-Identifier: Apache-2.0

package att_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/scheme/ble"
)

// A device that is provisioned over Bluetooth, on any controller that speaks HCI.
func ExampleNew() {
	controller, _ := sim.NewAir(sim.AirConfig{}).NewController(sim.ControllerConfig{}) // or the chip's
	host, err := att.New(controller, att.Config{MTU: 517})
	if err != nil {
		fmt.Println(err)
		return
	}
	scheme := ble.New(ble.Config{GATT: host})
	fmt.Println(scheme.WiFiMode())
	// Output: STA
}
