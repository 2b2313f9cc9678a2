// SPDX-License-Identifier: Apache-2.0

package tinygo_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/internal/test/tinygotest"
	"github.com/wifiprov/wifiprov/store"
)

// The Wi-Fi of a device. A firmware takes Driver and store from module
// chip of its binding.
func ExampleNew() {
	driver, err := tinygotest.New(sim.NewAir(sim.AirConfig{})) // on a chip: &chip.Driver{}
	if err != nil {
		fmt.Println(err)
		return
	}
	radio, err := tinygo.New(tinygo.Config{Driver: driver, Store: &store.Memory{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer radio.Close()
	cfg, err := radio.StationConfig()
	fmt.Printf("%q %v\n", cfg.SSID, err)
	// Output: "" <nil>
}
