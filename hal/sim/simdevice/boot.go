// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	gatt "github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/bondstore"
	"github.com/wifiprov/wifiprov/hal/ble/smp"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/console"
	"github.com/wifiprov/wifiprov/scheme/softap"
)

// Boot is a device from power-on until the power goes. A Firmware gets it.
type Boot struct {
	// Manager is not initialised when the firmware begins.
	Manager wifiprov.Manager
	// Config is for Manager.Init. A firmware may change it before.
	Config wifiprov.Config
	// Board is the Wi-Fi.
	Board *sim.Board
	// Driver is Board with the faults of the device; Config.WiFi.
	Driver *sim.Faults
	// GATT is the Bluetooth stack with the faults of the device; nil without BLE.
	GATT gatt.Peripheral
	// Controller is the Bluetooth controller on the air; nil without BLE, and with
	// a Link of the configuration.
	Controller *sim.Controller

	device *Device
	clock  *bootClock
	flash  *cutFlash // nil: the board has a Store
	link   io.Closer // of Config.Link; or nil

	handlers sync.WaitGroup // that are running; none begins without power

	mu       sync.Mutex
	off      bool
	listener net.Listener
	streams  map[*stream]struct{} // open ones
	stale    uint64               // sessions before it are forgotten
	sessions uint64               // made
}

// newBoot makes the parts of a boot.
func (d *Device) newBoot() (b *Boot, err error) {
	b = &Boot{
		device: d, streams: map[*stream]struct{}{},
		clock: &bootClock{Clock: d.air.Clock(), pending: map[*bootTimer]struct{}{}},
	}
	cfg := d.cfg.Board
	cfg.MAC = d.MAC()
	if cfg.Store == nil {
		b.flash = newCutFlash(d.flash, b.clock, b.goDark, func() { d.cutOff(b, "power cut in a write to the flash") })
		cfg.Flash = b.flash
	}
	if b.Board, err = d.air.NewBoard(cfg); err != nil {
		return nil, err
	}
	b.Driver = sim.NewFaults(b.Board, b.clock)
	b.Config = d.cfg.Manager
	b.Config.WiFi, b.Config.Clock = b.Driver, b.clock
	b.Config.EventHandler = b.provEvent
	b.Config.Middleware = b.middleware
	b.Driver.Subscribe(b.wifiEvent)
	if b.Config.Scheme, err = b.scheme(); err != nil {
		b.cut()
		return nil, err
	}
	b.Manager.Subscribe(b.sessionEvent)
	return b, nil
}

// scheme makes the scheme of the device's transport.
func (b *Boot) scheme() (scheme.Scheme, error) {
	d := b.device
	switch d.cfg.Transport {
	case BLE:
		host, err := b.host()
		if err != nil {
			return nil, err
		}
		cfg := d.cfg.BLE
		b.GATT = &peripheral{Host: host, boot: b}
		cfg.GATT = b.GATT
		return ble.New(cfg), nil
	case Console:
		cfg := d.cfg.Console
		cfg.Stream, cfg.Open = nil, b.openConsole
		return console.New(cfg), nil
	}
	cfg := d.cfg.SoftAP
	cfg.AP, cfg.Server.Listen = b.Driver, b.listen
	return softap.New(cfg), nil
}

// host makes the Bluetooth stack.
func (b *Boot) host() (*att.Host, error) {
	d := b.device
	var link att.Transport
	if d.cfg.Link != nil {
		var err error
		if link, err = d.cfg.Link(); err != nil {
			return nil, err
		}
		b.link, _ = link.(io.Closer)
	} else {
		mac := d.MAC()
		if mac == (hal.BSSID{}) {
			mac = b.Board.MAC()
		}
		mac[5] += 2 // as ESP-IDF derives Bluetooth's address from that of the station
		var err error
		if b.Controller, err = d.air.NewController(sim.ControllerConfig{Address: mac}); err != nil {
			return nil, err
		}
		link = b.Controller
	}
	cfg := d.cfg.ATT
	if cfg.Clock == nil {
		cfg.Clock = b.clock
	}
	if d.faults.smallMTU() {
		cfg.MTU = att.MinMTU
	}
	if d.cfg.BLE.Encrypt {
		bonds, err := bondstore.New(&d.bonds, 0)
		if err != nil {
			return nil, err
		}
		if cfg.Pairing, err = smp.New(smp.Config{Rand: rand.Reader, Clock: b.clock, Bonds: bonds}); err != nil {
			return nil, err
		}
	}
	return att.New(link, cfg)
}

// cut ends everything that others can notice. Nobody of the device is told.
func (b *Boot) cut() {
	b.goDark()
	b.mu.Lock()
	listener := b.listener
	b.listener = nil
	streams := make([]*stream, 0, len(b.streams))
	for s := range b.streams {
		streams = append(streams, s)
	}
	b.mu.Unlock()
	if b.Controller != nil {
		b.Controller.Close()
	}
	if b.link != nil {
		_ = b.link.Close()
	}
	for _, s := range streams {
		s.abort()
	}
	if listener != nil {
		_ = listener.Close()
	}
	b.Board.Close()
	b.clock.cut()
}

// goDark ends what the device says, to its clients and of itself.
func (b *Boot) goDark() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.off = true
}

// bury brings a boot whose power is gone to its end. All that its manager does
// fails or reaches nobody.
func (b *Boot) bury() {
	_ = b.Manager.Deinit()
	b.Manager.Wait()
	b.handlers.Wait() // the manager's time for them is over at once
}

func (b *Boot) isOff() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.off
}

// Device returns the device that has booted.
func (b *Boot) Device() *Device { return b.device }

// listen opens the listener of HTTP.
func (b *Boot) listen() (net.Listener, error) {
	open := b.device.cfg.Listen
	if open == nil {
		open = b.device.network.Listen
	}
	if b.isOff() {
		return nil, ErrOff
	}
	l, err := open()
	if errors.Is(err, syscall.EMFILE) {
		return nil, fmt.Errorf("%w: a listener takes one file descriptor, and each connection one more; raise the limit (ulimit -n), or start fewer devices", err)
	}
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.off {
		_ = l.Close()
		return nil, ErrOff
	}
	b.listener = l
	return listener{l, b}, nil
}

func (b *Boot) addr() net.Addr {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listener == nil {
		return nil
	}
	return b.listener.Addr()
}

// openConsole opens the console's line.
func (b *Boot) openConsole() (io.ReadWriteCloser, error) {
	open := b.device.cfg.Open
	if open == nil {
		open = b.device.line.open
	}
	if b.isOff() {
		return nil, ErrOff
	}
	rwc, err := open()
	if err != nil {
		return nil, err
	}
	return b.stream(rwc, consoleFraming), nil
}

// provEvent takes the manager's events.
func (b *Boot) provEvent(e wifiprov.Event) {
	if b.isOff() {
		return
	}
	b.device.journal.add(Event{Kind: Prov, Prov: e})
	if handler := b.device.cfg.Manager.EventHandler; handler != nil {
		handler(e)
	}
}

// sessionEvent takes those of the manager's events that only subscribers get.
func (b *Boot) sessionEvent(e wifiprov.Event) {
	if e.Kind >= wifiprov.EventSessionSetupOK && !b.isOff() {
		b.device.journal.add(Event{Kind: Prov, Prov: e})
	}
}

// wifiEvent takes the driver's events.
func (b *Boot) wifiEvent(e hal.Event) {
	if !b.isOff() {
		b.device.journal.add(Event{Kind: WiFi, WiFi: e})
	}
}
