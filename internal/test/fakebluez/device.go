// SPDX-License-Identifier: Apache-2.0

package fakebluez

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// device is a device that an adapter knows.
type device struct {
	at      *adapter
	path    dbus.ObjectPath
	address string
	props   bluezbus.Props
	link    *link           // to it; nil: none, or it is the client
	remote  []remote        // its attributes
	waiting []chan struct{} // calls of Connect that were not answered
}

// remote is an attribute of a device, as an object on the bus.
type remote struct {
	attr
	path  dbus.ObjectPath
	props bluezbus.Props
}

// deviceAt returns the device with an address, a new one if need be. mu is held.
func (d *Daemon) deviceAt(a *adapter, address string, props bluezbus.Props) *device {
	for _, dev := range a.devices {
		if dev.address == address {
			return dev
		}
	}
	dev := &device{
		at: a, address: address, props: props,
		path: a.path + "/dev_" + dbus.ObjectPath(strings.ReplaceAll(address, ":", "_")),
	}
	for name, value := range map[string]any{
		"Address": address, "AddressType": "public", "Alias": address, "Adapter": a.path,
		"Connected": false, "Paired": false, "ServicesResolved": false,
	} {
		props[name] = dbus.MakeVariant(value)
	}
	a.devices = append(a.devices, dev)
	d.emit("/", bluezbus.ObjectManager+".InterfacesAdded", dev.path, map[string]bluezbus.Props{bluezbus.Device: props})
	return dev
}

// setDevice changes a property of a device. mu is held.
func (d *Daemon) setDevice(dev *device, name string, value any) {
	dev.props[name] = dbus.MakeVariant(value)
	d.emitChanged(dev.path, bluezbus.Device, bluezbus.Props{name: dev.props[name]})
}

// removeDevice forgets a device; what is connected is disconnected. mu is held.
func (d *Daemon) removeDevice(dev *device) {
	for _, l := range slices.Clone(d.links) {
		if l.client == dev || l.server == dev {
			d.drop(l, "Local")
		}
	}
	d.giveUp(dev)
	dev.at.devices = slices.DeleteFunc(dev.at.devices, func(o *device) bool { return o == dev })
	d.emit("/", bluezbus.ObjectManager+".InterfacesRemoved", dev.path, []string{bluezbus.Device})
}

// giveUp ends calls of Connect that wait. mu is held.
func (d *Daemon) giveUp(dev *device) {
	for _, c := range dev.waiting {
		close(c)
	}
	dev.waiting = nil
}

// startScan begins a discovery. mu is held.
func (d *Daemon) startScan(a *adapter, m bluezbus.Message) {
	switch {
	case a.props["Powered"].Value() != true:
		d.fail(m, "NotReady", "Resource Not Ready")
		return
	case a.scanning[m.Sender]:
		d.fail(m, "InProgress", "Operation already in progress")
		return
	}
	a.scanning[m.Sender] = true
	d.setProp(a, "Discovering", true)
	d.conn.Reply(m)
	for _, other := range d.adapters {
		d.seen(a, other)
	}
}

// stopScan ends a client's discovery. mu is held.
func (d *Daemon) stopScan(a *adapter, owner string) bool {
	if !a.scanning[owner] {
		return false
	}
	delete(a.scanning, owner)
	if len(a.scanning) == 0 {
		for _, dev := range a.devices {
			if _, had := dev.props["RSSI"]; had {
				delete(dev.props, "RSSI")
				d.emitChanged(dev.path, bluezbus.Device, bluezbus.Props{}, "RSSI")
			}
		}
		d.setProp(a, "Discovering", false)
	}
	d.state.Broadcast()
	return true
}

// seen makes a scanning adapter see another one that advertises. The name comes
// in a packet of its own. mu is held.
func (d *Daemon) seen(a, other *adapter) {
	if a == other || other.onAir() == nil || other.props["Powered"].Value() != true {
		return
	}
	ad := other.onAir().props
	dev := d.deviceAt(a, other.Address, bluezbus.Props{"UUIDs": ad["ServiceUUIDs"]})
	for ours, theirs := range map[string]string{"LocalName": "Name", "ManufacturerData": "ManufacturerData", "ScanResponseManufacturerData": "ManufacturerData"} {
		if v, has := ad[ours]; has {
			d.setDevice(dev, theirs, v.Value())
			if theirs == "Name" { // until somebody sets it
				d.setDevice(dev, "Alias", v.Value())
			}
		}
	}
	d.setDevice(dev, "RSSI", int16(-50))
}

