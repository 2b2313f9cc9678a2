// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"io"
	"testing"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/loop"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/internal/test/tinygotest"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/console"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// RadioDevice is a board that TinyGo runs on: hal/tinygo on the double of
// espradio, and its configuration in NVS.
type RadioDevice struct {
	Air    *sim.Air
	Home   *sim.AP
	Driver *tinygotest.Driver
	Flash  *flash.Memory
	WiFi   *rebooting

	tb   testing.TB
	loop *loop.Loop // or nil
}

// rebooting is the Radio of the present boot.
type rebooting struct {
	*tinygo.Radio
	driver *tinygotest.Driver
}

// NewRadio returns a device that has booted, in an air with Home on it.
func NewRadio(tb testing.TB) *RadioDevice {
	tb.Helper()
	return newRadio(tb, nil)
}

// newRadio is NewRadio with a loop, which delivers the events.
func newRadio(tb testing.TB, l *loop.Loop) *RadioDevice {
	tb.Helper()
	d := &RadioDevice{
		Air: sim.NewAir(sim.AirConfig{}), Flash: flash.NewMemory(tinygo.DefaultRegion), WiFi: &rebooting{}, tb: tb, loop: l,
	}
	var err error
	if d.Home, err = d.Air.AddAP(Home); err == nil {
		d.Driver, err = tinygotest.New(d.Air)
	}
	if err == nil {
		d.WiFi.driver = d.Driver
		err = d.boot()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func (d *RadioDevice) boot() error {
	partition, err := nvs.Open(d.Flash, nvs.Options{})
	cfg := tinygo.Config{Driver: d.Driver, Store: partition}
	if d.loop != nil {
		cfg.Tell = d.loop.Tell
	}
	if err == nil {
		d.WiFi.Radio, err = tinygo.New(cfg)
	}
	return err
}

// Reboot resets the chip.
func (d *RadioDevice) Reboot() error {
	d.WiFi.Close()
	time.Sleep(tinygotest.ConnectTime) // it may have been in a call
	if err := d.Driver.Reset(); err != nil {
		return err
	}
	return d.boot()
}

// Close ends the device.
func (d *RadioDevice) Close() {
	d.WiFi.Close()
	time.Sleep(time.Minute)
	d.Driver.Close()
	if misuse := d.Driver.Misuse(); misuse != "" {
		d.tb.Error(misuse)
	}
}

func (d *RadioDevice) rig() *Rig {
	return &Rig{Air: d.Air, Home: d.Home, Config: wifiprov.Config{WiFi: d.WiFi}, Reboot: d.Reboot, Close: d.Close}
}

var _ hal.SoftAP = (*rebooting)(nil)

// RadioBLERig is such a device, whose Bluetooth controller is reached through a
// stream of bytes.
func RadioBLERig(t *testing.T) *Rig {
	d := NewRadio(t)
	return d.rig().overVHCI(t, tinygo.NewVHCI(d.controller(), nil), att.Config{}, gatt.Config{})
}

// RadioLoopRig is such a device in which one goroutine does everything but to call the
// Wi-Fi driver. The test calls the manager from others.
func RadioLoopRig(t *testing.T) *Rig {
	l := loop.New(loop.Config{})
	d := newRadio(t, l)
	vhci := tinygo.NewPolledVHCI(d.controller(), nil)
	l.PollPackets(vhci.Poll, 2*time.Millisecond)
	r := d.rig().overVHCI(t, vhci, att.Config{Clock: l}, gatt.Config{Go: l.Go, Clock: l})
	r.Config.Clock = l
	task := startTask(l.Pump)
	r.Config.Pump = task.wait
	end := r.Close
	r.Close = func() {
		end()
		task.end(l.Wake)
	}
	return r
}

// controller returns the near end of a stream of bytes to a controller.
func (d *RadioDevice) controller() tinygo.Port {
	d.tb.Helper()
	controller, err := d.Air.NewController(sim.ControllerConfig{})
	if err != nil {
		d.tb.Fatal(err)
	}
	return tinygotest.NewRing(controller)
}

// overVHCI makes the device one with a Bluetooth controller.
func (r *Rig) overVHCI(t *testing.T, vhci *tinygo.VHCI, stack att.Config, server gatt.Config) *Rig {
	t.Helper()
	host, err := att.New(vhci, stack)
	if err != nil {
		t.Fatal(err)
	}
	r.Config.Scheme = ble.New(ble.Config{GATT: host, Server: server})
	phones := &BLEDevice{Device: &Device{Air: r.Air, tb: t}}
	r.Dial = func() client.Transport { return phones.Dial(blecentral.Config{}) }
	end := r.Close
	r.Close = func() {
		vhci.Close()
		end()
	}
	return r
}

// RadioConsoleRig is such a device with a console on its UART.
func RadioConsoleRig(t *testing.T) *Rig { return NewRadio(t).rig().overUART(t) }

// overUART makes the device one with a console on its UART.
func (r *Rig) overUART(t *testing.T) *Rig {
	uart, far := tinygotest.NewUART()
	host, err := client.NewConsole(far, client.ConsoleConfig{})
	if err != nil {
		t.Fatal(err)
	}
	r.Config.Scheme = console.New(console.Config{Open: func() (io.ReadWriteCloser, error) { return tinygo.NewLine(uart), nil }})
	r.Dial = func() client.Transport { return turn{host} }
	end := r.Close
	r.Close = func() {
		_ = host.Close()
		end()
	}
	return r
}

// turn is a client's turn on the line, which stays open when it is over.
type turn struct{ *client.Console }

func (turn) Close() error { return nil }
