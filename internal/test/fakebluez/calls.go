// SPDX-License-Identifier: Apache-2.0

package fakebluez

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

func (d *Daemon) receive(m bluezbus.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = append(d.queue, m)
	d.state.Broadcast()
}

// run handles messages in the order of their arrival. A call that has to wait for
// somebody goes on in a goroutine of its own.
func (d *Daemon) run() {
	defer d.wg.Done()
	for {
		d.mu.Lock()
		for len(d.queue) == 0 && !d.down {
			d.state.Wait()
		}
		if d.down {
			d.mu.Unlock()
			return
		}
		m := d.queue[0]
		d.queue = d.queue[1:]
		d.mu.Unlock()
		switch {
		case m.Call:
			d.call(m)
		case m.Member == "NameOwnerChanged" && len(m.Body) == 3:
			name, _ := m.Body[0].(string)
			if m.Body[2] == "" {
				d.left(name)
			} else if strings.HasPrefix(name, ":") {
				d.mu.Lock()
				d.peers[name] = true
				d.state.Broadcast()
				d.mu.Unlock()
			}
		}
	}
}

// later runs fn in a goroutine that Kill waits for.
func (d *Daemon) later(fn func(ctx context.Context)) {
	d.wg.Add(1)
	go func() {
		defer d.wg.Done()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		fn(ctx)
	}()
}

// left forgets the registrations of a client that left the bus.
func (d *Daemon) left(owner string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.adapters {
		a.apps = slices.DeleteFunc(a.apps, func(x *app) bool { return x.owner == owner })
		a.ads = slices.DeleteFunc(a.ads, func(x *ad) bool { return x.owner == owner })
		delete(a.filters, owner)
		d.stopScan(a, owner)
	}
	if d.agent != nil && d.agent.owner == owner {
		d.agent = nil
	}
	d.agents = slices.DeleteFunc(d.agents, func(a registration) bool { return a.owner == owner })
	delete(d.peers, owner)
	d.state.Broadcast()
}

// fail answers a call with an error of BlueZ's.
func (d *Daemon) fail(m bluezbus.Message, name, text string) {
	d.conn.ReplyError(m, bluezbus.Name+".Error."+name, text)
}

// reply answers a call: with nothing, or the error.
func (d *Daemon) reply(m bluezbus.Message, err error, body ...any) {
	var e *dbus.Error
	switch {
	case err == nil:
		d.conn.Reply(m, body...)
	case errors.Is(err, ErrSilence):
	case errors.As(err, &e):
		text := ""
		if len(e.Body) > 0 {
			text, _ = e.Body[0].(string)
		}
		d.conn.ReplyError(m, e.Name, text)
	default:
		d.fail(m, "Failed", err.Error())
	}
}

// failure is an error of BlueZ's.
func failure(name, text string) error {
	return dbus.NewError(bluezbus.Name+".Error."+name, []any{text})
}

