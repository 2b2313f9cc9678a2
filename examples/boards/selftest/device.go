// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

const deviceName = "PROV_SELF"

// device is a simulated one with its air.
type device struct {
	clock   *clock
	air     *sim.Air
	board   *sim.Board
	manager wifiprov.Manager
	events  []wifiprov.EventKind
	random  *random
}

func newDevice() (*device, error) {
	d := &device{clock: &clock{}, random: &random{state: 42}}
	d.air = sim.NewAir(sim.AirConfig{Clock: d.clock})
	_, err := d.air.AddAP(sim.APConfig{SSID: network, Passphrase: passphrase, Channel: 6, RSSI: -47, Auth: hal.AuthWPA2PSK})
	if err != nil {
		return nil, err
	}
	d.board, err = d.air.NewBoard(sim.BoardConfig{Flash: flash.NewSparse(3 * nvs.SectorSize)})
	return d, err
}

// security returns both halves of a mode.
func (d *device) security(mode int) (protocomm.Security, security.Client, error) {
	switch mode {
	case 0:
		return sec0.New(), sec0.NewClient(), nil
	case 1:
		own, err := sec1.New(sec1.Config{PoP: pop, Rand: d.random})
		if err != nil {
			return nil, nil, err
		}
		client, err := sec1.NewClient(sec1.Config{PoP: pop, Rand: d.random})
		return own, client, err
	}
	salt, verifier, err := sec2.Generate(user, password, 0, d.random)
	if err != nil {
		return nil, nil, err
	}
	own, err := sec2.New(sec2.Config{Salt: salt, Verifier: verifier, Rand: d.random})
	if err != nil {
		return nil, nil, err
	}
	client, err := sec2.NewClient(sec2.ClientConfig{Username: user, Password: password, PatchVersion: 1, Rand: d.random})
	return own, client, err
}

// start brings the service up.
func (d *device) start(s scheme.Scheme, sec protocomm.Security) error {
	err := d.manager.Init(wifiprov.Config{
		WiFi: d.board, Scheme: s, Clock: d.clock,
		EventHandler: func(e wifiprov.Event) { d.events = append(d.events, e.Kind) },
	})
	if err != nil {
		return err
	}
	return d.manager.StartProvisioning(sec, deviceName, "")
}

// finish waits for the service to end by itself, and checks what the device keeps.
func (d *device) finish() error {
	if d.manager.IsIdle() {
		return errors.New("the service has ended too early")
	}
	if err := d.clock.until(d.manager.IsIdle); err != nil {
		return errors.New("end of the service: " + err.Error())
	}
	if err := d.manager.Deinit(); err != nil {
		return err
	}
	// After a reboot the configuration comes from the flash.
	if err := d.board.Reboot(); err != nil {
		return err
	}
	kept, err := d.board.StationConfig()
	if err != nil {
		return err
	}
	if kept.SSID != network || kept.Passphrase != passphrase {
		return errors.New("after a reboot the network is " + kept.SSID.String())
	}
	d.board.Close()
	want := []wifiprov.EventKind{
		wifiprov.EventInit, wifiprov.EventStart, wifiprov.EventCredRecv, wifiprov.EventCredFail,
		wifiprov.EventCredRecv, wifiprov.EventCredSuccess, wifiprov.EventEnd, wifiprov.EventDeinit,
	}
	if len(d.events) != len(want) {
		return errors.New("there are too few events, or too many")
	}
	for i, e := range d.events {
		if e != want[i] {
			return errors.New("an event is " + e.String() + ", want " + want[i].String())
		}
	}
	return nil
}

// capability returns what the version must contain for a mode.
func capability(mode int) string {
	if mode == 0 {
		return "no_sec"
	}
	return `"sec_ver":` + "\t" + string(digits[mode])
}
