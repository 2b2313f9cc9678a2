// SPDX-License-Identifier: Apache-2.0

// Package provtest puts a whole provisioning into one process: a manager on a
// simulated board, its air, and clients that reach it through a network in
// memory. Inside a testing/synctest bubble every time is exact.
package provtest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// PoP is the proof of possession of every device here.
const PoP = "abcd1234"

// Home is the network that devices are to join.
var Home = sim.APConfig{SSID: "HomeNet", Passphrase: "secretpass", Channel: 6, RSSI: -40, Auth: hal.AuthWPA2PSK}

// Device is a simulated device whose firmware is the test.
type Device struct {
	*simdevice.Boot
	Air  *sim.Air
	Home *sim.AP

	tb     testing.TB
	began  time.Time
	mu     sync.Mutex
	events []string
}

// New returns a device that is not initialised, in an air with Home on it.
func New(tb testing.TB, air sim.AirConfig) *Device {
	tb.Helper()
	return newDevice(tb, air, simdevice.Config{})
}

// newDevice is New with what the device is to be otherwise.
func newDevice(tb testing.TB, air sim.AirConfig, cfg simdevice.Config) *Device {
	tb.Helper()
	d := &Device{Air: sim.NewAir(air), tb: tb, began: time.Now()}
	var err error
	if d.Home, err = d.Air.AddAP(Home); err != nil {
		tb.Fatal(err)
	}
	cfg.Air, cfg.Manager.EventHandler = d.Air, d.event
	cfg.Firmware = func(*simdevice.Boot) error { return nil }
	device, err := simdevice.Start(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	d.Boot = device.Boot()
	return d
}

// Config returns the configuration for Init, which a test may change.
func (d *Device) Config() wifiprov.Config { return d.Boot.Config }

// Start initialises the manager with Config and starts it with security 1, or
// without security.
func (d *Device) Start(secure bool) {
	d.tb.Helper()
	if err := d.Manager.Init(d.Config()); err != nil {
		d.tb.Fatal(err)
	}
	d.StartOnly(secure)
}

// StartOnly starts an initialised manager.
func (d *Device) StartOnly(secure bool) {
	d.tb.Helper()
	security := simdevice.Security0()
	if secure {
		security = simdevice.Security1(PoP)
	}
	sec, err := security.New()
	if err != nil {
		d.tb.Fatal(err)
	}
	if err := d.Manager.StartProvisioning(sec, "PROV_TEST", ""); err != nil {
		d.tb.Fatal(err)
	}
}

// Stop ends the device and everything that runs on it.
func (d *Device) Stop() {
	d.tb.Helper()
	if err := d.Manager.Deinit(); err != nil {
		d.tb.Error(err)
	}
	d.Board.Close()
}

// Client returns a client that has reached the device. It knows the PoP unless
// cfg has another.
func (d *Device) Client(cfg client.Config) *client.Client {
	d.tb.Helper()
	transport, err := d.Boot.Device().Dial()
	if err != nil {
		d.tb.Fatal(err)
	}
	if cfg.PoP == "" {
		cfg.PoP = PoP
	}
	c, err := client.New(transport, cfg)
	if err != nil {
		d.tb.Fatal(err)
	}
	return c
}

func (d *Device) event(e wifiprov.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, fmt.Sprintf("%v %s", time.Since(d.began), e.Kind))
}

// Events returns the application's events so far, each with the time since New:
// "1.5s CRED_FAIL".
func (d *Device) Events() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.events...)
}
