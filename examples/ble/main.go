// SPDX-License-Identifier: Apache-2.0

// Ble provisions a simulated device over Bluetooth LE, in one program: a board
// with the service on an attribute server, a phone with a central, and between
// them HCI, L2CAP and ATT packets over simulated controllers.
//
//	go run ./examples/ble            # with the packets of the air
//	go run ./examples/ble -mtu 23 -q # long writes and reads, without packets
//	go run ./examples/ble -encrypt   # over an encrypted link, after a pairing
//
// On a real board hal/ble/att runs on the chip's controller in the same way.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/scheme/ble"
)

const pop = "abcd1234"

func main() {
	mtu := flag.Int("mtu", 185, "MTU that the phone asks for, 23 to 517")
	quiet := flag.Bool("q", false, "do not show packets")
	encrypt := flag.Bool("encrypt", false, "let the device want an encrypted link")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := run(ctx, *mtu, *quiet, *encrypt); err != nil {
		fmt.Fprintln(os.Stderr, "ble:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, mtu int, quiet, encrypt bool) error {
	device, err := simdevice.Start(simdevice.Config{
		Name:      "PROV_A1B2C3",
		Transport: simdevice.BLE,
		BLE:       ble.Config{ManufacturerData: []byte{0xe5, 0x02, 'h', 'i'}, Encrypt: encrypt},
		Security:  simdevice.Security1(pop),
		Manager:   wifiprov.Config{EventHandler: func(e wifiprov.Event) { fmt.Println("device:", e.Kind) }},
	})
	if err != nil {
		return err
	}
	defer device.Close()
	if err := phone(ctx, device.Air(), mtu, quiet); err != nil {
		return err
	}
	if _, err := device.Await(ctx, simdevice.Is(wifiprov.EventEnd)); err != nil {
		return err
	}
	config, err := device.Board().StationConfig()
	if err != nil {
		return err
	}
	fmt.Println("device: provisioned for", config.SSID)
	return nil
}

// phone does what an app does.
func phone(ctx context.Context, air *sim.Air, mtu int, quiet bool) error {
	controller, err := air.NewController(sim.ControllerConfig{})
	if err != nil {
		return err
	}
	trace := &tracer{Controller: controller, quiet: quiet}
	trace.mtu.Store(att.MinMTU)
	central, err := blecentral.New(trace, blecentral.Config{MTU: mtu, Interval: 7500 * time.Microsecond, Pairing: &blecentral.Pairing{}})
	if err != nil {
		return err
	}
	transport, err := client.NewBLE(client.BLEConfig{Central: central})
	if err != nil {
		return err
	}
	c, err := client.New(transport, client.Config{PoP: pop, PollInterval: 500 * time.Millisecond})
	if err != nil {
		return err
	}
	defer c.Close()
	version, err := c.Version(ctx)
	if err != nil {
		return err
	}
	fmt.Println("phone:  device speaks", version)
	if err := c.Connect(ctx); err != nil {
		return err
	}
	fmt.Println("phone:  session is up")
	networks, err := c.Scan(ctx, client.ScanOptions{})
	if err != nil {
		return err
	}
	for _, n := range networks {
		fmt.Println("phone:  the device sees", n.SSID, n.RSSI, "dBm", n.Auth)
	}
	conn, err := c.Provision(ctx, client.Credentials{SSID: "HomeNet", Passphrase: "correct horse"})
	if err != nil {
		return err
	}
	fmt.Println("phone:  device has the address", conn.IP)
	fmt.Println("phone: ", trace.sent.Load(), "data packets sent,", trace.received.Load(), "received, MTU", min(int32(mtu), trace.mtu.Load()))
	return nil
}
