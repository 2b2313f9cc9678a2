// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

// Command ble-espradio is a whole firmware for an ESP32-C3. A phone or esp_prov
// gives it a network over Bluetooth; the device keeps that in flash and joins it
// from then on. The BOOT button, held while the device starts, makes it forget.
//
// One goroutine does everything but to call the Wi-Fi driver, for each takes 8 KB of
// memory for its stack.
package main

import (
	"errors"
	"machine"
	"sync/atomic"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	board "github.com/wifiprov/wifiprov/hal/esp32/espradio/chip"
	"github.com/wifiprov/wifiprov/hal/loop"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// What a client needs to know.
const (
	serviceName = "PROV_TINYGO"
	pop         = "abcd1234" // of your device, a different one each
)

const (
	bootButton = machine.GPIO9
	rejoin     = 5 * time.Second // pause after a loss
)

func main() {
	time.Sleep(2 * time.Second) // for the serial line to come up
	l := loop.New(loop.Config{})
	if err := run(l); err != nil {
		println("stopped:", err.Error())
	}
	for {
		l.Pump(time.Hour)
	}
}

func run(l *loop.Loop) error {
	if err := board.Enable(); err != nil && !errors.Is(err, tinygo.ErrEnabled) {
		return err
	}
	store, err := tinygo.OpenStore(machine.Flash)
	if err != nil {
		return err
	}
	wifi, err := tinygo.New(tinygo.Config{Driver: &board.Driver{Hostname: serviceName}, Store: store, Tell: l.Tell, Logger: tinygo.Log})
	if err != nil {
		return err
	}
	bootButton.Configure(machine.PinConfig{Mode: machine.PinInputPullup})
	if !bootButton.Get() {
		if err := wifi.Restore(); err != nil {
			return err
		}
		println("everything is forgotten")
	}

	var provisioning atomic.Bool // the manager decides when to join
	wifi.Subscribe(func(e hal.Event) {
		switch e.Kind {
		case hal.EventGotIP:
			println("online as", e.IP.String())
		case hal.EventStationStart:
			join(wifi, &provisioning)
		case hal.EventDisconnected:
			println("offline:", e.Reason.String())
			l.AfterFunc(rejoin, func() { join(wifi, &provisioning) })
		}
	})

	stored, err := wifi.StationConfig()
	if err != nil {
		return err
	}
	if stored.SSID == "" { // not provisioned: no network to join
		provisioning.Store(true)
		if err := provision(l, wifi); err != nil {
			return err
		}
		provisioning.Store(false)
		join(wifi, &provisioning)
		return nil
	}
	return wifi.Start()
}

// join joins the network, unless the station is connected or connecting. While a
// client provisions the device, joining is the manager's business.
func join(wifi *tinygo.Radio, provisioning *atomic.Bool) {
	if provisioning.Load() {
		return
	}
	if err := wifi.Connect(); err != nil && !errors.Is(err, hal.ErrBusy) {
		println("not joining:", err.Error())
	}
}

// provision serves clients until one of them has given a network that works.
func provision(l *loop.Loop, wifi *tinygo.Radio) error {
	controller, err := board.PolledBluetooth(tinygo.Log)
	if err != nil {
		return err
	}
	defer controller.Close()
	l.PollPackets(controller.Poll, 2*time.Millisecond)
	defer l.PollPackets(nil, 0)
	host, err := att.New(controller, att.Config{Clock: l, PollController: l.PollController, Logger: tinygo.Log})
	if err != nil {
		return err
	}
	security, err := sec1.New(sec1.Config{PoP: pop})
	if err != nil {
		return err
	}
	var manager wifiprov.Manager
	if err := manager.Init(wifiprov.Config{
		WiFi:         wifi,
		Scheme:       ble.New(ble.Config{GATT: host, Server: gatt.Config{Go: l.Go, Clock: l, Logger: tinygo.Log}}),
		Clock:        l,
		Pump:         l.Pump,
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
