// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"fmt"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/store"
)

// A board that scans, mistypes the passphrase, and joins.
func Example() {
	air := sim.NewAir(sim.AirConfig{TimeScale: 1000})
	for _, ap := range []sim.APConfig{
		{SSID: "Home", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -40, Channel: 6},
		{SSID: "Café", RSSI: -70, Channel: 11},
	} {
		if _, err := air.AddAP(ap); err != nil {
			fmt.Println(err)
			return
		}
	}
	board, err := air.NewBoard(sim.BoardConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer board.Close()

	done := make(chan struct{})
	board.Subscribe(func(e hal.Event) {
		switch e.Kind {
		case hal.EventStationStart:
			_ = board.StartScan(hal.ScanConfig{})
		case hal.EventScanDone:
			var found [16]hal.AccessPoint
			n, _ := board.ScanResults(found[:])
			for _, ap := range found[:n] {
				fmt.Println(ap.SSID, ap.RSSI, "dBm, channel", ap.Channel, ap.Auth)
			}
			_ = board.SetStationConfig(hal.StationConfig{SSID: "Home", Passphrase: "sekretpass"})
			_ = board.Connect()
		case hal.EventDisconnected:
			fmt.Println("failed:", e.Reason)
			_ = board.SetStationConfig(hal.StationConfig{SSID: "Home", Passphrase: "secretpass"})
			_ = board.Connect()
		case hal.EventGotIP:
			fmt.Println("address:", e.IP)
			close(done)
		}
	})
	_ = board.Start()
	<-done
	// Output:
	// Home -40 dBm, channel 6 WPA2
	// Café -70 dBm, channel 11 open
	// failed: 4-way handshake timeout (15)
	// address: 192.168.1.77
}

// What is in flash is still there after a reboot, what is in RAM is not.
func ExampleBoard_Reboot() {
	flash := new(store.Memory)
	board, err := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{Store: flash})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer board.Close()
	_ = board.SetStationConfig(hal.StationConfig{SSID: "Home"})
	_ = board.SetStorage(hal.StorageRAM)
	_ = board.SetStationConfig(hal.StationConfig{SSID: "Guest"})
	now, _ := board.StationConfig()
	_ = board.Reboot()
	later, _ := board.StationConfig()
	fmt.Println(now.SSID, later.SSID)
	// Output: Guest Home
}

// An access point that goes away while a station is connected.
func ExampleAP_Vanish() {
	air := sim.NewAir(sim.AirConfig{TimeScale: 1000})
	ap, _ := air.AddAP(sim.APConfig{SSID: "Home"})
	board, _ := air.NewBoard(sim.BoardConfig{})
	defer board.Close()
	var lost sync.WaitGroup
	lost.Add(1)
	board.Subscribe(func(e hal.Event) {
		switch e.Kind {
		case hal.EventGotIP:
			ap.Vanish()
		case hal.EventDisconnected:
			fmt.Println(e.Reason)
			lost.Done()
		}
	})
	_ = board.SetStationConfig(hal.StationConfig{SSID: "Home"})
	_ = board.Start()
	_ = board.Connect()
	lost.Wait()
	// Output: beacon lost (200)
}

// A driver that cannot write its flash once, and would lose an address.
func ExampleFaults() {
	air := sim.NewAir(sim.AirConfig{})
	board, _ := air.NewBoard(sim.BoardConfig{})
	defer board.Close()
	faults := sim.NewFaults(board, air.Clock())
	faults.Fail(sim.MethodSetStationConfig, 1, fmt.Errorf("flash is worn out"))
	faults.Replace(hal.EventGotIP, 1) // by nothing: it is lost
	record := sim.NewRecorder(faults)

	_ = record.SetMode(hal.ModeSTA)
	_ = record.SetStationConfig(hal.StationConfig{SSID: "Home", Passphrase: "secretpass"})
	_ = record.Connect()
	fmt.Print(record)
	// Output:
	// SetMode(STA)
	// SetStationConfig("Home", passphrase) = flash is worn out
	// Connect() = hal: Wi-Fi is not started
}
