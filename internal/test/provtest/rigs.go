// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"testing"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// rig returns the device as a Rig.
func (d *Device) rig() *Rig {
	device := d.Boot.Device()
	return &Rig{
		Air: d.Air, Home: d.Home, Config: d.Config(), Reboot: d.Driver.Reboot,
		Dial: func() client.Transport {
			transport, err := device.Dial()
			if err != nil {
				d.tb.Fatal(err)
			}
			return transport
		},
		Close: device.Close,
	}
}

// HTTPRig is a simulated device that is reached over HTTP.
func HTTPRig(t *testing.T) *Rig { return New(t, sim.AirConfig{}).rig() }

// BLERig is a simulated device that is reached over BLE, through a simulated
// controller on either side.
func BLERig(t *testing.T) *Rig {
	d := NewBLE(t, sim.AirConfig{}, att.Config{})
	r := d.rig()
	r.Config = d.Config()
	r.Dial = func() client.Transport { return d.Dial(blecentral.Config{}) }
	return r
}

// ConsoleRig is a simulated device at the end of a serial line, which all
// clients share.
func ConsoleRig(t *testing.T) *Rig {
	return newDevice(t, sim.AirConfig{}, simdevice.Config{Transport: simdevice.Console}).rig()
}
