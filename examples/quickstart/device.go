// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// pop is the proof of possession: printed on the device, typed in by its owner.
const pop = "abcd1234"

// home is a neighbourhood.
var home = []sim.APConfig{
	{SSID: "HomeNet", Passphrase: "correct horse", Channel: 6, RSSI: -47, Auth: hal.AuthWPA2PSK},
	{SSID: "Café am Eck", Channel: 11, RSSI: -68},
	{SSID: "Neighbours", Passphrase: "not for you", Channel: 1, RSSI: -74, Auth: hal.AuthWPA2WPA3PSK},
	{SSID: "Attic", Passphrase: "not for you", Channel: 3, RSSI: -80, Auth: hal.AuthWPA3PSK},
}

// device is a board on the air and the provisioning manager on it.
type device struct {
	board   *sim.Board
	m       wifiprov.Manager
	address string
}

func startDevice() (*device, error) {
	air := sim.NewAir(sim.AirConfig{Seed: 1})
	for _, ap := range home {
		if _, err := air.AddAP(ap); err != nil {
			return nil, err
		}
	}
	board, err := air.NewBoard(sim.BoardConfig{})
	if err != nil {
		return nil, err
	}
	d := &device{board: board}

	// On a real board the SoftAP has its own network, and the service is at
	// 192.168.4.1. Here the network is this machine's loopback.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d.address = listener.Addr().String()

	err = d.m.Init(wifiprov.Config{
		WiFi: board,
		Scheme: softap.New(softap.Config{
			AP:     board,
			Server: httpd.Config{Listen: func() (net.Listener, error) { return listener, nil }},
		}),
		EventHandler: d.event,
	})
	if err != nil {
		return nil, err
	}
	if provisioned, err := d.m.IsProvisioned(); err != nil || provisioned {
		return nil, fmt.Errorf("a new board is provisioned: %v, %w", provisioned, err)
	}
	sec, err := sec1.New(sec1.Config{PoP: pop})
	if err != nil {
		return nil, err
	}
	return d, d.m.StartProvisioning(sec, "PROV_A1B2C3", "")
}

// event prints what the manager tells the application.
func (d *device) event(e wifiprov.Event) {
	switch e.Kind {
	case wifiprov.EventStart:
		say(board, "access point PROV_A1B2C3 is up, the service at http://"+d.address)
	case wifiprov.EventCredRecv:
		say(board, "got credentials for "+e.Station.SSID.String()+", joining it")
	case wifiprov.EventCredFail:
		say(bad, "could not join: "+e.Reason.String())
	case wifiprov.EventCredSuccess:
		say(good, "joined, the credentials work")
	case wifiprov.EventEnd:
		say(board, "service and access point are down")
	}
}

// wait returns when the service has ended by itself, and checks the outcome.
func (d *device) wait() error {
	d.m.Wait()
	defer d.board.Close()
	// Only what the flash holds survives a reboot.
	if err := d.board.Reboot(); err != nil {
		return err
	}
	provisioned, err := d.m.IsProvisioned()
	if err != nil {
		return err
	}
	if !provisioned {
		return fmt.Errorf("the device is not provisioned after all")
	}
	config, err := d.board.StationConfig()
	if err != nil {
		return err
	}
	say(good, "after a reboot: provisioned for "+config.SSID.String())
	return d.m.Deinit()
}
