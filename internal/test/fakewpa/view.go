// SPDX-License-Identifier: Apache-2.0

package fakewpa

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// View is the daemon's state.
type View struct{ d *Daemon }

// State returns the state of an interface; empty: the daemon does not control it.
func (v View) State(name string) string {
	if i := v.d.iface(name); i != nil {
		return i.state
	}
	return ""
}

// At returns the name of the network in which an interface is; empty: none.
func (v View) At(name string) hal.SSID {
	if i := v.d.iface(name); i != nil && i.state == "completed" && i.ap != nil {
		return i.ap.SSID
	}
	return ""
}

// Networks lists what an interface knows: "HomeNet on", "Office off". Networks of the
// program under test have their id_str: "HomeNet on wifiprov net 0123".
func (v View) Networks(name string) (list []string) {
	i := v.d.iface(name)
	if i == nil {
		return nil
	}
	for _, n := range i.networks {
		s := string(n.ssid()) + " off"
		if n.enabled {
			s = string(n.ssid()) + " on"
		}
		if id := n.config["id_str"]; id != "" {
			s += " " + strings.Trim(id, `"`)
		}
		list = append(list, s)
	}
	return list
}

// Config returns a setting of the network that an interface has selected, as
// wpa_supplicant's file has it.
func (v View) Config(name, key string) string {
	if i := v.d.iface(name); i != nil && i.current != nil {
		return i.current.config[key]
	}
	return ""
}

// Open returns the access point that an interface has opened.
func (v View) Open(name string) (ssid hal.SSID, key hal.Secret, channel uint8, open bool) {
	i := v.d.iface(name)
	if i == nil || i.open == nil || i.state != "completed" {
		return "", "", 0, false
	}
	for c := uint8(1); c <= hal.MaxChannel; c++ {
		if fmt.Sprint(hal.Frequency(c)) == i.open.config["frequency"] {
			channel = c
		}
	}
	return i.open.ssid(), hal.Secret(i.open.psk()), channel, true
}

// Setting returns a property of an interface.
func (v View) Setting(name, property string) any {
	if i := v.d.iface(name); i != nil {
		return i.all()[property].Value()
	}
	return nil
}

// Scanning reports whether an interface scans.
func (v View) Scanning(name string) bool {
	i := v.d.iface(name)
	return i != nil && i.scanning
}

// Leases returns how many leases run for an interface.
func (v View) Leases(name string) int { return v.d.leases[name] }

// Served returns the network in which an interface gives addresses; empty: none.
func (v View) Served(name string) string { return v.d.served[name] }

// String describes everything, for messages of tests.
func (v View) String() string {
	var s strings.Builder
	for _, i := range v.d.ifaces {
		fmt.Fprintf(&s, "%s %s at %q, knows %q; ", i.name, i.state, v.At(i.name), v.Networks(i.name))
	}
	return s.String()
}

// PSK returns the pre-shared key of a passphrase, in hexadecimal digits.
func PSK(ssid hal.SSID, passphrase hal.Secret) hal.Secret {
	return hal.Secret(psk(ssid, string(passphrase)))
}

// Lease is a DHCP client that gets its address from the access point.
func (d *Daemon) Lease(ctx context.Context, iface string, told func(hal.IPConfig)) error {
	d.mu.Lock()
	d.leases[iface]++
	var ip hal.IPConfig
	if i := d.iface(iface); i != nil && i.ap != nil && !i.ap.Silent {
		ip = i.ap.IP
	}
	d.state.Broadcast()
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.leases[iface]--
		d.state.Broadcast()
	}()
	timer := time.NewTimer(d.cfg.Times.Step)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	if ip != (hal.IPConfig{}) && ctx.Err() == nil {
		told(ip)
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// Serve is a DHCP server that nobody asks.
func (d *Daemon) Serve(ctx context.Context, iface string, prefix netip.Prefix, ready func()) error {
	serve := func(what string) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.served[iface] = what
		d.state.Broadcast()
	}
	serve(prefix.String())
	defer serve("")
	ready()
	<-ctx.Done()
	return context.Cause(ctx)
}
