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
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// PoP is the proof of possession of every device here.
const PoP = "abcd1234"

// Home is the network that devices are to join.
var Home = sim.APConfig{SSID: "HomeNet", Passphrase: "secretpass", Channel: 6, RSSI: -40, Auth: hal.AuthWPA2PSK}

// Device is a simulated device with everything around it.
type Device struct {
	Air     *sim.Air
	Board   *sim.Board
	Home    *sim.AP
	Network simnet.Network
	Manager wifiprov.Manager

	tb     testing.TB
	began  time.Time
	mu     sync.Mutex
	events []string
}

// New returns a device that is not initialised, in an air with Home on it.
func New(tb testing.TB, air sim.AirConfig) *Device {
	tb.Helper()
	d := &Device{Air: sim.NewAir(air), tb: tb, began: time.Now()}
	var err error
	if d.Home, err = d.Air.AddAP(Home); err != nil {
		tb.Fatal(err)
	}
	if d.Board, err = d.Air.NewBoard(sim.BoardConfig{}); err != nil {
		tb.Fatal(err)
	}
	return d
}

// Config returns the configuration for Init, which a test may change.
func (d *Device) Config() wifiprov.Config {
	return wifiprov.Config{
		WiFi:         d.Board,
		Scheme:       softap.New(softap.Config{AP: d.Board, Server: httpd.Config{Listen: d.Network.Listen}}),
		Clock:        d.Air.Clock(),
		EventHandler: d.event,
	}
}

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
	var sec protocomm.Security = sec0.New()
	if secure {
		var err error
		if sec, err = sec1.New(sec1.Config{PoP: PoP}); err != nil {
			d.tb.Fatal(err)
		}
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
	transport, err := client.NewHTTP(client.HTTPConfig{Dial: d.Network.Dial})
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
