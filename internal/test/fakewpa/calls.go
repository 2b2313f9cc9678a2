// SPDX-License-Identifier: Apache-2.0

package fakewpa

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

func (d *Daemon) receive(m bluezbus.Message) {
	if !m.Call {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = append(d.queue, m)
	d.state.Broadcast()
}

// run answers the calls, one after the other.
func (d *Daemon) run(life int) {
	defer d.wg.Done()
	for {
		d.mu.Lock()
		for len(d.queue) == 0 && d.life == life {
			d.state.Wait()
		}
		if d.life != life {
			d.mu.Unlock()
			return
		}
		m := d.queue[0]
		d.queue = d.queue[1:]
		call := m.Member
		if m.Interface == bluezbus.Properties && len(m.Body) > 1 && call != "GetAll" {
			call += fmt.Sprint(" ", m.Body[1])
		}
		d.calls = append(d.calls, call)
		hook := d.hook
		d.mu.Unlock()
		var err error
		if hook != nil {
			err = hook(call)
		}
		d.mu.Lock()
		if d.life == life {
			d.answer(m, err)
		}
		d.mu.Unlock()
	}
}

// Refusal returns the error of a hook that refuses a call.
func Refusal(name, text string) error { return &dbus.Error{Name: name, Body: []any{text}} }

var (
	errArgs    = Refusal("org.freedesktop.DBus.Error.InvalidArgs", "invalid message format")
	errIface   = Refusal(Name+".InterfaceUnknown", "wpa_supplicant knows nothing about this interface.")
	errExists  = Refusal(Name+".InterfaceExists", "wpa_supplicant already controls this interface.")
	errGrab    = Refusal(Name+".UnknownError", "wpa_supplicant couldn't grab this interface.")
	errNetwork = Refusal(Name+".NetworkUnknown", "There is no such a network in this interface.")
	errScan    = Refusal(ifaceName+".ScanError", "Scan request rejected")
	errAbort   = Refusal(ifaceName+".ScanError", "Abort failed or no scan in progress")
	errIdle    = Refusal(Name+".NotConnected", "This interface is not connected")
	errObject  = Refusal("org.freedesktop.DBus.Error.UnknownObject", "No such object path")
	errMethod  = Refusal("org.freedesktop.DBus.Error.UnknownMethod", "No such method")
)

// answer carries a call out. Its answer comes before the changes of properties.
func (d *Daemon) answer(m bluezbus.Message, err error) {
	var body []any
	if err == nil {
		body, err = d.handle(m)
	}
	var refused *dbus.Error
	switch {
	case errors.As(err, &refused):
		text, _ := refused.Body[0].(string)
		d.conn.ReplyError(m, refused.Name, text)
	default:
		d.conn.Reply(m, body...)
	}
	for _, i := range d.ifaces {
		i.flushNow()
	}
	d.state.Broadcast()
}

func (d *Daemon) handle(m bluezbus.Message) ([]any, error) {
	i, n, b := d.at(m.Path)
	switch {
	case m.Interface == bluezbus.Properties && len(m.Body) > 0:
		of, _ := m.Body[0].(string)
		var all bluezbus.Props
		switch {
		case m.Path == root && of == Name:
			paths := []dbus.ObjectPath{}
			for _, i := range d.ifaces {
				paths = append(paths, i.path)
			}
			all = bluezbus.Props{"Interfaces": dbus.MakeVariant(paths)}
		case n != nil && of == netName:
			all = n.all()
		case b != nil && of == bssName:
			all = b.props(d)
		case i != nil && n == nil && b == nil && of == ifaceName:
			all = i.all()
		default:
			return nil, errObject
		}
		return d.property(m, all, i, n)
	case m.Path == root && m.Interface == Name:
		return d.rootCall(m)
	case i != nil && n == nil && b == nil && m.Interface == ifaceName:
		return nil2(i.call(m))
	}
	return nil, errObject
}

// nil2 is an answer without or with one value.
func nil2(v any, err error) ([]any, error) {
	if v == nil || err != nil {
		return nil, err
	}
	return []any{v}, nil
}

// property is Get, GetAll or Set.
func (d *Daemon) property(m bluezbus.Message, all bluezbus.Props, i *iface, n *network) ([]any, error) {
	if m.Member == "GetAll" {
		return []any{all}, nil
	}
	name, _ := m.Body[1].(string)
	if _, is := all[name]; !is {
		return nil, Refusal("org.freedesktop.DBus.Error.InvalidArgs", "No such property")
	}
	if m.Member == "Get" {
		return []any{all[name]}, nil
	}
	v, _ := m.Body[2].(dbus.Variant)
	switch {
	case n != nil && name == "Enabled":
		on, ok := v.Value().(bool)
		if !ok {
			return nil, errArgs
		}
		if !on && i.current == n {
			i.deauth()
			i.searchSoon(d.cfg.Times.Step)
		}
		n.enable(on)
		if on && i.current == nil && !i.disconnected {
			i.searchSoon(0)
		}
	case n != nil && name == "Properties":
		p, _ := v.Value().(bluezbus.Props)
		config, ok := d.parse(p)
		if !ok {
			return nil, errArgs
		}
		for key, value := range config {
			n.config[key] = value
		}
	case name == "MaxNumSta":
		i.props[name] = v
	default:
		return nil, Refusal("org.freedesktop.DBus.Error.InvalidArgs", "Property is read-only")
	}
	return nil, nil
}

// all are an interface's properties.
func (i *iface) all() bluezbus.Props {
	p := bluezbus.Props{}
	for key, v := range i.props {
		p[key] = v
	}
	nets, bsses := []dbus.ObjectPath{}, []dbus.ObjectPath{}
	network, at, mode := dbus.ObjectPath("/"), dbus.ObjectPath("/"), "INACTIVE"
	for _, n := range i.networks {
		nets = append(nets, n.path)
		if n == i.current {
			network = n.path
		}
	}
	for _, b := range i.bsses {
		bsses = append(bsses, b.path)
		if b.ap == i.ap {
			at = b.path
		}
	}
	if i.state == "completed" {
		mode = "WPA2-PSK"
	}
	mgmt := []string{"none", "ieee8021x", "wpa-eap", "wpa-psk", "wps"}
	if !i.d.cfg.NoSAE {
		mgmt = append(mgmt, "sae", "owe")
	}
	p["State"], p["Scanning"] = dbus.MakeVariant(i.state), dbus.MakeVariant(i.scanning)
	p["Networks"], p["BSSs"] = dbus.MakeVariant(nets), dbus.MakeVariant(bsses)
	p["CurrentNetwork"], p["CurrentBSS"], p["CurrentAuthMode"] = dbus.MakeVariant(network), dbus.MakeVariant(at), dbus.MakeVariant(mode)
	p["Capabilities"] = dbus.MakeVariant(bluezbus.Props{
		"KeyMgmt": dbus.MakeVariant(mgmt), "Scan": dbus.MakeVariant([]string{"active", "passive", "ssid"}),
		"Modes": dbus.MakeVariant([]string{"infrastructure", "ap"}), "MaxScanSSID": dbus.MakeVariant(int32(4)),
	})
	return p
}

func (d *Daemon) rootCall(m bluezbus.Message) ([]any, error) {
	switch m.Member {
	case "GetInterface":
		name, _ := m.Body[0].(string)
		if i := d.iface(name); i != nil {
			return []any{i.path}, nil
		}
		return nil, errIface
	case "CreateInterface":
		args, _ := m.Body[0].(bluezbus.Props)
		name := bluezbus.Get[string](args, "Ifname")
		switch {
		case name == "":
			return nil, errArgs
		case d.iface(name) != nil:
			return nil, errExists
		case !slices.Contains(d.cfg.Interfaces, name):
			return nil, errGrab
		}
		return []any{d.addIface(name).path}, nil
	case "RemoveInterface":
		path, _ := m.Body[0].(dbus.ObjectPath)
		i, n, b := d.at(path)
		if i == nil || n != nil || b != nil {
			return nil, errIface
		}
		d.removeIface(i)
		return nil, nil
	}
	return nil, errMethod
}

// call is a method of an interface. It returns a value or nil.
func (i *iface) call(m bluezbus.Message) (any, error) {
	var n *network
	if len(m.Body) == 1 {
		if path, is := m.Body[0].(dbus.ObjectPath); is {
			if !strings.HasPrefix(string(path), string(i.path)+"/Networks/") {
				return nil, errArgs
			}
			if _, n, _ = i.d.at(path); n == nil {
				return nil, errNetwork
			}
		}
	}
	switch m.Member {
	case "AddNetwork":
		p, _ := m.Body[0].(bluezbus.Props)
		config, ok := i.d.parse(p)
		if !ok {
			return nil, errArgs
		}
		return i.addNetwork(config).path, nil
	case "SelectNetwork":
		i.selectNetwork(n)
	case "RemoveNetwork":
		i.remove(n)
	case "Disconnect":
		if i.current == nil {
			return nil, errIdle
		}
		i.disconnected = true
		i.deauth()
	case "Reassociate":
		i.disconnected = false
		if !i.busy() && !i.associate() {
			i.searchSoon(0)
		}
	case "Scan":
		p, _ := m.Body[0].(bluezbus.Props)
		return nil, i.scanCall(p)
	case "AbortScan":
		if !i.abort() {
			return nil, errAbort
		}
	case "FlushBSS":
		i.bsses = nil
	default:
		return nil, errMethod
	}
	return nil, nil
}

func (i *iface) scanCall(p bluezbus.Props) error {
	r := request{active: bluezbus.Get[string](p, "Type") == "active"}
	if !r.active && bluezbus.Get[string](p, "Type") != "passive" {
		return Refusal("org.freedesktop.DBus.Error.InvalidArgs", "Wrong scan type")
	}
	for _, ssid := range bluezbus.Get[[][]byte](p, "SSIDs") {
		r.ssids = append(r.ssids, hal.SSID(ssid))
	}
	for _, c := range bluezbus.Get[[][]any](p, "Channels") {
		mhz, _ := c[0].(uint32)
		r.channels = append(r.channels, int(mhz))
	}
	switch {
	case len(r.ssids) > 0 && !r.active:
		return Refusal("org.freedesktop.DBus.Error.InvalidArgs", "You can specify only Channels in passive scan")
	case !r.active && len(r.channels) == 0:
		// wpa_supplicant makes an active scan of its own of it.
		r.active = true
	}
	if i.state == "interface_disabled" || !i.scan(r) {
		return errScan
	}
	return nil
}
