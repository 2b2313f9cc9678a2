// SPDX-License-Identifier: Apache-2.0

package hal_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// Joins a network with any Wi-Fi driver, here the simulated one.
func Example() {
	air := sim.NewAir(sim.AirConfig{TimeScale: 100})
	_, _ = air.AddAP(sim.APConfig{SSID: "HomeNet", Auth: hal.AuthWPA2PSK, Passphrase: "correct horse"})
	board, _ := air.NewBoard(sim.BoardConfig{})
	var wifi hal.WiFi = board

	events := make(chan hal.Event, 16)
	cancel := wifi.Subscribe(func(e hal.Event) { events <- e })
	defer cancel()
	_ = wifi.SetStationConfig(hal.StationConfig{SSID: "HomeNet", Passphrase: "correct horse"})
	_ = wifi.Start()
	_ = wifi.Connect()
	for e := range events {
		if e.Kind == hal.EventGotIP {
			fmt.Println("joined HomeNet as", e.IP)
			return
		}
	}
	// Output: joined HomeNet as 192.168.1.77
}
