// SPDX-License-Identifier: Apache-2.0

package wpa

import (
	"errors"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
)

// minPassphrase is the shortest passphrase in bytes of WPA and WPA2.
const minPassphrase = 8

var errShort = errors.New("wpa: the passphrase is shorter than the 8 bytes of WPA2, and this wpa_supplicant cannot WPA3")

// abilities are what wpa_supplicant and the driver can do.
type abilities struct {
	sae, owe bool
}

// choice is the access point to join.
type choice struct {
	ap  hal.AccessPoint
	pin bool // others of that name must not be joined
}

// choose looks for the access point to join. If there is none it returns the reason: 201
// if none has that name, 211 if all are below cfg.MinAuth, else 210, since none has
// compatible security.
func choose(cfg hal.StationConfig, heard []hal.AccessPoint, can abilities) (best choice, reason hal.Reason) {
	reason = hal.ReasonNoAPFound
	found := false
	for _, ap := range heard {
		if ap.SSID != cfg.SSID || cfg.BSSIDSet && ap.BSSID != cfg.BSSID {
			continue
		}
		if r := compatible(cfg, ap.Auth, can); r != 0 {
			best.pin = true
			if reason != hal.ReasonNoAPCompatibleSec {
				reason = r
			}
			continue
		}
		if !found || ap.RSSI > best.ap.RSSI {
			best.ap = ap
		}
		found = true
	}
	if !found {
		return choice{}, reason
	}
	best.pin = best.pin || cfg.BSSIDSet
	return best, 0
}

// compatible returns 0 if a station with this configuration can try to join a network
// with that authentication, otherwise the reason. Strength is compared by number, as
// Espressif's driver does.
func compatible(cfg hal.StationConfig, auth hal.AuthMode, can abilities) hal.Reason {
	ok := false
	switch auth {
	case hal.AuthOpen:
		ok = true
	case hal.AuthOWE:
		ok = can.owe
	case hal.AuthWPAPSK, hal.AuthWPA2PSK, hal.AuthWPAWPA2PSK, hal.AuthWPA2WPA3PSK:
		ok = cfg.Passphrase != ""
	case hal.AuthWPA3PSK:
		ok = can.sae && cfg.Passphrase != "" && !hal.IsPSK(cfg.Passphrase)
	}
	switch {
	case auth < cfg.MinAuth:
		return hal.ReasonNoAPAuthModeThreshold
	case !ok:
		return hal.ReasonNoAPCompatibleSec
	}
	return 0
}

// hopeless reports whether the passphrase is too short for every network with that
// authentication, so that wpa_supplicant would not take it.
func hopeless(cfg hal.StationConfig, auth hal.AuthMode, can abilities) bool {
	switch auth {
	case hal.AuthOpen, hal.AuthOWE, hal.AuthWPA3PSK:
		return false
	case hal.AuthWPA2WPA3PSK:
		return !can.sae && len(cfg.Passphrase) < minPassphrase
	}
	return len(cfg.Passphrase) < minPassphrase
}

// network returns the properties of a network for wpa_supplicant. auth is what its access
// point has; known tells that it is known.
func network(cfg hal.StationConfig, auth hal.AuthMode, known bool, can abilities) (props, error) {
	p := props{
		"ssid":      dbus.MakeVariant([]byte(cfg.SSID)),
		"scan_ssid": dbus.MakeVariant(uint32(1)),
	}
	if cfg.BSSIDSet {
		p["bssid"] = dbus.MakeVariant(cfg.BSSID.String())
	}
	switch {
	case known && auth == hal.AuthOWE:
		p["key_mgmt"] = dbus.MakeVariant("OWE")
		p["ieee80211w"] = dbus.MakeVariant(uint32(2))
		return p, nil
	case cfg.Passphrase == "", known && auth == hal.AuthOpen:
		p["key_mgmt"] = dbus.MakeVariant("NONE")
		return p, nil
	}
	mgmt := ""
	if hal.IsPSK(cfg.Passphrase) || len(cfg.Passphrase) >= minPassphrase {
		psk, err := radio.PSK(cfg.SSID, cfg.Passphrase)
		if err != nil {
			return nil, err
		}
		p["psk"] = dbus.MakeVariant(psk)
		mgmt = "WPA-PSK"
	}
	if can.sae && !hal.IsPSK(cfg.Passphrase) {
		// As bytes, since D-Bus has no strings that are not UTF-8.
		p["sae_password"] = dbus.MakeVariant([]byte(cfg.Passphrase))
		p["ieee80211w"] = dbus.MakeVariant(uint32(1))
		if mgmt != "" {
			mgmt += " "
		}
		mgmt += "SAE"
	}
	if mgmt == "" {
		return nil, errShort
	}
	p["key_mgmt"] = dbus.MakeVariant(mgmt)
	if cfg.MinAuth >= hal.AuthWPA2PSK {
		p["proto"] = dbus.MakeVariant("RSN")
	}
	return p, nil
}
