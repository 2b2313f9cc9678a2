// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import (
	"sync"
	"sync/atomic"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/loop"
	"github.com/wifiprov/wifiprov/internal/claim"
	"github.com/wifiprov/wifiprov/internal/events"
	"github.com/wifiprov/wifiprov/internal/explain"
	"github.com/wifiprov/wifiprov/protocomm/httpd/httpserver"
)

// Config holds the settings of a Device. The zero value is usable.
type Config struct {
	// Logger is told of trouble; nil is silent. Log returns one that writes
	// ESP-IDF's log.
	Logger hal.Logger
}

// Device is the chip. Open returns it. Any task or goroutine may call its methods,
// except as Pump says. They must not be called after Close.
type Device struct {
	cfg  Config
	bt   Bluetooth
	loop *loop.Loop
	pump pump

	lost  atomic.Uint32
	claim claim.Claim

	mu      sync.Mutex // guards what follows; held over calls of the driver that do not block
	closed  bool
	storage hal.Storage
	softAP  bool
	station station
	subs    events.Subscribers

	http httpServer
}

var (
	_ hal.WiFi          = (*Device)(nil)
	_ hal.JoinReporter  = (*Device)(nil)
	_ hal.SoftAP        = (*Device)(nil)
	_ httpserver.Server = (*Device)(nil)
	_ ble.Memory        = (*Device)(nil)
	_ hal.Clock         = (*Device)(nil)
	_ hal.Claimer       = (*Device)(nil)
	_ hal.ChannelLister = (*Device)(nil)
)

// chip tells whether a Device is open; there is one chip.
var chip struct {
	mu   sync.Mutex
	open bool
}

// Open initialises NVS, network interfaces, event loop and Wi-Fi driver, except those
// that the application has initialised, and begins to listen for events. It does not
// start the radio. It fails with hal.ErrBusy while a Device is open. An error undoes
// everything that Open did.
func Open(cfg Config) (*Device, error) {
	chip.mu.Lock()
	defer chip.mu.Unlock()
	if chip.open {
		return nil, explain.Error(hal.ErrBusy, "the chip is open; close its Device first")
	}
	if err := nativeOpen(); err != nil {
		return nil, err
	}
	d := &Device{cfg: cfg}
	d.loop = d.newLoop()
	d.bt.d = d
	d.bt.buf = make([]byte, maxPacket)
	if err := d.begin(); err != nil {
		_ = nativeClose()
		return nil, err
	}
	chip.open = true
	return d, nil
}

// begin brings the driver to the initial state of the hal contract, and finds out
// whether there is a link already.
func (d *Device) begin() error {
	if err := nativeSetStorage(hal.StorageFlash); err != nil {
		return err
	}
	ap, err := nativeLink()
	if err != nil {
		return nil // no link
	}
	d.station.state = stationLinked
	d.station.join = hal.JoinInfo{Step: hal.JoinDHCP, AP: ap}
	if cfg, err := nativeIPConfig(); err == nil && cfg.Address != (hal.IPv4{}) {
		d.station.state, d.station.join.Step = stationOnline, hal.JoinDone
	}
	return nil
}

// Close takes down what Open and the methods brought up; Wi-Fi that the application
// initialised stays. Armed timers do not run any more, and subscribers get no more
// events. After an error Close may be repeated; until it succeeds, Open fails. Closing
// twice is allowed.
func (d *Device) Close() error {
	chip.mu.Lock()
	defer chip.mu.Unlock()
	d.mu.Lock()
	closed := d.closed
	d.subs.Clear()
	d.mu.Unlock()
	d.loop.StopTimers()
	if closed {
		return nil
	}
	if err := nativeClose(); err != nil {
		return err
	}
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.http.set(nil)
	chip.open = false
	return nil
}

// Claim implements hal.Claimer.
func (d *Device) Claim() (release func(), err error) { return d.claim.Take() }

// Lost returns how many events, packets and requests found no room since Open.
func (d *Device) Lost() uint32 { return d.lost.Load() }
