// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"testing"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/scheme/ble"
)

// BLEDevice is a simulated device that is provisioned over BLE: its host stack
// and those of its clients meet on the air through simulated controllers.
type BLEDevice struct {
	*Device
	Scheme ble.Config // may be changed before Start
}

// NewBLE returns a device that is not initialised.
func NewBLE(tb testing.TB, air sim.AirConfig, cfg att.Config) *BLEDevice {
	tb.Helper()
	d := newDevice(tb, air, simdevice.Config{Transport: simdevice.BLE, ATT: cfg})
	return &BLEDevice{d, ble.Config{GATT: d.GATT}}
}

// Config returns the configuration for Init.
func (d *BLEDevice) Config() wifiprov.Config {
	cfg := d.Device.Config()
	cfg.Scheme = ble.New(d.Scheme)
	return cfg
}

// Start initialises the manager with Config and starts it with security 1, or
// without security.
func (d *BLEDevice) Start(secure bool) {
	d.tb.Helper()
	if err := d.Manager.Init(d.Config()); err != nil {
		d.tb.Fatal(err)
	}
	d.StartOnly(secure)
}

// Dial returns the transport of a client with a controller of its own.
func (d *BLEDevice) Dial(cfg blecentral.Config) client.Transport {
	d.tb.Helper()
	transport, _ := d.dial(cfg)
	return transport
}

func (d *BLEDevice) dial(cfg blecentral.Config) (client.Transport, *sim.Controller) {
	d.tb.Helper()
	controller, err := d.Air.NewController(sim.ControllerConfig{})
	if err != nil {
		d.tb.Fatal(err)
	}
	central, err := blecentral.New(controller, cfg)
	if err != nil {
		d.tb.Fatal(err)
	}
	transport, err := client.NewBLE(client.BLEConfig{Central: central, ConnectTimeout: 10 * time.Minute, Timeout: 10 * time.Minute})
	if err != nil {
		d.tb.Fatal(err)
	}
	return transport, controller
}

// Phone returns a client with a controller of its own.
func (d *BLEDevice) Phone(cfg client.Config, central blecentral.Config) (*client.Client, *sim.Controller) {
	d.tb.Helper()
	transport, controller := d.dial(central)
	if cfg.PoP == "" {
		cfg.PoP = PoP
	}
	c, err := client.New(transport, cfg)
	if err != nil {
		d.tb.Fatal(err)
	}
	return c, controller
}
