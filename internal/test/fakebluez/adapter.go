// SPDX-License-Identifier: Apache-2.0

package fakebluez

import (
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

func newAdapter(a Adapter) *adapter {
	return &adapter{
		Adapter: a, path: bluezbus.Root + "/" + dbus.ObjectPath(a.Name),
		scanning: map[string]bool{}, filters: map[string]bluezbus.Props{},
		props: bluezbus.Props{
			"Address": dbus.MakeVariant(a.Address), "Name": dbus.MakeVariant("box"), "Alias": dbus.MakeVariant("box"),
			"Powered": dbus.MakeVariant(!a.Off), "Pairable": dbus.MakeVariant(false), "Discovering": dbus.MakeVariant(false),
		},
	}
}

// onAir returns what the adapter advertises; nil: nothing.
func (a *adapter) onAir() *ad {
	for _, x := range a.ads {
		if !x.dark {
			return x
		}
	}
	return nil
}

// goDark is what becomes of an adapter that is switched off: connections end, and
// advertisements stay registered but are not on the air again when it is switched on.
// mu is held.
func (d *Daemon) goDark(a *adapter) {
	for _, l := range slices.Clone(d.links) {
		if l.at == a {
			d.drop(l, "Local")
		}
	}
	for _, x := range a.ads {
		x.dark = true
	}
}

// Plug adds an adapter.
func (d *Daemon) Plug(cfg Adapter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := newAdapter(cfg)
	d.adapters = append(d.adapters, a)
	d.emit("/", bluezbus.ObjectManager+".InterfacesAdded", a.path, d.objects()[a.path])
}

// Release ends the advertisements of an adapter, as bluetoothd may by itself.
func (d *Daemon) Release(adapter string) error {
	_, err := d.Call(adapter, "/wifiprov/advertisement", bluezbus.Advertisement+".Release")
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.adapters {
		if a.Name == adapter {
			a.ads = nil
		}
	}
	d.state.Broadcast()
	return err
}

// Down reports whether the daemon has ended.
func (v View) Down() bool { return v.d.down }
