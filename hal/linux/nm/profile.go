// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
)

// settings is a profile as NetworkManager has it: settings, their properties.
type settings map[string]map[string]dbus.Variant

// Settings of a profile.
const (
	setConnection = "connection"
	setWireless   = "802-11-wireless"
	setSecurity   = "802-11-wireless-security"
	setUser       = "user"
)

// Keys of the setting "user".
const (
	keyRole   = "wifiprov.role"
	keyOwner  = "wifiprov.owner" // the Config.Interface of who made it
	keyConfig = "wifiprov.config"
	keyBefore = "wifiprov.before"
)

// role is what a profile of this package is for.
type role string

const (
	roleStored role = "stored" // the configuration that is stored, on disk
	roleTrial  role = "trial"  // an attempt to join
	roleKept   role = "kept"   // a network that Release kept, without being stored
	roleAP     role = "ap"
	roleMark   role = "taken" // see before
)

// rest has the fields of a StationConfig for which NetworkManager has no place, or no
// exact one.
type rest struct {
	ScanMethod uint8     `json:"scan,omitempty"`
	BSSID      hal.BSSID `json:"bssid"`
	BSSIDSet   bool      `json:"bssidSet,omitempty"`
	Channel    uint8     `json:"channel,omitempty"`
	MinAuth    uint8     `json:"minAuth,omitempty"`
}

// text returns v as JSON. v is a struct of this package, which never fails.
func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func prop[T any](s settings, setting, name string) T {
	v, _ := s[setting][name].Value().(T)
	return v
}

func (s settings) user(key string) string { return prop[map[string]string](s, setUser, "data")[key] }
func (s settings) role() role             { return role(s.user(keyRole)) }
func (s settings) uuid() string           { return prop[string](s, setConnection, "uuid") }

// profile begins a profile that owner makes, for iface.
func profile(r role, id, owner, iface string, user map[string]string) settings {
	uuid := make([]byte, 16)
	_, _ = rand.Read(uuid)
	uuid[6], uuid[8] = uuid[6]&0x0f|0x40, uuid[8]&0x3f|0x80
	data := map[string]string{keyRole: string(r), keyOwner: owner}
	for k, v := range user {
		data[k] = v
	}
	return settings{
		setConnection: {
			"id":             dbus.MakeVariant(id),
			"uuid":           dbus.MakeVariant(fmt.Sprintf("%x-%x-%x-%x-%x", uuid[:4], uuid[4:6], uuid[6:8], uuid[8:10], uuid[10:])),
			"type":           dbus.MakeVariant(setWireless),
			"interface-name": dbus.MakeVariant(iface),
			"autoconnect":    dbus.MakeVariant(r == roleStored || r == roleKept),
		},
		setUser: {"data": dbus.MakeVariant(data)},
	}
}

// marker is a profile that is never joined, and carries b.
func marker(name, iface string, b before) settings {
	s := profile(roleMark, name+" (in use)", iface, iface, map[string]string{keyBefore: text(b)})
	s[setWireless] = map[string]dbus.Variant{"ssid": dbus.MakeVariant([]byte(name))}
	return s
}

// station is the profile of a network whose authentication is auth.
func station(r role, name, iface string, cfg hal.StationConfig, auth hal.AuthMode) (settings, error) {
	s := profile(r, name, iface, iface, map[string]string{keyConfig: text(rest{
		ScanMethod: uint8(cfg.ScanMethod), BSSID: cfg.BSSID, BSSIDSet: cfg.BSSIDSet,
		Channel: cfg.Channel, MinAuth: uint8(cfg.MinAuth),
	})})
	if r == roleStored || r == roleKept {
		s[setConnection]["autoconnect-priority"] = dbus.MakeVariant(int32(10))
		s[setConnection]["autoconnect-retries"] = dbus.MakeVariant(int32(0)) // any number
	} else {
		s[setConnection]["auth-retries"] = dbus.MakeVariant(int32(1))
	}
	w := map[string]dbus.Variant{
		"ssid":   dbus.MakeVariant([]byte(cfg.SSID)),
		"mode":   dbus.MakeVariant("infrastructure"),
		"hidden": dbus.MakeVariant(true), // probe for it; also right for networks that do not hide
	}
	if cfg.BSSIDSet {
		w["bssid"] = dbus.MakeVariant(cfg.BSSID[:])
	}
	s[setWireless] = w
	sec, err := security(cfg, auth)
	if err != nil {
		return nil, err
	}
	if sec != nil {
		s[setSecurity] = sec
	}
	// Without may-fail an IPv6 address would hide that DHCP is silent.
	s["ipv4"] = map[string]dbus.Variant{
		"method": dbus.MakeVariant("auto"), "may-fail": dbus.MakeVariant(r != roleTrial),
		"dhcp-timeout": dbus.MakeVariant(int32(30)),
	}
	s["ipv6"] = map[string]dbus.Variant{"method": dbus.MakeVariant("auto")}
	return s, nil
}

