// SPDX-License-Identifier: Apache-2.0

//go:build linux

package fakenm

import (
	"slices"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
)

// device is a network interface.
type device struct {
	path        dbus.ObjectPath
	name        string
	state       uint32
	autoconnect bool
	active      *active
	lastScan    int64
}

// active is an activation of a profile.
type active struct {
	path    dbus.ObjectPath
	dev     *device
	profile *profile
	applied Settings // of the profile when it was activated
	state   uint32
	client  string // its end is the end of this; empty: nobody's
	at      *network
	address string
	over    bool
	ended   chan struct{}
}

func (a *active) end() {
	if !a.over {
		a.over = true
		close(a.ended)
	}
}

// AddInterface brings a new interface, as iw does. NetworkManager does not manage it
// if managed is false.
func (d *Daemon) AddInterface(name string, managed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dev := d.addDevice(name)
	if !managed {
		dev.state = 10
	}
	_ = d.conn.Emit(root, Name+".DeviceAdded", dev.path)
	d.state.Broadcast()
}

func (d *Daemon) addDevice(name string) *device {
	dev := &device{path: d.newPath("Devices"), name: name, state: 30, autoconnect: true, lastScan: -1}
	if !d.wireless {
		dev.state = 20
	}
	d.devices = append(d.devices, dev)
	return dev
}

// setState changes a device's state. mu is held.
func (d *Daemon) setState(dev *device, state, why uint32) {
	old := dev.state
	if old == state {
		return
	}
	dev.state = state
	_ = d.conn.Emit(dev.path, ifDevice+".StateChanged", state, old, why)
	d.state.Broadcast()
}

// setActive changes an activation's state. mu is held.
func (d *Daemon) setActive(a *active, state, why uint32) {
	if a.state != state {
		a.state = state
		_ = d.conn.Emit(a.path, ifActive+".StateChanged", state, why)
	}
}

// drop ends what a device does, without a change of its state. mu is held.
func (d *Daemon) drop(dev *device, why uint32) {
	a := dev.active
	if a == nil {
		return
	}
	a.end()
	dev.active = nil
	delete(d.disk.up, dev.name)
	if why != 0 {
		d.setState(dev, 110, why)
		d.setActive(a, 3, 2)
		d.setState(dev, 30, why)
	}
	d.setActive(a, 4, 3)
	d.actives = slices.DeleteFunc(d.actives, func(x *active) bool { return x == a })
	if a.profile.volatile {
		d.delete(a.profile, why)
	}
}

// deactivate ends an activation. mu is held.
func (d *Daemon) deactivate(a *active, why uint32) {
	if a.over || a.dev.active != a {
		return
	}
	a.profile.failed = a.profile.failed || why == 39
	d.drop(a.dev, why)
	d.autoconnect(a.dev)
}

// activate activates a profile in place of what the device does. mu is held.
func (d *Daemon) activate(dev *device, p *profile, client string) *active {
	d.drop(dev, 60)
	p.failed = false
	a := &active{path: d.newPath("ActiveConnection"), dev: dev, profile: p, applied: clone(p.s), client: client, ended: make(chan struct{})}
	d.actives = append(d.actives, a)
	dev.active = a
	d.setState(dev, 40, 0)
	d.setActive(a, 1, 0)
	d.wg.Add(1)
	go d.run(a)
	return a
}

// assume gives a link to a daemon that was restarted. mu is held.
func (d *Daemon) assume(dev *device, p *profile) {
	a := &active{path: d.newPath("ActiveConnection"), dev: dev, profile: p, applied: clone(p.s), state: 2, ended: make(chan struct{})}
	if a.at = d.match(p.s); a.at != nil {
		a.address = a.at.Address
	}
	d.actives = append(d.actives, a)
	dev.active, dev.state = a, 100
}

// wait waits without mu, and reports whether the activation goes on. mu is held.
func (d *Daemon) wait(a *active, t time.Duration) bool {
	d.state.Broadcast()
	d.mu.Unlock()
	timer := time.NewTimer(t)
	select {
	case <-a.ended:
	case <-timer.C:
	}
	timer.Stop()
	d.mu.Lock()
	return !a.over
}

// run is an activation up to its success or failure.
func (d *Daemon) run(a *active) {
	defer d.wg.Done()
	d.mu.Lock()
	defer d.mu.Unlock()
	dev, s := a.dev, a.profile.s
	early := []uint32{50}
	if s["802-11-wireless-security"] != nil {
		early = []uint32{50, 60, 40, 50}
	}
	for _, state := range early {
		if !d.wait(a, d.cfg.Step) {
			return
		}
		d.setState(dev, state, 0)
	}
	if !d.wait(a, d.cfg.Step) {
		return
	}
	if get[string](s, "802-11-wireless", "mode") != "ap" {
		if a.at = d.match(s); !d.associate(a) {
			return
		}
		d.setState(dev, 70, 0)
		if a.at.NoDHCP {
			if d.wait(a, d.cfg.Timeout) {
				d.fails(a, 5)
			}
			return
		}
		a.address = a.at.Address
	} else {
		d.setState(dev, 70, 0)
		a.address = "192.168.4.1"
	}
	if !d.wait(a, d.cfg.Step) {
		return
	}
	d.changed(dev.path, ifDevice, map[string]dbus.Variant{"Ip4Config": dbus.MakeVariant(dev.path + "/ip")})
	d.setState(dev, 80, 0)
	d.setState(dev, 90, 0)
	d.setState(dev, 100, 0)
	d.setActive(a, 2, 0)
	d.disk.up[dev.name] = a.profile.uuid()
}

