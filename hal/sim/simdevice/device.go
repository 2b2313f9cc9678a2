// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// Errors that callers branch on with errors.Is.
var (
	// ErrOff is returned by what needs a device with power.
	ErrOff = errors.New("simdevice: the device has no power")
	// ErrOn is returned by PowerOn of a device that has power.
	ErrOn = errors.New("simdevice: the device has power already")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("simdevice: the device is closed")
)

// Device is a simulated device. New makes it. Its methods may be called from any
// goroutine, also from handlers, unless they say otherwise.
type Device struct {
	cfg     Config
	air     *sim.Air
	home    *sim.AP // of an air of its own
	flash   nvs.Flash
	bonds   store.Memory   // the keys of pairings; a partition of its own
	network simnet.Network // of HTTP in memory
	line    line           // of a console in memory
	journal journal
	record  recording
	faults  faults
	name    string

	power sync.Mutex // held while the power changes

	mu     sync.Mutex
	boot   *Boot // nil: without power
	mac    hal.BSSID
	closed bool
	dark   sync.WaitGroup // boots whose power is gone and that are not yet at their end
}

// New returns a device without power. An error names what is wrong with cfg.
func New(cfg Config) (*Device, error) {
	d := &Device{cfg: cfg, air: cfg.Air, flash: cfg.Board.Flash, mac: cfg.Board.MAC, name: cfg.Name}
	if cfg.Transport > Console {
		return nil, fmt.Errorf("simdevice: Config.Transport is %d; it can be HTTP, BLE or Console", cfg.Transport)
	}
	if d.air == nil {
		d.air = sim.NewAir(sim.AirConfig{})
		var err error
		if d.home, err = d.air.AddAP(Home); err != nil {
			return nil, err
		}
	}
	if d.flash == nil && cfg.Board.Store == nil {
		d.flash = flash.NewSparse(sim.DefaultFlash)
	}
	d.journal.tell, d.journal.keep = cfg.OnEvent, cfg.KeepEvents
	if d.journal.keep == 0 {
		d.journal.keep = DefaultKeep
	}
	d.record.tell, d.record.keep = cfg.OnExchange, cfg.KeepExchanges
	d.faults.device = d
	for i, fault := range cfg.Faults {
		if err := d.check(fault); err != nil {
			return nil, fmt.Errorf("simdevice: Config.Faults[%d]: %w", i, err)
		}
	}
	for _, fault := range cfg.Faults {
		d.faults.add(fault)
	}
	return d, nil
}

// Start returns a device that has booted.
func Start(cfg Config) (*Device, error) {
	d, err := New(cfg)
	if err == nil {
		err = d.PowerOn()
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Format prints the type's name for every verb, because a Device holds secrets.
func (*Device) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "simdevice.Device") }

// PowerOn boots the device. It returns when the firmware has begun: a service may
// be about to start, see Await. If booting fails, for example because the port is
// taken, the device stays without power.
func (d *Device) PowerOn() error {
	d.power.Lock()
	defer d.power.Unlock()
	return d.powerOn()
}

func (d *Device) powerOn() error {
	d.mu.Lock()
	on, closed := d.boot != nil, d.closed
	d.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case on:
		return ErrOn
	}
	b, err := d.newBoot()
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.boot, d.mac = b, b.Board.MAC()
	if d.name == "" {
		d.name = fmt.Sprintf("PROV_%02X%02X%02X", d.mac[3], d.mac[4], d.mac[5])
	}
	d.mu.Unlock()
	d.journal.add(Event{Kind: PowerOn})
	d.faults.powerOn(b)
	firmware := d.cfg.Firmware
	if firmware == nil {
		firmware = BuiltIn
	}
	if err := firmware(b); err != nil {
		d.powerCut("the firmware failed")
		return fmt.Errorf("simdevice: %s does not boot: %w", d.name, err)
	}
	return nil
}

// PowerCut takes the power away. Everything of the device ends at once and without
// a word: links, connections, timers, writes to the flash. A device without power
// stays as it is. It does not wait for handlers that are running.
func (d *Device) PowerCut() {
	d.power.Lock()
	defer d.power.Unlock()
	d.powerCut("power cut")
}

