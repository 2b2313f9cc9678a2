// SPDX-License-Identifier: Apache-2.0

//go:build linux

package fakenm

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// handle carries out a call. mu is held.
func (d *Daemon) handle(m bluezbus.Message) {
	member := m.Member
	if m.Interface == bluezbus.Properties && member != "GetAll" {
		name, _ := m.Body[1].(string)
		member += " " + name
	}
	d.calls = append(d.calls, member)
	if d.silent[member] {
		return
	}
	if e := d.refusals[member]; e != nil {
		text, _ := e.Body[0].(string)
		d.conn.ReplyError(m, e.Name, text)
		return
	}
	if m.Interface == bluezbus.Properties {
		d.property(m)
		return
	}
	switch m.Interface {
	case Name:
		d.rootCall(m)
	case ifSettings:
		d.settingsCall(m)
	case ifProfile:
		if p := d.profileAt(m.Path); p != nil {
			d.profileCall(p, m)
			return
		}
		d.conn.ReplyUnknown(m)
	case ifDevice, ifWireless:
		if dev := d.deviceAt(m.Path); dev != nil {
			d.deviceCall(dev, m)
			return
		}
		d.conn.ReplyUnknown(m)
	default:
		d.conn.ReplyUnknown(m)
	}
}

func (d *Daemon) fail(m bluezbus.Message, name, text string) { d.conn.ReplyError(m, name, text) }

// rootCall is a call of the manager. mu is held.
func (d *Daemon) rootCall(m bluezbus.Message) {
	switch m.Member {
	case "GetDeviceByIpIface":
		for _, dev := range d.devices {
			if dev.name == m.Body[0] {
				d.conn.Reply(m, dev.path)
				return
			}
		}
		d.fail(m, Name+".UnknownDevice", "No device found for the requested iface.")
	case "ActivateConnection":
		p, dev := d.profileAt(m.Body[0].(dbus.ObjectPath)), d.deviceAt(m.Body[1].(dbus.ObjectPath))
		if p == nil || dev == nil {
			d.fail(m, Name+".UnknownConnection", "Connection could not be found.")
			return
		}
		d.conn.Reply(m, d.activate(dev, p, "").path)
	case "AddAndActivateConnection2":
		d.addAndActivate(m)
	case "DeactivateConnection":
		for _, a := range d.actives {
			if a.path == m.Body[0] {
				d.conn.Reply(m)
				d.deactivate(a, 39)
				return
			}
		}
		d.fail(m, Name+".ConnectionNotActive", "The connection was not active.")
	case "CheckpointCreate", "CheckpointDestroy", "CheckpointRollback", "CheckpointAdjustRollbackTimeout":
		d.checkpointCall(m)
	default:
		d.conn.ReplyUnknown(m)
	}
}

func (d *Daemon) addAndActivate(m bluezbus.Message) {
	s, _ := m.Body[0].(map[string]map[string]dbus.Variant)
	dev := d.deviceAt(m.Body[1].(dbus.ObjectPath))
	options, _ := m.Body[3].(map[string]dbus.Variant)
	if dev == nil || dev.state < 30 {
		d.fail(m, Name+".UnknownDevice", "Device not found")
		return
	}
	p := d.add(m, s, options["persist"].Value() == "disk")
	if p == nil {
		return
	}
	p.volatile = options["persist"].Value() == "volatile"
	client := ""
	if options["bind-activation"].Value() == "dbus-client" {
		client = m.Sender
	}
	a := d.activate(dev, p, client)
	d.conn.Reply(m, p.path, a.path, map[string]dbus.Variant{})
}

// deviceCall is a call of a device. mu is held.
func (d *Daemon) deviceCall(dev *device, m bluezbus.Message) {
	switch m.Member {
	case "RequestScan":
		d.requestScan(dev, m)
	case "GetAllAccessPoints":
		paths := []dbus.ObjectPath{}
		for _, n := range d.air {
			if n.path != "" {
				paths = append(paths, n.path)
			}
		}
		d.conn.Reply(m, paths)
	case "GetAppliedConnection":
		if dev.active == nil {
			d.fail(m, ifDevice+".NotActive", "Device is not activated")
			return
		}
		d.conn.Reply(m, dev.active.applied, uint64(1))
	default:
		d.conn.ReplyUnknown(m)
	}
}

// property is Get, GetAll or Set. mu is held.
func (d *Daemon) property(m bluezbus.Message) {
	iface, _ := m.Body[0].(string)
	props := d.props(m.Path, iface)
	if props == nil {
		d.conn.ReplyUnknown(m)
		return
	}
	if m.Member == "GetAll" {
		d.conn.Reply(m, props)
		return
	}
	name, _ := m.Body[1].(string)
	v, ok := props[name]
	switch {
	case !ok:
		d.fail(m, "org.freedesktop.DBus.Error.InvalidArgs", "No such property “"+name+"”")
	case m.Member == "Get":
		d.conn.Reply(m, v)
	default:
		d.setProperty(m, name, m.Body[2].(dbus.Variant).Value())
	}
}

