// SPDX-License-Identifier: Apache-2.0

package espradio_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/hal/esp32/espradio"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/espradiotest"
	"github.com/wifiprov/wifiprov/store"
)

// The Wi-Fi of a device. A firmware takes Driver and store from module
// hal/esp32/espradio/chip.
func ExampleNew() {
	driver, err := espradiotest.New(sim.NewAir(sim.AirConfig{})) // on a chip: &chip.Driver{}
	if err != nil {
		fmt.Println(err)
		return
	}
	radio, err := espradio.New(espradio.Config{Driver: driver, Store: &store.Memory{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer radio.Close()
	cfg, err := radio.StationConfig()
	fmt.Printf("%q %v\n", cfg.SSID, err)
	// Output: "" <nil>
}
