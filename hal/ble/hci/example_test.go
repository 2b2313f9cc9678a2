// SPDX-License-Identifier: Apache-2.0

package hci_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/hci"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/internal/test/fakenetsim"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// A simulated device joins an emulator's netsim. What meets it there is an app on an
// emulated phone; here it is a client of our own, which joins in the same way.
func Example() {
	ctx, emulator := context.Background(), startEmulator() // "netsim:" finds a real one

	// The device.
	transport, err := hci.Open(ctx, emulator, hci.Config{Name: "PROV_A1B2C3"})
	check(err)
	host, err := att.New(transport, att.Config{})
	check(err)
	air := sim.NewAir(sim.AirConfig{TimeScale: 10}) // ten times as fast
	_, err = air.AddAP(sim.APConfig{SSID: "HomeNet", Passphrase: "correct horse", Auth: hal.AuthWPA2PSK})
	check(err)
	board, err := air.NewBoard(sim.BoardConfig{})
	check(err)
	var device wifiprov.Manager
	check(device.Init(wifiprov.Config{WiFi: board, Scheme: ble.New(ble.Config{GATT: host}), Clock: air.Clock()}))
	sec, err := sec1.New(sec1.Config{PoP: "abcd1234"})
	check(err)
	check(device.StartProvisioning(sec, "PROV_A1B2C3", ""))

	// The phone.
	phone, err := hci.Open(ctx, emulator, hci.Config{Name: "phone"})
	check(err)
	central, err := blecentral.New(phone, blecentral.Config{})
	check(err)
	link, err := client.NewBLE(client.BLEConfig{Central: central, Name: "PROV_A1B2C3"})
	check(err)
	c, err := client.New(link, client.Config{PoP: "abcd1234", PollInterval: 10 * time.Millisecond})
	check(err)
	conn, err := c.Provision(ctx, client.Credentials{SSID: "HomeNet", Passphrase: "correct horse"})
	check(err)
	fmt.Println("the device joined", conn.SSID)

	check(c.Close())
	check(phone.Close())
	check(device.Deinit())
	check(transport.Close())
	// Output: the device joined HomeNet
}

// startEmulator starts a netsim and returns its address.
func startEmulator() string {
	l, err := simnet.Loopback()
	check(err)
	fakenetsim.Serve(l, sim.NewAir(sim.AirConfig{TimeScale: 10}))
	return "netsim:" + l.Addr().String()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