func (d *Device) powerCut(why string) {
	d.mu.Lock()
	b := d.boot
	d.boot = nil
	if b != nil {
		d.dark.Add(1)
	}
	d.mu.Unlock()
	if b == nil {
		return
	}
	b.cut()
	d.journal.add(Event{Kind: PowerOff, Text: why})
	go func() {
		defer d.dark.Done()
		b.bury()
	}()
}

// cutOff takes the power away if b is still what runs.
func (d *Device) cutOff(b *Boot, why string) {
	d.power.Lock()
	defer d.power.Unlock()
	if d.Boot() == b {
		d.powerCut(why)
	}
}

// Reboot takes the power away and boots, as esp_restart does: nobody is told. It
// fails as PowerOn does, and with ErrOff without power.
func (d *Device) Reboot() error { return d.restart("reboot", nil) }

// FactoryReset erases the flash and reboots; without power it erases only.
func (d *Device) FactoryReset() error {
	err := d.restart("factory reset", d.erase)
	if errors.Is(err, ErrOff) {
		d.power.Lock()
		defer d.power.Unlock()
		return d.erase()
	}
	return err
}

// restart calls between, unless nil, while the power is off.
func (d *Device) restart(why string, between func() error) error {
	d.power.Lock()
	defer d.power.Unlock()
	if !d.On() {
		return ErrOff
	}
	d.powerCut(why)
	if between != nil {
		if err := between(); err != nil {
			return err
		}
	}
	return d.powerOn()
}

// erase erases the flash and forgets the pairings. The power is off.
func (d *Device) erase() error {
	d.bonds = store.Memory{}
	if d.flash == nil {
		return errors.New("simdevice: a device with a Board.Store has no flash to erase")
	}
	return d.flash.EraseBlocks(0, d.flash.Size()/d.flash.EraseBlockSize())
}

// Close takes the power away for good, and waits until nothing is left of the
// device: no handler, connection or timer. Handlers must not call it. Closing
// twice is allowed.
func (d *Device) Close() {
	d.power.Lock()
	d.powerCut("power cut")
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.power.Unlock()
	d.faults.close()
	d.dark.Wait()
}

// Name returns the name of the service; "" before the first boot, unless
// Config.Name is set.
func (d *Device) Name() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.name
}

// MAC returns the address of the station, which is zero before the first boot
// unless the configuration has it.
func (d *Device) MAC() hal.BSSID {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mac
}

// Air returns the air.
func (d *Device) Air() *sim.Air { return d.air }

// Home returns the network Home of an air that belongs to the device, else nil.
func (d *Device) Home() *sim.AP { return d.home }

// Security returns the device's security.
func (d *Device) Security() Security { return d.cfg.Security }

// Transport returns how clients reach the device.
func (d *Device) Transport() Transport { return d.cfg.Transport }

// On reports whether the device has power.
func (d *Device) On() bool { return d.Boot() != nil }

// Boot returns what runs; nil without power. After a boot it is another one.
func (d *Device) Boot() *Boot {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.boot
}

// Board returns the Wi-Fi of the present boot; nil without power.
func (d *Device) Board() *sim.Board {
	if b := d.Boot(); b != nil {
		return b.Board
	}
	return nil
}

// Manager returns the manager of the present boot; nil without power.
func (d *Device) Manager() *wifiprov.Manager {
	if b := d.Boot(); b != nil {
		return &b.Manager
	}
	return nil
}

// Addr returns the address on which the device serves HTTP; nil if it serves none.
func (d *Device) Addr() net.Addr {
	if b := d.Boot(); b != nil {
		return b.addr()
	}
	return nil
}

// Provisioned reports whether the device has power and a network to join.
func (d *Device) Provisioned() bool {
	b := d.Boot()
	if b == nil {
		return false
	}
	cfg, err := b.Board.StationConfig()
	return err == nil && cfg.SSID != ""
}
