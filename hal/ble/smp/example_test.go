// SPDX-License-Identifier: Apache-2.0

package smp_test

import (
	"crypto/rand"
	"fmt"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/smp"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/scheme/ble"
)

// A device whose values are read and written over an encrypted link only, and that
// knows its phones again after a restart if the bonds are kept in its flash
// (package bondstore).
func ExampleNew() {
	controller, _ := sim.NewAir(sim.AirConfig{}).NewController(sim.ControllerConfig{}) // or the chip's
	pairing, err := smp.New(smp.Config{Rand: rand.Reader, Bonds: smp.NewMemory(4)})
	if err != nil {
		fmt.Println(err)
		return
	}
	host, err := att.New(controller, att.Config{Pairing: pairing})
	if err != nil {
		fmt.Println(err)
		return
	}
	scheme := ble.New(ble.Config{GATT: host, Encrypt: true, Bonding: true})
	fmt.Println(scheme.WiFiMode())
	// Output: STA
}
