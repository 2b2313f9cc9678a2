// SPDX-License-Identifier: Apache-2.0

package fakewpa

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// AP is an access point in range.
type AP struct {
	SSID       hal.SSID
	BSSID      hal.BSSID // zero: one is made of the number of access points
	Channel    uint8     // 0: 6
	RSSI       int8      // 0: -50
	Auth       hal.AuthMode
	Passphrase hal.Secret
	Hidden     bool

	// Refuse is the status code with which it refuses associations; 0: it takes
	// them.
	Refuse int32
	// Codes are status codes in the middle of an authentication that succeeds, as
	// SAE has them.
	Codes []int32
	// Deaf does not answer authentications.
	Deaf bool
	// Stuck never ends the handshake.
	Stuck bool
	// Silent gives no addresses.
	Silent bool
	// IP that it gives; zero: 192.168.77.10.
	IP hal.IPConfig

	off bool
}

// Add puts an access point into range, and returns it.
func (d *Daemon) Add(ap AP) *AP {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ap.BSSID == (hal.BSSID{}) {
		ap.BSSID = hal.BSSID{2, 0, 0, 0, 1, byte(len(d.air) + 1)}
	}
	if ap.Channel == 0 {
		ap.Channel = 6
	}
	if ap.RSSI == 0 {
		ap.RSSI = -50
	}
	if ap.IP == (hal.IPConfig{}) {
		ap.IP = hal.IPConfig{Address: hal.IPv4{192, 168, 77, 10}, Netmask: hal.IPv4{255, 255, 255, 0}, Gateway: hal.IPv4{192, 168, 77, 1}, DNS: hal.IPv4{192, 168, 77, 1}}
	}
	d.air = append(d.air, &ap)
	d.state.Broadcast()
	return &ap
}

// Change changes an access point while nobody looks.
func (d *Daemon) Change(ap *AP, change func(*AP)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(ap)
	d.state.Broadcast()
}

// Off takes an access point out of range. Stations that are joined notice it at once, as
// beacons that are lost (the daemon says reason -4).
func (d *Daemon) Off(ap *AP) { d.drop(ap, true, -4) }

// Deauth has an access point end its links with a reason.
func (d *Daemon) Deauth(ap *AP, reason int32) { d.drop(ap, false, reason) }

func (d *Daemon) drop(ap *AP, off bool, reason int32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ap.off = ap.off || off
	for _, i := range d.ifaces {
		if i.ap == ap && i.state == "completed" {
			i.lost(reason)
		}
	}
	d.state.Broadcast()
}

// Roam has a station that is joined go to another access point of its network.
func (d *Daemon) Roam(name string, ap *AP) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.iface(name)
	i.turn++
	i.ap = ap
	i.hear(ap, ap.SSID, time.Now())
	i.setState("associating")
	d.after(2*d.cfg.Times.Flush, &i.turn, func() { i.setState("completed") })
}

// On puts an access point back into range.
func (d *Daemon) On(ap *AP) { d.Change(ap, func(ap *AP) { ap.off = false }) }

// Remember has an interface know an access point that was heard that long ago.
func (d *Daemon) Remember(name string, ap AP, age time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := d.iface(name); i != nil {
		i.hear(&ap, ap.SSID, time.Now().Add(-age))
	}
}

// bss is what an interface knows of an access point.
type bss struct {
	path dbus.ObjectPath
	ap   *AP
	ssid hal.SSID // as it was heard
	seen time.Time
}

func (d *Daemon) security(mgmt ...string) bluezbus.Props {
	if d.cfg.NoSAE {
		mgmt = slices.DeleteFunc(mgmt, func(m string) bool { return m == "sae" })
	}
	p := bluezbus.Props{"KeyMgmt": dbus.MakeVariant(append([]string{}, mgmt...)), "Group": dbus.MakeVariant("ccmp"), "Pairwise": dbus.MakeVariant([]string{"ccmp"})}
	return p
}

// props are a BSS's properties.
func (b *bss) props(d *Daemon) bluezbus.Props {
	none := bluezbus.Props{"KeyMgmt": dbus.MakeVariant([]string{}), "Group": dbus.MakeVariant(""), "Pairwise": dbus.MakeVariant([]string{})}
	wpa, rsn := none, none
	switch b.ap.Auth {
	case hal.AuthWPAPSK:
		wpa = d.security("wpa-psk")
	case hal.AuthWPA2PSK:
		rsn = d.security("wpa-psk")
	case hal.AuthWPAWPA2PSK:
		wpa, rsn = d.security("wpa-psk"), d.security("wpa-psk")
	case hal.AuthWPA2Enterprise:
		rsn = d.security("wpa-eap")
	case hal.AuthWPA3PSK:
		rsn = d.security("sae")
	case hal.AuthWPA2WPA3PSK:
		rsn = d.security("wpa-psk", "sae")
	case hal.AuthOWE:
		rsn = d.security("owe")
	case hal.AuthWPA3Ent192:
		rsn = d.security("wpa-eap-suite-b-192")
	}
	return bluezbus.Props{
		"BSSID": dbus.MakeVariant(b.ap.BSSID[:]), "SSID": dbus.MakeVariant([]byte(b.ssid)),
		"WPA": dbus.MakeVariant(wpa), "RSN": dbus.MakeVariant(rsn), "WPS": dbus.MakeVariant(bluezbus.Props{"Type": dbus.MakeVariant("")}),
		"Privacy": dbus.MakeVariant(b.ap.Auth != hal.AuthOpen && b.ap.Auth != hal.AuthOWE), "Mode": dbus.MakeVariant("infrastructure"),
		"Signal": dbus.MakeVariant(int16(b.ap.RSSI)), "Frequency": dbus.MakeVariant(uint16(hal.Frequency(b.ap.Channel))),
		"Rates": dbus.MakeVariant([]uint32{54000000}), "IEs": dbus.MakeVariant([]byte{}), "Age": dbus.MakeVariant(uint32(time.Since(b.seen) / time.Second)),
	}
}

// keys have been computed before; a key takes 4096 rounds.
var keys sync.Map

// psk is the pre-shared key of an access point or a passphrase.
func psk(ssid hal.SSID, passphrase string) string {
	type pair struct {
		ssid       hal.SSID
		passphrase string
	}
	if k, known := keys.Load(pair{ssid, passphrase}); known {
		return k.(string)
	}
	k, err := pbkdf2.Key(sha1.New, passphrase, []byte(ssid), 4096, 32)
	if err != nil {
		panic(err)
	}
	text := fmt.Sprintf("%x", k)
	keys.Store(pair{ssid, passphrase}, text)
	return text
}
