// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"testing"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/pico/cyw43"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/internal/test/cyw43test"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// pico is a Raspberry Pi Pico W: hal/pico/cyw43 on a simulated chip, and its
// configuration in NVS.
type pico struct {
	*tinygo.Radio
	air   *sim.Air
	board *cyw43test.Board
	flash *flash.Memory
}

// newPico returns a board that has booted, in an air with Home on it.
func newPico(tb testing.TB) *Rig {
	tb.Helper()
	d := &pico{air: sim.NewAir(sim.AirConfig{}), flash: flash.NewMemory(tinygo.DefaultRegion)}
	home, err := d.air.AddAP(Home)
	if err == nil {
		d.board, err = cyw43test.NewBoard(d.air)
	}
	if err == nil {
		err = d.boot()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return &Rig{Air: d.air, Home: home, Config: wifiprov.Config{WiFi: d}, Reboot: d.reboot, Close: func() {
		d.Radio.Close()
		time.Sleep(time.Minute)
		d.board.Close()
		if misuse := d.board.Misuse(); misuse != "" {
			tb.Error(misuse)
		}
	}}
}

func (d *pico) boot() error {
	partition, err := nvs.Open(d.flash, nvs.Options{})
	if err == nil {
		d.Radio, err = tinygo.New(tinygo.Config{Driver: cyw43.New(d.board, d.board.Bus), Store: partition})
	}
	return err
}

func (d *pico) reboot() error {
	d.Radio.Close()
	time.Sleep(cyw43test.JoinTime + time.Second) // it may have been in a call
	if err := d.board.Reset(); err != nil {
		return err
	}
	return d.boot()
}

// PicoBLERig is such a board, with a Bluetooth controller that is reached packet by
// packet.
func PicoBLERig(t *testing.T) *Rig {
	r := newPico(t)
	controller, err := r.Air.NewController(sim.ControllerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return r.overVHCI(t, tinygo.NewVHCI(cyw43.NewHCI(cyw43test.NewPackets(controller)), nil), att.Config{}, gatt.Config{})
}

// PicoConsoleRig is such a board with a console on its UART.
func PicoConsoleRig(t *testing.T) *Rig { return newPico(t).overUART(t) }
