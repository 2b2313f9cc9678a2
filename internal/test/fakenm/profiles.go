// SPDX-License-Identifier: Apache-2.0

//go:build linux

package fakenm

import (
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// profile is a profile that the daemon has. Whether it is in a file is the disk's to say.
type profile struct {
	path     dbus.ObjectPath
	s        Settings
	volatile bool // deleted when its activation ends
	failed   bool // for want of secrets or of its network; it does not join by itself
}

func (p *profile) uuid() string { return get[string](p.s, "connection", "uuid") }

// Flags of AddConnection2 and Update2.
const (
	toDisk       = 1
	inMemoryOnly = 8
)

// settingsCall is a call of Settings. mu is held.
func (d *Daemon) settingsCall(m bluezbus.Message) {
	switch m.Member {
	case "ListConnections":
		paths := []dbus.ObjectPath{}
		for _, p := range d.profiles {
			paths = append(paths, p.path)
		}
		d.conn.Reply(m, paths)
	case "GetConnectionByUuid":
		uuid, _ := m.Body[0].(string)
		if p := d.byUUID(uuid); p != nil {
			d.conn.Reply(m, p.path)
			return
		}
		d.fail(m, ifSettings+".InvalidConnection", "No connection with the UUID was found.")
	case "AddConnection2":
		s, _ := m.Body[0].(map[string]map[string]dbus.Variant)
		flags, _ := m.Body[1].(uint32)
		if p := d.add(m, s, flags&toDisk != 0); p != nil {
			d.conn.Reply(m, p.path, map[string]dbus.Variant{})
			for _, dev := range d.devices {
				d.autoconnect(dev)
			}
		}
	default:
		d.conn.ReplyUnknown(m)
	}
}

// add adds a profile; nil: the call has failed. mu is held.
func (d *Daemon) add(m bluezbus.Message, s Settings, disk bool) *profile {
	if why := verify(s); why != "" {
		d.fail(m, ifProfile+".InvalidProperty", why)
		return nil
	}
	s = clone(s)
	if get[string](s, "connection", "uuid") == "" {
		b := make([]byte, 16)
		_, _ = rand.Read(b)
		s["connection"]["uuid"] = dbus.MakeVariant(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
	}
	p := &profile{path: d.newPath("Settings"), s: s}
	d.profiles = append(d.profiles, p)
	d.write(p, disk)
	return p
}

// verify says what is wrong with a profile.
func verify(s Settings) string {
	ssid := get[[]byte](s, "802-11-wireless", "ssid")
	psk := get[string](s, "802-11-wireless-security", "psk")
	switch {
	case get[string](s, "connection", "id") == "", get[string](s, "connection", "type") != "802-11-wireless":
		return "connection.type: property is missing"
	case len(ssid) < 1 || len(ssid) > hal.MaxSSID:
		return "802-11-wireless.ssid: property is invalid"
	case psk != "" && get[string](s, "802-11-wireless-security", "key-mgmt") == "wpa-psk" && (len(psk) < 8 || !hal.ValidPassphrase(hal.Secret(psk))):
		return "802-11-wireless-security.psk: property is invalid"
	}
	return ""
}

// write keeps a profile in a file or in memory. mu is held.
func (d *Daemon) write(p *profile, disk bool) {
	if disk {
		d.disk.files[p.uuid()] = clone(p.s)
		delete(d.disk.run, p.uuid())
	} else {
		d.disk.run[p.uuid()] = clone(p.s)
	}
}

var secrets = []string{"psk", "leap-password"}

// profileCall is a call of a profile. mu is held.
func (d *Daemon) profileCall(p *profile, m bluezbus.Message) {
	switch m.Member {
	case "GetSettings":
		s := clone(p.s)
		for _, name := range secrets {
			delete(s["802-11-wireless-security"], name)
		}
		d.conn.Reply(m, s)
	case "GetSecrets":
		setting, _ := m.Body[0].(string)
		if p.s[setting] == nil {
			d.fail(m, ifProfile+".SettingNotFound", "Connection didn't have requested setting")
			return
		}
		found := map[string]dbus.Variant{}
		for _, name := range secrets {
			if v, ok := p.s[setting][name]; ok {
				found[name] = v
			}
		}
		d.conn.Reply(m, Settings{setting: found})
	case "Update2":
		s, _ := m.Body[0].(map[string]map[string]dbus.Variant)
		flags, _ := m.Body[1].(uint32)
		if why := verify(s); why != "" {
			d.fail(m, ifProfile+".InvalidProperty", why)
			return
		}
		p.s, p.failed = clone(s), false
		if flags&inMemoryOnly != 0 {
			delete(d.disk.files, p.uuid())
		}
		if flags != 0 {
			d.write(p, flags&toDisk != 0)
		}
		d.conn.Reply(m, map[string]dbus.Variant{})
		for _, dev := range d.devices {
			d.autoconnect(dev)
		}
	case "Delete":
		d.conn.Reply(m)
		d.delete(p, 38)
	default:
		d.conn.ReplyUnknown(m)
	}
}

// delete deletes a profile, and ends its activation. mu is held.
func (d *Daemon) delete(p *profile, why uint32) {
	d.profiles = slices.DeleteFunc(d.profiles, func(x *profile) bool { return x == p })
	delete(d.disk.files, p.uuid())
	delete(d.disk.run, p.uuid())
	for _, a := range slices.Clone(d.actives) {
		if a.profile == p {
			d.deactivate(a, why)
		}
	}
}
