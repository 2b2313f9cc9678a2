// SPDX-License-Identifier: Apache-2.0

// Bluez makes a Linux machine a device that the phone apps, esp_prov or another
// machine provision over Bluetooth LE. Bluetoothd is the peripheral. The Wi-Fi is
// that of a simulated board, so that the machine keeps its own network.
//
//	go run ./examples/bluez
//
// and then, on a phone, Espressif's provisioning app with the proof of
// possession abcd1234, or on another machine
//
//	python esp_prov.py --transport ble --service_name PROV_A1B2C3 \
//	    --sec_ver 1 --pop abcd1234 --ssid HomeNet --passphrase "correct horse"
//	go run ./examples/bluez -client
//
// One machine with two adapters can do both: -adapter hci0 here, -adapter hci1
// with -client. Around the board are the networks HomeNet (passphrase "correct
// horse") and Café (open).
//
// Bluetoothd has to run (systemctl start bluetooth), and its D-Bus policy has to
// admit this user; package hal/ble/bluez tells more. An error says what is missing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/bluezcentral"
	"github.com/wifiprov/wifiprov/examples/internal/demo"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/bluez"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sloghal"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec1"
)

type options struct {
	adapter, bus     string
	name, pop        string
	ssid, passphrase string
	client           bool
	poll             time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.adapter, "adapter", "", "`name` of the Bluetooth adapter, hci0; empty: the first that will do")
	flag.StringVar(&o.bus, "bus", "", "`address` of the message bus; empty: the system bus")
	flag.StringVar(&o.name, "name", "PROV_A1B2C3", "`name` of the device")
	flag.StringVar(&o.pop, "pop", "abcd1234", "proof of possession; empty: none")
	flag.BoolVar(&o.client, "client", false, "provision a device instead of being one")
	flag.StringVar(&o.ssid, "ssid", "HomeNet", "`network` that a client configures")
	flag.StringVar(&o.passphrase, "passphrase", "correct horse", "passphrase of that network")
	flag.DurationVar(&o.poll, "poll", time.Second, "how often a client asks how joining goes")
	lifetime := flag.Duration("for", 0, "end after this `time`; 0: when provisioned or interrupted")
	flag.Parse()

	ctx, cancel := demo.Context(*lifetime)
	defer cancel()
	run := device
	if o.client {
		run = phone
	}
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bluez:", err)
		os.Exit(1)
	}
}

// device is the life of a device: from power-on until it is provisioned, or ctx
// ends.
func device(ctx context.Context, o options, out io.Writer) error {
	air, err := demo.Air(sim.AirConfig{})
	if err != nil {
		return err
	}
	board, err := air.NewBoard(sim.BoardConfig{})
	if err != nil {
		return err
	}
	defer board.Close()
	logger := sloghal.New(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	peripheral := bluez.New(bluez.Config{Adapter: o.adapter, Bus: o.bus, Logger: logger})

	var m wifiprov.Manager
	err = m.Init(wifiprov.Config{
		WiFi:         board,
		Scheme:       ble.New(ble.Config{GATT: peripheral, Server: gatt.Config{Logger: logger}}),
		EventHandler: func(e wifiprov.Event) { fmt.Fprintln(out, "device:", e.Kind) },
	})
	if err != nil {
		return err
	}
	defer m.Deinit()
	sec, err := sec1.New(sec1.Config{PoP: security.Secret(o.pop)})
	if err != nil {
		return err
	}
	if err := m.StartProvisioning(sec, o.name, ""); err != nil {
		return fmt.Errorf("this machine cannot be a BLE device: %w", err)
	}
	fmt.Fprintf(out, "device: waiting as %s; ^C ends it\n", o.name)
	select {
	case <-m.Done():
	case <-ctx.Done():
		return nil
	}
	config, err := board.StationConfig()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "device: provisioned for", config.SSID)
	return nil
}

// phone does what an app does.
func phone(ctx context.Context, o options, out io.Writer) (err error) {
	// A phone has no memory of devices either.
	central := bluezcentral.New(bluezcentral.Config{Adapter: o.adapter, Bus: o.bus, Forget: true})
	transport, err := client.NewBLE(client.BLEConfig{Central: central, Name: o.name})
	if err != nil {
		return err
	}
	c, err := client.New(transport, client.Config{PoP: security.Secret(o.pop), PollInterval: o.poll})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	version, err := c.Version(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "phone: ", o.name, "speaks", version)
	if err := c.Connect(ctx); err != nil {
		return err
	}
	networks, err := c.Scan(ctx, client.ScanOptions{})
	if err != nil {
		return err
	}
	for _, n := range networks {
		fmt.Fprintln(out, "phone:  it sees", n.SSID, n.RSSI, "dBm", n.Auth)
	}
	conn, err := c.Provision(ctx, client.Credentials{SSID: hal.SSID(o.ssid), Passphrase: security.Secret(o.passphrase)})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "phone:  it is online with the address", conn.IP)
	return nil
}
