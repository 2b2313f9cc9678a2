// SPDX-License-Identifier: Apache-2.0

package fakewpa

import (
	"fmt"
	"slices"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
)

// request is a scan.
type request struct {
	active   bool
	own      bool // of the daemon itself
	channels []int
	ssids    []hal.SSID
}

// scan begins a scan; false: one is running.
func (i *iface) scan(r request) bool {
	if i.scanning {
		return false
	}
	if r.own {
		for _, n := range i.networks {
			if n.enabled && n.config["scan_ssid"] == "1" {
				r.ssids = append(r.ssids, n.ssid())
			}
		}
		r.ssids = append(r.ssids, "")
	}
	i.scanning, i.request = true, r
	i.scans++
	i.mark("Scanning")
	t := i.d.cfg.Times.Scan
	if n := len(r.channels); n > 0 {
		t = min(t, time.Duration(n)*i.d.cfg.Times.Channel)
	}
	i.d.after(t, &i.scans, func() { i.scanned(r) })
	return true
}

// scanned is the end of a scan.
func (i *iface) scanned(r request) {
	i.scanning = false
	i.scans++
	i.listen(r, hal.MaxChannel)
	i.done(true)
	if !i.disconnected && !i.busy() && i.open == nil && !i.associate() {
		i.searchSoon(i.d.cfg.Times.Interval)
	}
}

// listen hears what there is up to a channel.
func (i *iface) listen(r request, last uint8) {
	i.heardAt = time.Now()
	for _, ap := range i.d.air {
		if ap.off || ap.Channel > last || len(r.channels) > 0 && !slices.Contains(r.channels, hal.Frequency(ap.Channel)) {
			continue
		}
		asked := slices.Contains(r.ssids, ap.SSID)
		if r.active && (asked || len(r.ssids) == 0 || slices.Contains(r.ssids, "")) {
			i.d.probes++
		}
		ssid := ap.SSID
		if ap.Hidden && !(r.active && asked) {
			ssid = ""
		}
		i.hear(ap, ssid, i.heardAt)
	}
	i.bsses = slices.DeleteFunc(i.bsses, func(b *bss) bool {
		old := time.Since(b.seen) > 180*time.Second
		if old {
			i.d.emit(i.path, ifaceName+".BSSRemoved", b.path)
		}
		return old
	})
}

// done tells that a scan is over.
func (i *iface) done(ok bool) {
	i.mark("Scanning") // comes after ScanDone
	i.d.emit(i.path, ifaceName+".ScanDone", ok)
}

// abort is AbortScan; false: no scan is running. It has got to channel 6.
func (i *iface) abort() bool {
	if !i.scanning {
		return false
	}
	i.scans++
	i.d.after(i.d.cfg.Times.Step, &i.scans, func() {
		i.scanning = false
		i.listen(i.request, 6)
		i.done(true)
	})
	return true
}

// hear notes an access point.
func (i *iface) hear(ap *AP, ssid hal.SSID, at time.Time) {
	for _, b := range i.bsses {
		if b.ap.BSSID == ap.BSSID && (b.ssid == ssid || b.ssid == "" || ssid == "") {
			b.ap, b.seen = ap, at
			if ssid != "" {
				b.ssid = ssid
			}
			return
		}
	}
	b := &bss{path: i.path + dbus.ObjectPath(fmt.Sprintf("/BSSs/%d", i.d.bsses)), ap: ap, ssid: ssid, seen: at}
	i.d.bsses++
	i.bsses = append(i.bsses, b)
	i.d.emit(i.path, ifaceName+".BSSAdded", b.path, b.props(i.d))
	i.mark("BSSs")
}

// Scan begins a scan as another program does; false: one is running.
func (d *Daemon) Scan(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.iface(name)
	return i != nil && i.scan(request{active: true})
}

// Forget has an interface forget what it has heard.
func (d *Daemon) Forget(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := d.iface(name); i != nil {
		i.bsses = nil
	}
}
