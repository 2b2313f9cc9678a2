// SPDX-License-Identifier: Apache-2.0

//go:build linux

package fakenm

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// checkpoint is what one device did.
type checkpoint struct {
	path   dbus.ObjectPath
	dev    *device
	former Settings // nil: it was not connected
	stale  bool     // the profile had changed since it was activated
	disk   bool
	timer  *time.Timer
}

// checkpointCall is a call about checkpoints. mu is held.
func (d *Daemon) checkpointCall(m bluezbus.Message) {
	if m.Member == "CheckpointCreate" {
		d.createCheckpoint(m)
		return
	}
	at := slices.IndexFunc(d.checkpoints, func(c *checkpoint) bool { return c.path == m.Body[0] })
	if at < 0 {
		d.fail(m, Name+".InvalidArguments", fmt.Sprintf("checkpoint %v does not exist", m.Body[0]))
		return
	}
	c := d.checkpoints[at]
	switch m.Member {
	case "CheckpointDestroy":
		d.dropCheckpoint(c)
		d.conn.Reply(m)
	case "CheckpointAdjustRollbackTimeout":
		seconds, _ := m.Body[1].(uint32)
		c.timer.Reset(time.Duration(seconds) * time.Second)
		d.conn.Reply(m)
	default:
		d.conn.Reply(m, map[dbus.ObjectPath]uint32{c.dev.path: 0})
		d.rollback(c)
	}
}

func (d *Daemon) createCheckpoint(m bluezbus.Message) {
	devices, _ := m.Body[0].([]dbus.ObjectPath)
	seconds, _ := m.Body[1].(uint32)
	flags, _ := m.Body[2].(uint32)
	dev := d.deviceAt(devices[0])
	for _, c := range d.checkpoints {
		if c.dev == dev && flags&8 == 0 {
			d.fail(m, Name+".InvalidArguments", fmt.Sprintf("device '%s' is already included in checkpoint %s", dev.name, c.path))
			return
		}
	}
	c := &checkpoint{path: d.newPath("Checkpoint"), dev: dev}
	if a := dev.active; a != nil {
		c.former = clone(a.profile.s)
		c.stale = !reflect.DeepEqual(c.former, a.applied)
		_, c.disk = d.disk.files[a.profile.uuid()]
	}
	ended := d.ended
	c.timer = time.AfterFunc(time.Duration(seconds)*time.Second, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.ended == ended && !d.down && slices.Contains(d.checkpoints, c) {
			d.rollback(c)
		}
	})
	d.checkpoints = append(d.checkpoints, c)
	d.conn.Reply(m, c.path)
}

func (d *Daemon) dropCheckpoint(c *checkpoint) {
	c.timer.Stop()
	d.checkpoints = slices.DeleteFunc(d.checkpoints, func(x *checkpoint) bool { return x == c })
	d.state.Broadcast()
}

// rollback has a device do again what it did. mu is held.
func (d *Daemon) rollback(c *checkpoint) {
	d.dropCheckpoint(c)
	if c.former == nil {
		if a := c.dev.active; a != nil {
			d.deactivate(a, 60)
		}
		return
	}
	p := d.byUUID(get[string](c.former, "connection", "uuid"))
	if p == nil {
		p = &profile{path: d.newPath("Settings")}
		d.profiles = append(d.profiles, p)
	}
	p.s = clone(c.former)
	d.write(p, c.disk)
	if c.dev.active != nil && c.dev.active.profile == p {
		return
	}
	d.activate(c.dev, p, "")
	if c.stale { // "no secrets: The connection was modified since activation"
		d.drop(c.dev, 7)
	}
}

// View is the state of a Daemon, for a test.
type View struct{ d *Daemon }

// Up is the name of the profile that an interface is connected with; empty: none.
func (v View) Up(name string) string {
	for _, dev := range v.d.devices {
		if dev.name == name && dev.active != nil && dev.state == 100 {
			return get[string](dev.active.profile.s, "connection", "id")
		}
	}
	return ""
}

// State is an interface's state; 0: it is not there.
func (v View) State(name string) uint32 {
	for _, dev := range v.d.devices {
		if dev.name == name {
			return dev.state
		}
	}
	return 0
}

// Autoconnect reports whether an interface may join by itself.
func (v View) Autoconnect(name string) bool {
	for _, dev := range v.d.devices {
		if dev.name == name {
			return dev.autoconnect
		}
	}
	return false
}

// Wireless reports whether the radio is on.
func (v View) Wireless() bool { return v.d.wireless }

// Calls is how many calls of a member there were; those of properties are like "Get State".
func (v View) Calls(member string) int {
	n := 0
	for _, c := range v.d.calls {
		if c == member {
			n++
		}
	}
	return n
}

// Checkpoints is how many there are.
func (v View) Checkpoints() int { return len(v.d.checkpoints) }

// Profiles are the names of all profiles; those on disk have a star.
func (v View) Profiles() []string {
	var names []string
	for _, p := range v.d.profiles {
		name := get[string](p.s, "connection", "id")
		if _, disk := v.d.disk.files[p.uuid()]; disk {
			name += "*"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Profile returns the settings of a profile by its name; nil: there is none.
func (v View) Profile(id string) Settings {
	for _, p := range v.d.profiles {
		if get[string](p.s, "connection", "id") == id {
			return clone(p.s)
		}
	}
	return nil
}

// String describes the state.
func (v View) String() string {
	var b strings.Builder
	for _, dev := range v.d.devices {
		fmt.Fprintf(&b, "%s: state %d, up %q, autoconnect %v; ", dev.name, dev.state, v.Up(dev.name), dev.autoconnect)
	}
	fmt.Fprintf(&b, "profiles %v, %d checkpoints, last calls %v", v.Profiles(), len(v.d.checkpoints), v.d.calls[max(0, len(v.d.calls)-20):])
	return b.String()
}