// associate joins the network of an activation, and reports whether that succeeded. mu is
// held.
func (d *Daemon) associate(a *active) bool {
	switch n := a.at; {
	case n == nil:
		if d.wait(a, d.cfg.Timeout) {
			d.fails(a, 53)
		}
	case n.Deaf:
		if d.wait(a, d.cfg.Timeout) {
			d.fails(a, 11)
		}
	case n.opens(a.profile.s):
		if n.named = true; n.path == "" {
			n.path, n.seen = d.newPath("AccessPoint"), int32(sinceBoot()/time.Second)
		}
		return true
	case n.Auth == hal.AuthWPA3PSK, n.Auth == hal.AuthWPA2WPA3PSK:
		if d.wait(a, d.cfg.Timeout) {
			// It was not even associated, so NetworkManager has found nothing.
			if !n.Agent {
				d.fails(a, 53)
				return false
			}
			d.setState(a.dev, 60, 0)
		}
	default:
		d.setState(a.dev, 60, 8)
		if d.wait(a, d.cfg.Step) {
			d.fails(a, 7)
		}
	}
	return false
}

// fails ends an activation as a failure. mu is held.
func (d *Daemon) fails(a *active, why uint32) {
	a.profile.failed = true
	d.setState(a.dev, 120, why)
	d.drop(a.dev, 0)
	dev := a.dev
	d.later(d.cfg.Step, func() {
		if dev.state == 120 {
			d.setState(dev, 30, 0)
			d.autoconnect(dev)
		}
	})
}

// autoconnect joins the profile of the highest priority whose network is there, if the
// device may. mu is held.
func (d *Daemon) autoconnect(dev *device) {
	if !dev.autoconnect || dev.state != 30 || dev.active != nil {
		return
	}
	var best *profile
	priority := func(p *profile) int32 { return get[int32](p.s, "connection", "autoconnect-priority") }
	for _, p := range d.profiles {
		name := get[string](p.s, "connection", "interface-name")
		auto, set := p.s["connection"]["autoconnect"].Value().(bool)
		if (name == "" || name == dev.name) && (auto || !set) && d.match(p.s) != nil && !p.failed &&
			(best == nil || priority(p) > priority(best)) {
			best = p
		}
	}
	if best != nil {
		d.activate(dev, best, "")
	}
}

// Lose breaks the link of an interface for a reason of NetworkManager.
func (d *Daemon) Lose(name string, why uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, dev := range d.devices {
		if a := dev.active; dev.name == name && a != nil {
			d.fails(a, why)
		}
	}
}

// SetWireless switches all radios.
func (d *Daemon) SetWireless(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.switchRadios(on)
}

// Block blocks all radios for ever, as rfkill can.
func (d *Daemon) Block() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.switchRadios(false)
	d.blocked = true
}

// Address gives the link of an interface another address.
func (d *Daemon) Address(name, address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, dev := range d.devices {
		if dev.name == name && dev.active != nil {
			dev.active.address = address
			d.changed(dev.path+"/ip", ifIP4, map[string]dbus.Variant{})
		}
	}
}

// Activate has somebody else activate a profile, by its name, on an interface.
func (d *Daemon) Activate(name, id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, dev := range d.devices {
		for _, p := range d.profiles {
			if dev.name == name && get[string](p.s, "connection", "id") == id {
				d.activate(dev, p, "")
				return
			}
		}
	}
	d.tb.Errorf("fakenm: no interface %s or profile %s", name, id)
}

// Remove has somebody else delete a profile, by its name.
func (d *Daemon) Remove(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range slices.Clone(d.profiles) {
		if get[string](p.s, "connection", "id") == id {
			d.delete(p, 38)
		}
	}
}

// AddProfile adds a profile of somebody else to the disk, which NetworkManager joins.
func (d *Daemon) AddProfile(id string, ssid hal.SSID, passphrase hal.Secret) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := Settings{
		"connection":      {"id": dbus.MakeVariant(id), "type": dbus.MakeVariant("802-11-wireless"), "uuid": dbus.MakeVariant("uuid-of-" + id)},
		"802-11-wireless": {"ssid": dbus.MakeVariant([]byte(ssid))},
	}
	if passphrase != "" {
		s["802-11-wireless-security"] = map[string]dbus.Variant{"key-mgmt": dbus.MakeVariant("wpa-psk"), "psk": dbus.MakeVariant(string(passphrase))}
	}
	p := &profile{path: d.newPath("Settings"), s: s}
	d.profiles = append(d.profiles, p)
	d.write(p, true)
	for _, dev := range d.devices {
		d.autoconnect(dev)
	}
}
