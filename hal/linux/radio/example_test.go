// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package radio_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/fakelinux"
)

// Joins a network and leaves it joined. A program for genuine boxes opens package
// hal/linux, which chooses the Daemon and has the Phy.
func ExampleNew() {
	air := sim.NewAir(sim.AirConfig{})
	_, _ = air.AddAP(sim.APConfig{SSID: "HomeNet", Auth: hal.AuthWPA2PSK, Passphrase: "correct horse"})
	box, err := fakelinux.New(air, fakelinux.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer box.Board().Close()

	wifi, err := radio.New(box.Daemon(), radio.Config{Interface: "wlan0", Phy: box})
	if err != nil {
		fmt.Println(err)
		return
	}
	events := make(chan hal.Event, 16)
	wifi.Subscribe(func(e hal.Event) { events <- e })
	_ = wifi.SetStationConfig(hal.StationConfig{SSID: "HomeNet", Passphrase: "correct horse"})
	if err := wifi.Start(); err != nil {
		fmt.Println(err)
	}
	_ = wifi.Connect()
	for e := range events {
		if e.Kind == hal.EventGotIP {
			fmt.Println("joined HomeNet as", e.IP)
			break
		}
	}
	if err := wifi.Close(); err != nil {
		fmt.Println(err)
	}
	link, _ := box.Board().Link()
	fmt.Println("and stays in", link.AP.SSID)
	// Output:
	// joined HomeNet as 192.168.1.77
	// and stays in HomeNet
}
