// SPDX-License-Identifier: Apache-2.0

//go:build linux

package fakenm

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/hex"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// Network is an access point in range. Zero fields have defaults.
type Network struct {
	SSID       hal.SSID
	BSSID      hal.BSSID // zero: 02:00:00:00:00:01
	Frequency  uint32    // MHz; 0: 2437, channel 6
	Strength   uint8     // percent; 0: 80
	Auth       hal.AuthMode
	Passphrase hal.Secret
	Address    string // that a station gets; empty: 192.168.1.77
	Hidden     bool   // its name is told only to who asks for it
	Absent     bool   // switched off
	NoDHCP     bool   // gives no address
	Deaf       bool   // does not answer stations
	Agent      bool   // an agent is asked for another passphrase, and does not answer
}

func (n Network) filled() Network {
	if n.BSSID == (hal.BSSID{}) {
		n.BSSID = hal.BSSID{2, 0, 0, 0, 0, 1}
	}
	if n.Frequency == 0 {
		n.Frequency = 2437
	}
	if n.Strength == 0 {
		n.Strength = 80
	}
	if n.Address == "" {
		n.Address = "192.168.1.77"
	}
	return n
}

// network is a Network and what NetworkManager knows about it.
type network struct {
	Network
	path   dbus.ObjectPath // empty: not known
	named  bool            // its name is known
	seen   int32           // in seconds since boot
	probes int
}

// SetNetwork replaces the network of that BSSID, or adds one.
func (d *Daemon) SetNetwork(n Network) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n = n.filled()
	for _, have := range d.air {
		if have.BSSID == n.BSSID {
			have.Network = n
			return
		}
	}
	d.air = append(d.air, &network{Network: n})
}

// Remember has the daemon list networks that the last scan did not hear, as NetworkManager
// does for some minutes.
func (d *Daemon) Remember() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remembers = true
}

// Probes returns how many probe requests a network has received.
func (d *Daemon) Probes(ssid hal.SSID) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, have := range d.air {
		if have.SSID == ssid {
			n += have.probes
		}
	}
	return n
}

func sinceBoot() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return time.Duration(t.Nano())
}

// requestScan is RequestScan. mu is held.
func (d *Daemon) requestScan(dev *device, m bluezbus.Message) {
	if dev.state < 30 || dev.state > 30 && dev.state < 100 {
		d.fail(m, ifDevice+".NotAllowed", "Scanning not allowed while unavailable or activating")
		return
	}
	options, _ := m.Body[0].(map[string]dbus.Variant)
	ssids, _ := options["ssids"].Value().([][]byte)
	d.conn.Reply(m)
	d.later(d.cfg.ScanTime, func() {
		now := sinceBoot()
		seen := int32((now - d.cfg.Behind) / time.Second)
		known := []*network{}
		for _, n := range d.air {
			if n.Absent {
				if !d.remembers {
					n.path, n.named = "", false
				}
				continue
			}
			asked := len(ssids) == 0
			for _, s := range ssids {
				asked = asked || string(s) == string(n.SSID)
				n.named = n.named || string(s) == string(n.SSID)
			}
			if asked {
				n.probes++
			}
			n.named = n.named || !n.Hidden
			if n.path == "" {
				n.path, n.seen = d.newPath("AccessPoint"), seen
			} else {
				known = append(known, n)
			}
		}
		// wpa_supplicant tells that known ones were heard a moment after the end.
		d.later(d.cfg.Step, func() {
			for _, n := range known {
				n.seen = seen
			}
		})
		dev.lastScan = now.Milliseconds()
		d.changed(dev.path, ifWireless, map[string]dbus.Variant{"LastScan": dbus.MakeVariant(dev.lastScan)})
	})
}

// props are the properties of an access point.
func (n *network) props() map[string]dbus.Variant {
	const psk, enterprise, sae, owe = 0x100, 0x200, 0x400, 0x800
	flags, wpa, rsn := uint32(1), uint32(0), uint32(0)
	switch n.Auth {
	case hal.AuthOpen:
		flags = 0
	case hal.AuthWPAPSK:
		wpa = psk
	case hal.AuthWPA2PSK:
		rsn = psk
	case hal.AuthWPAWPA2PSK:
		wpa, rsn = psk, psk
	case hal.AuthWPA2Enterprise:
		rsn = enterprise
	case hal.AuthWPA3PSK:
		rsn = sae
	case hal.AuthWPA2WPA3PSK:
		rsn = psk | sae
	case hal.AuthOWE:
		flags, rsn = 0, owe
	}
	ssid := []byte(n.SSID)
	if !n.named {
		ssid = []byte{}
	}
	return map[string]dbus.Variant{
		"Flags": dbus.MakeVariant(flags), "WpaFlags": dbus.MakeVariant(wpa), "RsnFlags": dbus.MakeVariant(rsn),
		"Ssid": dbus.MakeVariant(ssid), "Frequency": dbus.MakeVariant(n.Frequency),
		"HwAddress": dbus.MakeVariant(strings.ToUpper(n.BSSID.String())), "Mode": dbus.MakeVariant(uint32(2)),
		"Strength": dbus.MakeVariant(n.Strength), "LastSeen": dbus.MakeVariant(n.seen), "MaxBitrate": dbus.MakeVariant(uint32(54000)),
	}
}

// match returns the network that a profile joins, as wpa_supplicant would; nil: none.
func (d *Daemon) match(s Settings) *network {
	for _, n := range d.air {
		if n.Absent || string(n.SSID) != string(get[[]byte](s, "802-11-wireless", "ssid")) {
			continue
		}
		if b := get[[]byte](s, "802-11-wireless", "bssid"); b != nil && string(b) != string(n.BSSID[:]) {
			continue
		}
		kind := get[string](s, "802-11-wireless-security", "key-mgmt")
		ok := false
		switch n.Auth {
		case hal.AuthOpen:
			ok = kind == ""
		case hal.AuthOWE:
			ok = kind == "owe"
		case hal.AuthWPA3PSK:
			ok = kind == "sae"
		case hal.AuthWPA2WPA3PSK:
			ok = kind == "sae" || kind == "wpa-psk"
		case hal.AuthWPAPSK, hal.AuthWPA2PSK, hal.AuthWPAWPA2PSK:
			ok = kind == "wpa-psk"
		}
		if ok {
			return n
		}
	}
	return nil
}

// Key is the key of 64 digits that WPA derives from the passphrase.
func (n Network) Key() hal.Secret {
	key, err := pbkdf2.Key(sha1.New, string(n.Passphrase), []byte(n.SSID), 4096, 32)
	if err != nil {
		panic(err)
	}
	return hal.Secret(hex.EncodeToString(key))
}

// opens reports whether a profile has the network's passphrase, or its key.
func (n *network) opens(s Settings) bool {
	if n.Auth == hal.AuthOpen || n.Auth == hal.AuthOWE {
		return true
	}
	psk := get[string](s, "802-11-wireless-security", "psk")
	if n.Auth != hal.AuthWPA3PSK && hal.IsPSK(hal.Secret(psk)) {
		return strings.EqualFold(string(n.Key()), psk)
	}
	return psk == string(n.Passphrase)
}

// get returns a property of a profile, or the zero value.
func get[T any](s Settings, setting, name string) T {
	v, _ := s[setting][name].Value().(T)
	return v
}
