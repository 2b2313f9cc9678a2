// SPDX-License-Identifier: Apache-2.0

package haltest_test

import (
	"testing"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/haltest"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// A test of a Wi-Fi driver, here of the simulated one.
func ExampleRun() {
	test := func(t *testing.T) { // TestDriver in a file of yours
		haltest.Run(t, func(t *testing.T) haltest.Rig {
			air := sim.NewAir(sim.AirConfig{})
			_, _ = air.AddAP(sim.APConfig{SSID: "HomeNet", Auth: hal.AuthWPA2PSK, Passphrase: "correct horse", Channel: 6})
			board, err := air.NewBoard(sim.BoardConfig{})
			if err != nil {
				t.Fatal(err)
			}
			return haltest.Rig{
				WiFi:    board,
				Network: hal.StationConfig{SSID: "HomeNet", Passphrase: "correct horse"},
				Channel: 6,
				Missing: hal.StationConfig{SSID: "no such network"},
			}
		})
	}
	_ = test
}