// call takes a method call.
func (d *Daemon) call(m bluezbus.Message) {
	name := m.Member
	if name == "Set" && len(m.Body) == 3 {
		name += " " + m.Body[1].(string)
	}
	if err := d.hooked(name); err != nil {
		d.reply(m, err)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if m.Interface == bluezbus.ObjectManager && m.Path == "/" {
		d.conn.Reply(m, d.objects())
		return
	}
	if m.Interface == bluezbus.AgentManager && m.Path == bluezbus.Root {
		d.agentCall(m)
		return
	}
	if m.Member == "Introspect" && strings.HasPrefix(string(m.Path), string(bluezbus.Root)+"/") {
		d.conn.Reply(m, signatures)
		return
	}
	for _, a := range d.adapters {
		if a.path == m.Path {
			d.adapterCall(a, m)
			return
		}
		for _, dev := range a.devices {
			if m.Path == dev.path || strings.HasPrefix(string(m.Path), string(dev.path)+"/") {
				d.deviceCall(dev, m)
				return
			}
		}
	}
	d.conn.ReplyError(m, "org.freedesktop.DBus.Error.UnknownObject", "Method \""+m.Member+"\" with signature \"\" on interface \""+m.Interface+"\" doesn't exist\n")
}

// signatures are those of the calls that clients cannot make without knowing
// them: dbus-python asks before it sends an empty dictionary or a variant.
const signatures = `<node>
<interface name="org.freedesktop.DBus.Properties">
<method name="Set"><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="v" direction="in"/></method>
</interface>
<interface name="org.bluez.GattCharacteristic1">
<method name="ReadValue"><arg type="a{sv}" direction="in"/><arg type="ay" direction="out"/></method>
<method name="WriteValue"><arg type="ay" direction="in"/><arg type="a{sv}" direction="in"/></method>
</interface>
<interface name="org.bluez.GattDescriptor1">
<method name="ReadValue"><arg type="a{sv}" direction="in"/><arg type="ay" direction="out"/></method>
<method name="WriteValue"><arg type="ay" direction="in"/><arg type="a{sv}" direction="in"/></method>
</interface>
</node>`

// objects returns what GetManagedObjects does. mu is held.
func (d *Daemon) objects() bluezbus.Objects {
	all := bluezbus.Objects{bluezbus.Root: {bluezbus.AgentManager: {}}}
	for _, a := range d.adapters {
		all[a.path] = map[string]bluezbus.Props{bluezbus.Adapter: a.props}
		if !a.Classic {
			all[a.path][bluezbus.GattManager] = bluezbus.Props{}
			all[a.path][bluezbus.AdvManager] = bluezbus.Props{}
		}
		for _, dev := range a.devices {
			all[dev.path] = map[string]bluezbus.Props{bluezbus.Device: dev.props}
			for _, o := range dev.remote {
				all[o.path] = map[string]bluezbus.Props{o.iface: o.props}
			}
		}
	}
	return all
}

// agentCall is a call of AgentManager1. mu is held.
func (d *Daemon) agentCall(m bluezbus.Message) {
	path, _ := m.Body[0].(dbus.ObjectPath)
	switch m.Member {
	case "RegisterAgent":
		d.agents = append(d.agents, registration{m.Sender, path})
		d.conn.Reply(m)
		d.state.Broadcast()
	case "RequestDefaultAgent":
		d.agent = &registration{m.Sender, path}
		d.conn.Reply(m)
		d.state.Broadcast()
	default:
		d.conn.ReplyUnknown(m)
	}
}

// adapterCall is a call of an adapter's interfaces. mu is held.
func (d *Daemon) adapterCall(a *adapter, m bluezbus.Message) {
	path, _ := dbus.ObjectPath(""), 0
	if len(m.Body) > 0 {
		path, _ = m.Body[0].(dbus.ObjectPath)
	}
	switch m.Member {
	case "RegisterApplication":
		d.register(a, m, path)
	case "UnregisterApplication":
		n := len(a.apps)
		a.apps = slices.DeleteFunc(a.apps, func(x *app) bool { return x.owner == m.Sender && x.path == path })
		d.done(m, n != len(a.apps))
	case "RegisterAdvertisement":
		d.advertise(a, m, path)
	case "UnregisterAdvertisement":
		n := len(a.ads)
		a.ads = slices.DeleteFunc(a.ads, func(x *ad) bool { return x.owner == m.Sender && x.path == path })
		d.done(m, n != len(a.ads))
	case "SetDiscoveryFilter":
		a.filters[m.Sender], _ = m.Body[0].(bluezbus.Props)
		d.conn.Reply(m)
	case "StartDiscovery":
		d.startScan(a, m)
	case "StopDiscovery":
		if !d.stopScan(a, m.Sender) {
			d.fail(m, "Failed", "No discovery started")
			return
		}
		d.conn.Reply(m)
	case "RemoveDevice":
		for _, dev := range a.devices {
			if dev.path == path {
				d.removeDevice(dev)
				d.conn.Reply(m)
				return
			}
		}
		d.fail(m, "DoesNotExist", "Does Not Exist")
	case "Set":
		d.set(a, m)
	case "Get", "GetAll":
		d.get(m, a.props)
	default:
		d.conn.ReplyUnknown(m)
	}
}

// done answers the end of a registration. mu is held.
func (d *Daemon) done(m bluezbus.Message, found bool) {
	d.state.Broadcast()
	if !found {
		d.fail(m, "DoesNotExist", "Does Not Exist")
		return
	}
	d.conn.Reply(m)
}

// set sets a property of an adapter. mu is held.
func (d *Daemon) set(a *adapter, m bluezbus.Message) {
	name, value := m.Body[1].(string), m.Body[2]
	if v, is := value.(dbus.Variant); is {
		value = v.Value()
	}
	switch {
	case name == "Powered" && a.Blocked && value == true:
		d.fail(m, "Blocked", "Blocked through rfkill")
		return
	case name == "Alias":
		a.alias, _ = value.(string)
		if a.alias == "" {
			value = a.props["Name"].Value()
		}
	}
	d.setProp(a, name, value)
	d.conn.Reply(m)
}

// get returns a property, or all. mu is held.
func (d *Daemon) get(m bluezbus.Message, props bluezbus.Props) {
	if m.Member == "GetAll" {
		d.conn.Reply(m, props)
		return
	}
	name, _ := m.Body[1].(string)
	if v, ok := props[name]; ok {
		d.conn.Reply(m, v)
		return
	}
	d.conn.ReplyError(m, "org.freedesktop.DBus.Error.InvalidArgs", "No such property '"+name+"'")
}
