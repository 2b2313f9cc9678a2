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
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/smp"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/security/sec1"
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
	air := sim.NewAir(sim.AirConfig{Seed: 1})
	home := sim.APConfig{SSID: "HomeNet", Passphrase: "correct horse", Channel: 6, RSSI: -47, Auth: hal.AuthWPA2PSK}
	if _, err := air.AddAP(home); err != nil {
		return err
	}
	m, board, err := startDevice(air, encrypt)
	if err != nil {
		return err
	}
	defer board.Close()
	if err := phone(ctx, air, mtu, quiet); err != nil {
		return err
	}
	m.Wait()
	config, err := board.StationConfig()
	if err != nil {
		return err
	}
	fmt.Println("device: provisioned for", config.SSID)
	return m.Deinit()
}

// startDevice does what a firmware does.
func startDevice(air *sim.Air, encrypt bool) (*wifiprov.Manager, *sim.Board, error) {
	board, err := air.NewBoard(sim.BoardConfig{})
	if err != nil {
		return nil, nil, err
	}
	controller, err := air.NewController(sim.ControllerConfig{})
	if err != nil {
		return nil, nil, err
	}
	pairing, err := smp.New(smp.Config{Rand: rand.Reader, Clock: air.Clock()})
	if err != nil {
		return nil, nil, err
	}
	host, err := att.New(controller, att.Config{Clock: air.Clock(), Pairing: pairing})
	if err != nil {
		return nil, nil, err
	}
	m := &wifiprov.Manager{}
	err = m.Init(wifiprov.Config{
		WiFi:         board,
		Scheme:       ble.New(ble.Config{GATT: host, ManufacturerData: []byte{0xe5, 0x02, 'h', 'i'}, Encrypt: encrypt}),
		Clock:        air.Clock(),
		EventHandler: func(e wifiprov.Event) { fmt.Println("device:", e.Kind) },
	})
	if err != nil {
		return nil, nil, err
	}
	sec, err := sec1.New(sec1.Config{PoP: pop})
	if err != nil {
		return nil, nil, err
	}
	return m, board, m.StartProvisioning(sec, "PROV_A1B2C3", "")
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
