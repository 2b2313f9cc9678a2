// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"testing"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/fakelinux"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/softap"
)

// LinuxDevice is a Linux box: hal/linux/radio on a double of its daemon.
type LinuxDevice struct {
	Air  *sim.Air
	Home *sim.AP
	Box  *fakelinux.Box
	WiFi *process

	tb  testing.TB
	cfg radio.Config
}

// process is the Radio of the present process.
type process struct{ *radio.Radio }

var _ hal.SoftAP = (*process)(nil)

// NewLinux returns a box whose process has begun, in an air with Home on it.
func NewLinux(tb testing.TB, cfg fakelinux.Config) *LinuxDevice {
	tb.Helper()
	d := &LinuxDevice{Air: sim.NewAir(sim.AirConfig{}), WiFi: &process{}, tb: tb}
	var err error
	if d.Home, err = d.Air.AddAP(Home); err == nil {
		d.Box, err = fakelinux.New(d.Air, cfg)
	}
	if err == nil {
		d.cfg = radio.Config{Interface: fakelinux.Station, Phy: d.Box}
		err = d.boot()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func (d *LinuxDevice) boot() (err error) {
	d.WiFi.Radio, err = radio.New(d.Box.Daemon(), d.cfg)
	return err
}

// Reboot ends the process, and begins another.
func (d *LinuxDevice) Reboot() error {
	if err := d.WiFi.Close(); err != nil {
		return err
	}
	return d.boot()
}

// Close ends the box.
func (d *LinuxDevice) Close() {
	if err := d.WiFi.Close(); err != nil {
		d.tb.Error(err)
	}
	d.Box.Board().Close()
	if misuse := d.Box.Misuse(); misuse != "" {
		d.tb.Error(misuse)
	}
}

func (d *LinuxDevice) rig() *Rig {
	return &Rig{Air: d.Air, Home: d.Home, Config: wifiprov.Config{WiFi: d.WiFi}, Reboot: d.Reboot, Close: d.Close}
}

// LinuxBLERig is such a box with a Bluetooth controller.
func LinuxBLERig(t *testing.T) *Rig {
	d := NewLinux(t, fakelinux.Config{})
	controller, err := d.Air.NewController(sim.ControllerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	host, err := att.New(controller, att.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := d.rig()
	r.Config.Scheme = ble.New(ble.Config{GATT: host})
	phones := &BLEDevice{Device: &Device{Air: d.Air, tb: t}}
	r.Dial = func() client.Transport { return phones.Dial(blecentral.Config{}) }
	return r
}

// softAPRig is such a box that is reached over its access point.
func (d *LinuxDevice) softAPRig(t *testing.T, h *hotspot) *Rig {
	r := d.rig()
	r.Config.Scheme = softap.New(softap.Config{AP: d.WiFi, Server: httpd.Config{Listen: h.network.Listen}})
	r.Dial = h.transport(t)
	return r
}

// LinuxSoftAPRig returns a box that is reached over its access point, which is beside
// the station on a radio for so many channels at a time.
func LinuxSoftAPRig(channels int) func(t *testing.T) *Rig {
	return func(t *testing.T) *Rig {
		h := &hotspot{}
		return NewLinux(t, fakelinux.Config{Beside: channels, OnAP: h.onAP}).softAPRig(t, h)
	}
}