func (d *Daemon) setProperty(m bluezbus.Message, name string, v any) {
	dev := d.deviceAt(m.Path)
	on, _ := v.(bool)
	d.conn.Reply(m)
	switch name {
	case "WirelessEnabled":
		d.switchRadios(on)
	case "Autoconnect":
		dev.autoconnect = on
		d.changed(dev.path, ifDevice, map[string]dbus.Variant{"Autoconnect": dbus.MakeVariant(on)})
		d.autoconnect(dev)
	case "Managed":
		if on && dev.state == 10 {
			d.later(d.cfg.Step, func() { d.setState(dev, 30, 2) })
		}
	}
}

// switchRadios switches all radios. mu is held.
func (d *Daemon) switchRadios(on bool) {
	d.wireless = on
	for _, dev := range d.devices {
		switch {
		case on && dev.state == 20 && !d.blocked:
			d.later(d.cfg.Step, func() { d.setState(dev, 30, 42); d.autoconnect(dev) })
		case !on:
			d.drop(dev, 37)
			d.setState(dev, 20, 37)
		}
	}
}

// props returns the properties of an object; nil: there is none. mu is held.
func (d *Daemon) props(path dbus.ObjectPath, iface string) map[string]dbus.Variant {
	all := map[string]any{}
	switch iface {
	case Name:
		checkpoints := []dbus.ObjectPath{}
		for _, c := range d.checkpoints {
			checkpoints = append(checkpoints, c.path)
		}
		all = map[string]any{"Version": d.cfg.Version, "WirelessEnabled": d.wireless, "Checkpoints": checkpoints}
	case ifDevice, ifWireless:
		dev := d.deviceAt(path)
		if dev == nil {
			return nil
		}
		current, ip, at := none, none, none
		if a := dev.active; a != nil {
			current = a.path
			if a.address != "" {
				ip = dev.path + "/ip"
			}
			if a.at != nil && a.at.path != "" {
				at = a.at.path
			}
		}
		if iface == ifDevice {
			all = map[string]any{"State": dev.state, "Autoconnect": dev.autoconnect, "Managed": dev.state > 10,
				"Interface": dev.name, "ActiveConnection": current, "Ip4Config": ip}
		} else {
			all = map[string]any{"LastScan": dev.lastScan, "ActiveAccessPoint": at}
		}
	case ifIP4:
		dev := d.deviceAt(dbus.ObjectPath(strings.TrimSuffix(string(path), "/ip")))
		if dev == nil || dev.active == nil || dev.active.address == "" {
			return nil
		}
		all = ip4(dev.active.address)
	case ifActive:
		for _, a := range d.actives {
			if a.path == path {
				all = map[string]any{"Connection": a.profile.path, "Uuid": a.profile.uuid(), "State": a.state, "Id": get[string](a.profile.s, "connection", "id")}
			}
		}
	case ifAccessPoint:
		for _, n := range d.air {
			if n.path == path {
				return n.props()
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	props := map[string]dbus.Variant{}
	for k, v := range all {
		props[k] = dbus.MakeVariant(v)
	}
	return props
}

func ip4(address string) map[string]any {
	return map[string]any{
		"AddressData":    []map[string]dbus.Variant{{"address": dbus.MakeVariant(address), "prefix": dbus.MakeVariant(uint32(24))}},
		"Gateway":        "192.168.1.1",
		"NameserverData": []map[string]dbus.Variant{{"address": dbus.MakeVariant("192.168.1.2")}},
	}
}

// changed emits PropertiesChanged. mu is held.
func (d *Daemon) changed(path dbus.ObjectPath, iface string, props map[string]dbus.Variant) {
	_ = d.conn.Emit(path, bluezbus.Properties+".PropertiesChanged", iface, props, []string{})
}

// later calls fn with mu held, unless the daemon has ended.
func (d *Daemon) later(after time.Duration, fn func()) {
	d.wg.Add(1)
	ended := d.ended
	go func() {
		defer d.wg.Done()
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-ended:
			return
		case <-timer.C:
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.ended == ended && !d.down {
			fn()
			d.state.Broadcast()
		}
	}()
}

// clone copies a profile.
func clone(s Settings) Settings {
	c := Settings{}
	for k, v := range s {
		c[k] = maps.Clone(v)
	}
	return c
}

func (d *Daemon) deviceAt(path dbus.ObjectPath) *device {
	if i := slices.IndexFunc(d.devices, func(x *device) bool { return x.path == path }); i >= 0 {
		return d.devices[i]
	}
	return nil
}

func (d *Daemon) profileAt(path dbus.ObjectPath) *profile {
	if i := slices.IndexFunc(d.profiles, func(x *profile) bool { return x.path == path }); i >= 0 {
		return d.profiles[i]
	}
	return nil
}

func (d *Daemon) byUUID(uuid string) *profile {
	if i := slices.IndexFunc(d.profiles, func(x *profile) bool { return x.uuid() == uuid }); i >= 0 {
		return d.profiles[i]
	}
	return nil
}
