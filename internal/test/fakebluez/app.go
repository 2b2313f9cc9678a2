// SPDX-License-Identifier: Apache-2.0

package fakebluez

import (
	"context"
	"errors"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// app is a registered application: attributes in the order in which
// GetManagedObjects named them.
type app struct {
	registration
	attrs []attr
}

// attr is a service, a characteristic or a descriptor of an application.
type attr struct {
	iface  string
	path   dbus.ObjectPath
	parent dbus.ObjectPath // the service's or the characteristic's
	uuid   string
	flags  []string
	handle int // of its declaration
}

// entry is a member of what GetManagedObjects returns; a list of them keeps the
// order, which a map loses.
type entry struct {
	Path       dbus.ObjectPath
	Interfaces map[string]bluezbus.Props
}

// register takes an application. mu is held, but not while it is asked for its
// objects.
func (d *Daemon) register(a *adapter, m bluezbus.Message, path dbus.ObjectPath) {
	if slices.ContainsFunc(a.apps, func(x *app) bool { return x.owner == m.Sender && x.path == path }) {
		d.fail(m, "AlreadyExists", "Already Exists")
		return
	}
	d.later(func(ctx context.Context) {
		if err := d.hooked("→GetManagedObjects"); err != nil {
			d.reply(m, err)
			return
		}
		list, err := d.managedObjects(ctx, m.Sender, path)
		if err != nil || len(list) == 0 {
			d.fail(m, "Failed", "No object received")
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if !d.peers[m.Sender] {
			return // it left meanwhile
		}
		x := &app{registration: registration{m.Sender, path}}
		for _, e := range list {
			if !d.addAttr(x, e) {
				d.fail(m, "Failed", "Failed to create entry in database")
				return
			}
		}
		a.apps = append(a.apps, x)
		d.conn.Reply(m)
		d.state.Broadcast()
	})
}

// managedObjects asks for objects with their order. godbus decodes a dictionary
// into a map; the order is in the paths then, as applications name them
// (service0, char0, char1, … char10).
func (d *Daemon) managedObjects(ctx context.Context, owner string, path dbus.ObjectPath) ([]entry, error) {
	body, err := d.conn.Call(ctx, owner, path, bluezbus.ObjectManager+".GetManagedObjects")
	if err != nil {
		return nil, err
	}
	var all bluezbus.Objects
	if err := dbus.Store(body, &all); err != nil {
		return nil, err
	}
	var list []entry
	for path, interfaces := range all {
		list = append(list, entry{path, interfaces})
	}
	slices.SortFunc(list, func(a, b entry) int {
		if len(a.Path) != len(b.Path) {
			return len(a.Path) - len(b.Path)
		}
		if a.Path < b.Path {
			return -1
		}
		return 1
	})
	return list, nil
}

// addAttr adds an object to an application; false: it is not well formed.
func (d *Daemon) addAttr(x *app, e entry) bool {
	at := attr{path: e.Path, handle: d.handles}
	for iface, props := range e.Interfaces {
		at.iface = iface
		at.uuid = bluezbus.Get[string](props, "UUID")
		at.flags = bluezbus.Get[[]string](props, "Flags")
		switch iface {
		case bluezbus.GattService:
			d.handles++
		case bluezbus.GattChar:
			at.parent = bluezbus.Get[dbus.ObjectPath](props, "Service")
			d.handles += 2
		case bluezbus.GattDesc:
			at.parent = bluezbus.Get[dbus.ObjectPath](props, "Characteristic")
			d.handles++
		}
		if slices.Contains(at.flags, "notify") {
			d.handles++ // 0x2902
		}
	}
	known := at.iface == bluezbus.GattService || slices.ContainsFunc(x.attrs, func(p attr) bool { return p.path == at.parent })
	x.attrs = append(x.attrs, at)
	return known && len(at.uuid) == 36 && (at.iface == bluezbus.GattService || len(at.flags) > 0)
}

// Limits of advertising with legacy packets.
const maxAdvertising = 31

// advertise takes an advertisement. mu is held, but not while it is asked for
// its properties.
func (d *Daemon) advertise(a *adapter, m bluezbus.Message, path dbus.ObjectPath) {
	switch {
	case a.props["Powered"].Value() != true:
		d.fail(m, "NotReady", "Resource Not Ready")
		return
	case slices.ContainsFunc(a.ads, func(x *ad) bool { return x.owner == m.Sender && x.path == path }):
		d.fail(m, "AlreadyExists", "Already Exists")
		return
	}
	d.later(func(ctx context.Context) {
		if err := d.hooked("→GetAll"); err != nil {
			d.reply(m, err)
			return
		}
		body, err := d.conn.Call(ctx, m.Sender, path, bluezbus.Properties+".GetAll", bluezbus.Advertisement)
		var props bluezbus.Props
		if err == nil {
			err = dbus.Store(body, &props)
		}
		if err == nil {
			err = checkAd(props)
		}
		if err != nil {
			d.fail(m, "Failed", "Failed to parse advertisement.")
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if !d.peers[m.Sender] {
			return
		}
		a.ads = append(a.ads, &ad{registration: registration{m.Sender, path}, props: props})
		d.conn.Reply(m)
		for _, other := range d.adapters {
			if len(other.scanning) > 0 {
				d.seen(other, a)
			}
		}
		d.state.Broadcast()
	})
}

// checkAd refuses what does not fit into legacy packets.
func checkAd(props bluezbus.Props) error {
	data, response := 3, 2+len(bluezbus.Get[string](props, "LocalName"))
	for _, uuid := range bluezbus.Get[[]string](props, "ServiceUUIDs") {
		if !bluezbus.Assigned(uuid) {
			data += 18
		}
	}
	for _, v := range bluezbus.Get[map[uint16]dbus.Variant](props, "ManufacturerData") {
		data += 4 + len(v.Value().([]byte))
	}
	for _, v := range bluezbus.Get[map[uint16]dbus.Variant](props, "ScanResponseManufacturerData") {
		response += 4 + len(v.Value().([]byte))
	}
	if data > maxAdvertising || response > maxAdvertising || bluezbus.Get[string](props, "Type") != "peripheral" {
		return errors.New("too long")
	}
	return nil
}
