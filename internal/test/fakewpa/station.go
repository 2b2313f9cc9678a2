// SPDX-License-Identifier: Apache-2.0

package fakewpa

import (
	"fmt"
	"slices"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// iface is an interface that the daemon controls.
type iface struct {
	d    *Daemon
	name string
	path dbus.ObjectPath

	state    string
	props    bluezbus.Props // the last codes, and settings
	changed  []string       // properties whose signal has not been sent
	networks []*network
	number   int // of the next network
	bsses    []*bss

	current *network
	ap      *AP // at which the station is, or to which it goes
	open    *network

	disconnected bool // joins nothing by itself
	scanning     bool
	request      request   // the scan that runs
	heardAt      time.Time // end of the last scan

	turn   int // changes when an attempt or a link ends
	scans  int // changes when a scan begins or ends
	search int // changes when the next scan of its own is set or called off
	flush  int
}

func (d *Daemon) addIface(name string) *iface {
	i := &iface{d: d, name: name, path: root + dbus.ObjectPath(fmt.Sprintf("/Interfaces/%d", d.number)), state: "inactive", props: bluezbus.Props{
		"DisconnectReason": dbus.MakeVariant(int32(0)), "AuthStatusCode": dbus.MakeVariant(int32(0)), "AssocStatusCode": dbus.MakeVariant(int32(0)),
		"MaxNumSta": dbus.MakeVariant("128"), "ApScan": dbus.MakeVariant(uint32(1)), "BSSExpireAge": dbus.MakeVariant(uint32(180)),
		"Ifname": dbus.MakeVariant(name), "Driver": dbus.MakeVariant("nl80211"), "ConfigFile": dbus.MakeVariant(""),
	}}
	d.number++
	if slices.Contains(d.cfg.Off, name) {
		i.state = "interface_disabled"
	}
	d.ifaces = append(d.ifaces, i)
	d.emit(root, Name+".InterfaceAdded", i.path, i.all())
	return i
}

func (d *Daemon) removeIface(i *iface) {
	i.turn++
	i.scans++
	i.search++
	d.ifaces = slices.DeleteFunc(d.ifaces, func(o *iface) bool { return o == i })
	d.emit(root, Name+".InterfaceRemoved", i.path)
}

// load reads the configuration file.
func (i *iface) load() {
	for _, n := range i.d.cfg.Networks {
		config := map[string]string{"ssid": fmt.Sprintf("%x", string(n.SSID)), "key_mgmt": "NONE"}
		if n.Passphrase != "" {
			config["key_mgmt"], config["psk"] = "WPA-PSK", `"`+string(n.Passphrase)+`"`
		}
		i.addNetwork(config).enabled = !n.Disabled
	}
	i.searchSoon(0)
}

func (i *iface) setState(s string) {
	if i.state != s {
		i.state = s
		i.mark("State")
	}
}

// mark has PropertiesChanged follow soon, with the value of that time.
func (i *iface) mark(name string) {
	if !slices.Contains(i.changed, name) {
		i.changed = append(i.changed, name)
	}
	i.markLater()
}

func (i *iface) markLater() {
	i.d.after(i.d.cfg.Times.Flush, &i.flush, i.flushNow)
	i.d.state.Broadcast()
}

// code sets a code, and sends everything that has changed.
func (i *iface) code(name string, v int32) {
	i.props[name] = dbus.MakeVariant(v)
	i.mark(name)
	i.flushNow()
}

func (i *iface) flushNow() {
	i.flush++
	for _, n := range i.networks {
		if n.changed {
			n.changed = false
			i.d.emitChanged(n.path, netName, bluezbus.Props{"Enabled": dbus.MakeVariant(n.enabled)})
		}
	}
	if len(i.changed) == 0 {
		return
	}
	all, p := i.all(), bluezbus.Props{}
	for _, name := range i.changed {
		p[name] = all[name]
	}
	i.changed = nil
	i.d.emitChanged(i.path, ifaceName, p)
}

// busy reports whether an attempt or a link is there.
func (i *iface) busy() bool { return i.ap != nil || i.open != nil }

// selectNetwork is SelectNetwork.
func (i *iface) selectNetwork(n *network) {
	if i.current != nil && i.current != n {
		i.deauth()
	}
	for _, other := range i.networks {
		other.enable(other == n)
	}
	if i.current != n || !i.busy() {
		n.until = time.Time{}
		i.current, i.disconnected = n, false
		i.mark("CurrentNetwork")
		switch {
		case n.config["mode"] == "2":
			i.openAP(n)
		case time.Since(i.heardAt) < 5*time.Second && i.associate():
		default:
			i.searchSoon(0)
		}
	}
	i.d.emit(i.path, ifaceName+".NetworkSelected", n.path)
}

// openAP opens an access point. Without something that was just heard wpa_supplicant scans
// before.
func (i *iface) openAP(n *network) {
	i.turn++
	i.search++
	i.open = n
	wait := i.d.cfg.Times.Step
	if len(i.bsses) == 0 || time.Since(i.heardAt) >= 5*time.Second {
		wait = i.d.cfg.Times.Scan
	}
	i.d.after(wait, &i.turn, func() { i.setState("completed") })
}

// searchSoon has the daemon look for its networks.
func (i *iface) searchSoon(wait time.Duration) {
	i.search++
	i.d.after(wait, &i.search, func() {
		switch {
		case i.disconnected, i.busy():
		case !slices.ContainsFunc(i.networks, func(n *network) bool { return n.enabled }):
			i.setState("inactive")
		case i.scanning:
			i.searchSoon(i.d.cfg.Times.Interval)
		default:
			i.setState("scanning")
			i.scan(request{active: true, own: true})
		}
	})
}

// associate joins the best network that was heard, if there is one.
func (i *iface) associate() bool {
	if i.disconnected || i.busy() {
		return false
	}
	var best *bss
	var with *network
	for _, b := range i.bsses {
		for _, n := range i.networks {
			if !n.enabled || time.Now().Before(n.until) || !n.matches(b) {
				continue
			}
			if best == nil || n.priority() > with.priority() || n.priority() == with.priority() && b.ap.RSSI > best.ap.RSSI {
				best, with = b, n
			}
		}
	}
	if best == nil {
		return false
	}
	i.authenticate(with, best.ap)
	return true
}

func (i *iface) authenticate(n *network, ap *AP) {
	d := i.d
	i.turn++
	i.search++
	i.current, i.ap = n, ap
	i.mark("CurrentNetwork")
	i.setState("authenticating")
	sae := n.sae() && (ap.Auth == hal.AuthWPA3PSK || ap.Auth == hal.AuthWPA2WPA3PSK)
	d.after(d.cfg.Times.Step, &i.turn, func() {
		if ap.Deaf || ap.off || i.otherChannel(ap) {
			i.failed()
			return
		}
		for _, code := range ap.Codes {
			i.code("AuthStatusCode", code)
		}
		if sae && n.password() != string(ap.Passphrase) {
			code := int32(1)
			if d.cfg.Release >= 212 {
				code = 15
				d.emit(i.path, ifaceName+".SaePasswordMismatch")
			}
			i.failed()
			i.code("AuthStatusCode", code) // together with the state
			return
		}
		i.setState("associating")
		i.code("AuthStatusCode", 0)
		d.after(d.cfg.Times.Step, &i.turn, func() { i.associated(n, ap, sae) })
	})
}

func (i *iface) associated(n *network, ap *AP, sae bool) {
	d := i.d
	if ap.Refuse != 0 {
		i.code("AssocStatusCode", ap.Refuse)
		i.failed()
		return
	}
	i.setState("associated")
	i.mark("CurrentBSS")
	if ap.Auth != hal.AuthOpen {
		i.setState("4way_handshake")
	}
	switch {
	case ap.Stuck:
	case sae, ap.Auth == hal.AuthOpen, ap.Auth == hal.AuthOWE, n.psk() == psk(ap.SSID, string(ap.Passphrase)):
		d.after(d.cfg.Times.Step, &i.turn, func() {
			i.setState("completed")
			i.mark("CurrentAuthMode")
		})
	default:
		d.after(d.cfg.Times.Handshake, &i.turn, func() {
			if d.cfg.Release >= 211 {
				d.emit(i.path, ifaceName+".PskMismatch")
			}
			i.code("DisconnectReason", 15)
			i.failed()
		})
	}
}

// otherChannel reports whether the radio cannot go to ap's channel.
func (i *iface) otherChannel(ap *AP) bool {
	return i.d.cfg.OneChannel && slices.ContainsFunc(i.d.ifaces, func(o *iface) bool {
		return o.open != nil && o.open.config["frequency"] != fmt.Sprint(hal.Frequency(ap.Channel))
	})
}

// failed ends an attempt; another follows later.
func (i *iface) failed() {
	if i.current != nil {
		i.current.until = time.Now().Add(i.d.cfg.Times.Retry)
	}
	i.idle()
	i.searchSoon(i.d.cfg.Times.Interval)
}

// lost ends a link; the daemon tries to join again at once.
func (i *iface) lost(reason int32) {
	i.code("DisconnectReason", reason)
	i.idle()
	i.searchSoon(i.d.cfg.Times.Step)
}

// deauth leaves what there is.
func (i *iface) deauth() {
	if i.ap != nil {
		i.code("DisconnectReason", -3)
	}
	i.idle()
}

// idle is at no access point.
func (i *iface) idle() {
	i.turn++
	i.search++
	if i.current != nil {
		i.mark("CurrentNetwork")
	}
	if i.ap != nil {
		i.mark("CurrentBSS")
	}
	i.current, i.ap, i.open = nil, nil, nil
	i.setState("disconnected")
}
