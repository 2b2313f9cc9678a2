// SPDX-License-Identifier: Apache-2.0

package blecentral_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// A client provisions a simulated device over simulated Bluetooth controllers.
func Example() {
	air := sim.NewAir(sim.AirConfig{TimeScale: 10}) // ten times as fast
	_, err := air.AddAP(sim.APConfig{SSID: "HomeNet", Passphrase: "correct horse", Auth: hal.AuthWPA2PSK})
	check(err)
	device := startDevice(air)

	controller, err := air.NewController(sim.ControllerConfig{})
	check(err)
	central, err := blecentral.New(controller, blecentral.Config{})
	check(err)
	transport, err := client.NewBLE(client.BLEConfig{Central: central, Name: "PROV_A1B2C3"})
	check(err)
	c, err := client.New(transport, client.Config{PoP: "abcd1234", PollInterval: 10 * time.Millisecond})
	check(err)
	conn, err := c.Provision(context.Background(), client.Credentials{SSID: "HomeNet", Passphrase: "correct horse"})
	check(err)
	fmt.Println("the device joined", conn.SSID)
	check(c.Close())
	check(device.Deinit())
	// Output: the device joined HomeNet
}

// startDevice starts the provisioning service of a device with Bluetooth.
func startDevice(air *sim.Air) *wifiprov.Manager {
	board, err := air.NewBoard(sim.BoardConfig{})
	check(err)
	controller, err := air.NewController(sim.ControllerConfig{})
	check(err)
	host, err := att.New(controller, att.Config{Clock: air.Clock()})
	check(err)
	m := new(wifiprov.Manager)
	check(m.Init(wifiprov.Config{WiFi: board, Scheme: ble.New(ble.Config{GATT: host}), Clock: air.Clock()}))
	sec, err := sec1.New(sec1.Config{PoP: "abcd1234"})
	check(err)
	check(m.StartProvisioning(sec, "PROV_A1B2C3", ""))
	return m
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
