// SPDX-License-Identifier: Apache-2.0

//go:build rp2040 || rp2350

// Command pico-w is a whole firmware for a Raspberry Pi Pico W or Pico 2 W. A phone or
// esp_prov gives it a network over Bluetooth; the device keeps that in flash and joins it
// from then on. GP15, held at ground while the device starts, makes it forget.
package main

import (
	"errors"
	"machine"
	"sync/atomic"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/pico/cyw43/chip"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// What a client needs to know.
const (
	serviceName = "PROV_PICO"
	pop         = "abcd1234" // of your device, a different one each
)

const (
	forgetPin = machine.GPIO15
	rejoin    = 5 * time.Second // pause after a loss
)

// device is the firmware's state.
type device struct {
	board *chip.Board
	wifi  *tinygo.Radio

	provisioning atomic.Bool // the manager decides when to join
}

func main() {
	time.Sleep(2 * time.Second) // for the serial line to come up
	if err := new(device).run(); err != nil {
		println("stopped:", err.Error())
	}
	for {
		time.Sleep(time.Hour)
	}
}

func (d *device) run() (err error) {
	store, err := tinygo.OpenStore(machine.Flash)
	if err != nil {
		return err
	}
	if d.board, err = chip.Open(chip.Config{Hostname: serviceName}); err != nil {
		return err
	}
	if d.wifi, err = tinygo.New(tinygo.Config{Driver: d.board.Driver(), Store: store, Logger: tinygo.Log}); err != nil {
		return err
	}
	forgetPin.Configure(machine.PinConfig{Mode: machine.PinInputPullup})
	time.Sleep(time.Millisecond) // for the pull-up
	if !forgetPin.Get() {
		if err := d.wifi.Restore(); err != nil {
			return err
		}
		println("everything is forgotten")
	}
	d.wifi.Subscribe(d.event)

	stored, err := d.wifi.StationConfig()
	if err != nil {
		return err
	}
	if stored.SSID != "" {
		return d.wifi.Start()
	}
	d.provisioning.Store(true)
	if err := d.provision(); err != nil {
		return err
	}
	d.provisioning.Store(false)
	d.join()
	return nil
}

// event follows the station.
func (d *device) event(e hal.Event) {
	switch e.Kind {
	case hal.EventGotIP:
		println("online as", e.IP.String())
	case hal.EventStationStart:
		d.join()
	case hal.EventDisconnected:
		println("offline:", e.Reason.String())
		time.AfterFunc(rejoin, d.join)
	}
}

// join joins the network, unless the station is connected or connecting. While a
// client provisions the device, joining is the manager's business.
func (d *device) join() {
	if d.provisioning.Load() {
		return
	}
	if err := d.wifi.Connect(); err != nil && !errors.Is(err, hal.ErrBusy) {
		println("not joining:", err.Error())
	}
}

// provision serves clients until one of them has given a network that works.
func (d *device) provision() error {
	controller, err := d.board.Bluetooth(tinygo.Log)
	if err != nil {
		return err
	}
	defer controller.Close()
	host, err := att.New(controller, att.Config{Logger: tinygo.Log})
	if err != nil {
		return err
	}
	security, err := sec1.New(sec1.Config{PoP: pop})
	if err != nil {
		return err
	}
	var manager wifiprov.Manager
	if err := manager.Init(wifiprov.Config{
		WiFi:         d.wifi,
		Scheme:       ble.New(ble.Config{GATT: host, Server: gatt.Config{Logger: tinygo.Log}}),
		EventHandler: func(e wifiprov.Event) { println("provisioning:", e.Kind.String()) },
		Logger:       tinygo.Log,
	}); err != nil {
		return err
	}
	if err := manager.StartProvisioning(security, serviceName, ""); err != nil {
		return err
	}
	println("waiting for a client, as", serviceName)
	manager.Wait()
	return manager.Deinit()
}
