// SPDX-License-Identifier: Apache-2.0

package cyw43_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/hal/pico/cyw43"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/internal/test/cyw43test"
	"github.com/wifiprov/wifiprov/store"
)

// The Wi-Fi of a device. A firmware takes the board from module hal/pico/cyw43/chip, and
// the store from tinygo.OpenStore.
func ExampleNew() {
	board, err := cyw43test.NewBoard(sim.NewAir(sim.AirConfig{})) // on a board: chip.Open
	if err != nil {
		fmt.Println(err)
		return
	}
	defer board.Close()
	radio, err := tinygo.New(tinygo.Config{
		Driver: cyw43.New(board, board.Bus), // on a board: board.Driver()
		Store:  &store.Memory{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer radio.Close()
	cfg, err := radio.StationConfig()
	fmt.Printf("%q %v\n", cfg.SSID, err)
	// Output: "" <nil>
}
