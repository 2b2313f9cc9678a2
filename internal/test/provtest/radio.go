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
	"github.com/wifiprov/wifiprov/hal/esp32/espradio"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/espradiotest"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/console"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// RadioDevice is an ESP32 that TinyGo runs on: hal/esp32/espradio on the double of
// espradio, and its configuration in NVS.
type RadioDevice struct {
	Air    *sim.Air
	Home   *sim.AP
	Driver *espradiotest.Driver
	Flash  *flash.Memory
	WiFi   *rebooting

	tb testing.TB
}

// rebooting is the Radio of the present boot.
type rebooting struct {
	*espradio.Radio
	driver *espradiotest.Driver
}

// NewRadio returns a device that has booted, in an air with Home on it.
func NewRadio(tb testing.TB) *RadioDevice {
	tb.Helper()
	d := &RadioDevice{
		Air: sim.NewAir(sim.AirConfig{}), Flash: flash.NewMemory(espradio.DefaultRegion), WiFi: &rebooting{}, tb: tb,
	}
	var err error
	if d.Home, err = d.Air.AddAP(Home); err == nil {
		d.Driver, err = espradiotest.New(d.Air)
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
	if err == nil {
		d.WiFi.Radio, err = espradio.New(espradio.Config{Driver: d.Driver, Store: partition})
	}
	return err
}

// Reboot resets the chip.
func (d *RadioDevice) Reboot() error {
	d.WiFi.Close()
	time.Sleep(espradiotest.ConnectTime) // it may have been in a call
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
	controller, err := d.Air.NewController(sim.ControllerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	vhci := espradio.NewVHCI(espradiotest.NewRing(controller), nil)
	host, err := att.New(vhci, att.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := d.rig()
	r.Config.Scheme = ble.New(ble.Config{GATT: host})
	phones := &BLEDevice{Device: &Device{Air: d.Air, tb: t}}
	r.Dial = func() client.Transport { return phones.Dial(blecentral.Config{}) }
	r.Close = func() {
		vhci.Close()
		d.Close()
	}
	return r
}

// RadioConsoleRig is such a device with a console on its UART.
func RadioConsoleRig(t *testing.T) *Rig {
	d := NewRadio(t)
	uart, far := espradiotest.NewUART()
	host, err := client.NewConsole(far, client.ConsoleConfig{})
	if err != nil {
		t.Fatal(err)
	}
	r := d.rig()
	r.Config.Scheme = console.New(console.Config{Open: func() (io.ReadWriteCloser, error) { return espradio.NewLine(uart), nil }})
	r.Dial = func() client.Transport { return turn{host} }
	r.Close = func() {
		_ = host.Close()
		d.Close()
	}
	return r
}