// deviceCall is a call of a device's interfaces or of an attribute. mu is held.
func (d *Daemon) deviceCall(dev *device, m bluezbus.Message) {
	for _, o := range dev.remote {
		if o.path == m.Path {
			d.attributeCall(dev, o, m)
			return
		}
	}
	switch {
	case m.Interface == bluezbus.Properties && m.Path == dev.path:
		d.get(m, dev.props)
	case m.Member == "Connect":
		d.connectCall(dev, m)
	case m.Member == "Pair":
		d.pairCall(dev, m)
	case m.Member == "Disconnect":
		d.giveUp(dev)
		for _, l := range slices.Clone(d.links) {
			if l.client == dev || l.server == dev {
				d.drop(l, "Local")
				d.conn.Reply(m)
				return
			}
		}
		d.fail(m, "NotConnected", "Not Connected")
	default:
		d.conn.ReplyUnknown(m)
	}
}

// connectCall connects to a device as soon as it advertises. mu is held, but not
// while waiting.
func (d *Daemon) connectCall(dev *device, m bluezbus.Message) {
	if dev.link != nil {
		d.fail(m, "AlreadyConnected", "Already Connected")
		return
	}
	cancelled := make(chan struct{})
	dev.waiting = append(dev.waiting, cancelled)
	d.later(func(context.Context) {
		d.mu.Lock()
		defer d.mu.Unlock()
		for {
			select {
			case <-cancelled:
				d.fail(m, "Failed", "le-connection-abort-by-local")
				return
			default:
			}
			if d.down {
				return
			}
			if other := d.advertiser(dev.address); other != nil && dev.link == nil {
				dev.waiting = slices.DeleteFunc(dev.waiting, func(c chan struct{}) bool { return c == cancelled })
				d.connect(other, dev.at.Address, dev)
				d.conn.Reply(m)
				d.resolve(dev)
				return
			}
			d.state.Wait()
		}
	})
}

// advertiser returns the adapter that advertises under an address. mu is held.
func (d *Daemon) advertiser(address string) *adapter {
	for _, a := range d.adapters {
		if a.Address == address && a.onAir() != nil && a.props["Powered"].Value() == true {
			return a
		}
	}
	return nil
}

// resolve makes objects of a device's attributes. mu is held.
func (d *Daemon) resolve(dev *device) {
	paths := map[dbus.ObjectPath]dbus.ObjectPath{} // theirs, ours
	for _, x := range dev.link.at.apps {
		for _, at := range x.attrs {
			o := remote{attr: at, props: bluezbus.Props{"UUID": dbus.MakeVariant(at.uuid), "Handle": dbus.MakeVariant(uint16(at.handle))}}
			switch at.iface {
			case bluezbus.GattService:
				o.path = dev.path + dbus.ObjectPath(fmt.Sprintf("/service%04x", at.handle))
				o.props["Device"] = dbus.MakeVariant(dev.path)
				o.props["Primary"] = dbus.MakeVariant(true)
			case bluezbus.GattChar:
				o.path = paths[at.parent] + dbus.ObjectPath(fmt.Sprintf("/char%04x", at.handle))
				o.props["Service"] = dbus.MakeVariant(paths[at.parent])
				o.props["Flags"] = dbus.MakeVariant(at.flags)
			case bluezbus.GattDesc:
				o.path = paths[at.parent] + dbus.ObjectPath(fmt.Sprintf("/desc%04x", at.handle))
				o.props["Characteristic"] = dbus.MakeVariant(paths[at.parent])
			}
			paths[at.path] = o.path
			dev.remote = append(dev.remote, o)
			d.emit("/", bluezbus.ObjectManager+".InterfacesAdded", o.path, map[string]bluezbus.Props{at.iface: o.props})
		}
	}
	d.setDevice(dev, "ServicesResolved", true)
}

// removeRemote removes those objects. mu is held.
func (d *Daemon) removeRemote(dev *device) {
	for _, o := range dev.remote {
		d.emit("/", bluezbus.ObjectManager+".InterfacesRemoved", o.path, []string{o.iface})
	}
	dev.remote = nil
}

// attributeCall is an access to an attribute of a connected device. mu is held,
// but not while the device is asked.
func (d *Daemon) attributeCall(dev *device, o remote, m bluezbus.Message) {
	l := dev.link
	switch {
	case l == nil:
		d.fail(m, "Failed", "Not connected")
	case m.Interface == bluezbus.Properties:
		d.get(m, o.props)
	case m.Member == "ReadValue":
		d.later(func(context.Context) {
			var value []byte
			err := l.secured(func() (err error) { value, err = l.readAll(o.attr); return err })
			if err != nil {
				d.reply(m, bluezError(err))
				return
			}
			d.conn.Reply(m, value)
		})
	case m.Member == "WriteValue" && len(m.Body) == 2:
		value, _ := m.Body[0].([]byte)
		options, _ := m.Body[1].(bluezbus.Props)
		if typ := bluezbus.Get[string](options, "type"); typ != "" && typ != "request" {
			d.fail(m, "NotSupported", "Operation is not supported")
			return
		}
		d.later(func(context.Context) {
			if err := l.secured(func() error { return l.writeAll(o.attr, value) }); err != nil {
				d.reply(m, bluezError(err))
				return
			}
			d.conn.Reply(m)
		})
	default:
		d.conn.ReplyUnknown(m)
	}
}