// security is the setting for a network; nil: an open one.
func security(cfg hal.StationConfig, auth hal.AuthMode) (map[string]dbus.Variant, error) {
	sec := map[string]dbus.Variant{}
	switch {
	case auth == hal.AuthOpen:
		return nil, nil
	case auth == hal.AuthOWE:
		sec["key-mgmt"] = dbus.MakeVariant("owe")
	case auth == hal.AuthWPA3PSK, auth == hal.AuthWPA2WPA3PSK && cfg.MinAuth >= hal.AuthWPA3PSK:
		sec["key-mgmt"] = dbus.MakeVariant("sae")
	default:
		sec["key-mgmt"] = dbus.MakeVariant("wpa-psk") // WPA3 too, where a network has both
		if cfg.MinAuth >= hal.AuthWPA2PSK {
			sec["proto"] = dbus.MakeVariant([]string{"rsn"})
		}
	}
	if cfg.Passphrase == "" {
		return sec, nil
	}
	psk, err := key(cfg.SSID, cfg.Passphrase)
	if err != nil {
		return nil, err
	}
	if psk != string(cfg.Passphrase) {
		sec["leap-password"] = dbus.MakeVariant(hex.EncodeToString([]byte(cfg.Passphrase)))
		sec["leap-password-flags"] = dbus.MakeVariant(uint32(0))
	}
	sec["psk"] = dbus.MakeVariant(psk)
	sec["psk-flags"] = dbus.MakeVariant(uint32(0)) // NetworkManager itself keeps it
	return sec, nil
}

// key returns the key as NetworkManager takes it: the passphrase, or the digits of the
// pre-shared key where it is none that NetworkManager accepts.
func key(ssid hal.SSID, passphrase hal.Secret) (string, error) {
	if acceptable(passphrase) {
		return string(passphrase), nil
	}
	psk, err := radio.PSK(ssid, passphrase)
	if err != nil {
		return "", fmt.Errorf("the passphrase is none that NetworkManager accepts, and no key can be derived from it: %w", err)
	}
	return hex.EncodeToString(psk), nil
}

// acceptable reports whether NetworkManager takes s for the key of WPA, and D-Bus for a
// string.
func acceptable(s hal.Secret) bool {
	return len(s) >= 8 && utf8.ValidString(string(s)) && !strings.Contains(string(s), "\x00")
}

// config returns the configuration of a profile with the secrets of its security. It is
// exact for profiles of this package. ok is false if the profile is none of a network that
// a StationConfig can describe.
func config(s settings, secrets map[string]dbus.Variant) (cfg hal.StationConfig, ok bool) {
	cfg.SSID = hal.SSID(prop[[]byte](s, setWireless, "ssid"))
	var r rest
	if t := s.user(keyConfig); t != "" {
		if json.Unmarshal([]byte(t), &r) != nil {
			return hal.StationConfig{}, false
		}
	} else if b := prop[[]byte](s, setWireless, "bssid"); len(b) == len(r.BSSID) {
		r.BSSID, r.BSSIDSet = hal.BSSID(b), true
	}
	cfg.ScanMethod, cfg.Channel, cfg.MinAuth = hal.ScanMethod(r.ScanMethod), r.Channel, hal.AuthMode(r.MinAuth)
	cfg.BSSID, cfg.BSSIDSet = r.BSSID, r.BSSIDSet
	keys := settings{setSecurity: secrets}
	psk := prop[string](keys, setSecurity, "psk")
	if original := prop[string](keys, setSecurity, "leap-password"); original != "" && s.role() != "" {
		b, err := hex.DecodeString(original)
		if err != nil {
			return hal.StationConfig{}, false
		}
		psk = string(b)
	}
	cfg.Passphrase = hal.Secret(psk)
	mode := prop[string](s, setWireless, "mode")
	switch prop[string](s, setSecurity, "key-mgmt") {
	case "", "owe", "wpa-psk", "sae":
		ok = mode == "" || mode == "infrastructure"
	}
	return cfg, ok
}

// accessPoint is the profile of an access point.
func accessPoint(name, owner string, ap radio.AP) (settings, error) {
	s := profile(roleAP, name+" access point", owner, ap.Interface, nil)
	band := "bg"
	if ap.Channel > 14 {
		band = "a"
	}
	s[setWireless] = map[string]dbus.Variant{
		"ssid":    dbus.MakeVariant([]byte(ap.SSID)),
		"mode":    dbus.MakeVariant("ap"),
		"band":    dbus.MakeVariant(band),
		"channel": dbus.MakeVariant(uint32(ap.Channel)),
	}
	if ap.Key != "" {
		psk, err := key(ap.SSID, ap.Key)
		if err != nil {
			return nil, err
		}
		s[setSecurity] = map[string]dbus.Variant{
			"key-mgmt": dbus.MakeVariant("wpa-psk"),
			"psk":      dbus.MakeVariant(psk),
			"proto":    dbus.MakeVariant([]string{"rsn"}), // else it offers WPA1 too
			"pairwise": dbus.MakeVariant([]string{"ccmp"}),
			"group":    dbus.MakeVariant([]string{"ccmp"}),
		}
	}
	s["ipv4"] = map[string]dbus.Variant{
		"method": dbus.MakeVariant("shared"), // with a DHCP server
		"address-data": dbus.MakeVariant([]map[string]dbus.Variant{{
			"address": dbus.MakeVariant(ap.Address.Addr().String()),
			"prefix":  dbus.MakeVariant(uint32(ap.Address.Bits())),
		}}),
	}
	s["ipv6"] = map[string]dbus.Variant{"method": dbus.MakeVariant("disabled")}
	return s, nil
}
