// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/scheme/softap"
)

const (
	// maxInterface is the longest name of an interface (IFNAMSIZ).
	maxInterface = 15
	macMark      = "{mac}"
)

// check finds values that do not go together. at makes an error of a key's value.
func (c *Config) check(at func(key, format string, args ...any) error) error {
	if !isInterface(c.Interface) {
		return at("interface", "%q: it is the name of an interface, such as wlan0, or auto", c.Interface)
	}
	if c.APInterface != "" && (!isInterface(c.APInterface) || c.APInterface == c.Interface) {
		return at("access-point.interface", "%q: it is the name of another interface, such as wlan1; leave it out to have both on one radio", c.APInterface)
	}
	longest := hal.MaxSSID
	if c.Transport == BLE {
		longest = ble.MaxDeviceName
	}
	switch name := c.NameFor(hal.BSSID{}); {
	case name == "" || !utf8.ValidString(name):
		return at("service.name", "it is empty, or no UTF-8")
	case len(name) > longest:
		return at("service.name", "%q: it has %d bytes with the address in it, and at most %d are allowed", c.ServiceName, len(name), longest)
	}
	switch n := len(c.ServiceKey); {
	case n > 0 && c.Transport == BLE:
		return at("service.key", "Bluetooth has no use for it; leave it out")
	case n > 0 && (n < softap.MinKey || n > softap.MaxKey):
		return at("service.key", "it has %d bytes, and %d to %d are allowed, or none for an open access point", n, softap.MinKey, softap.MaxKey)
	case !utf8.ValidString(string(c.ServiceKey)):
		return at("service.key", "it is no UTF-8, and a phone's keyboard has nothing else")
	}
	if c.Username == "" || len(c.Username) > 64 || !utf8.ValidString(c.Username) {
		return at("security.username", "it is text of 1 to 64 bytes")
	}
	if c.CredentialsFile != "" && c.Security != 2 {
		return at("security.credentials-file", "only security 2 takes it; set security.version to 2, or leave it out")
	}
	for key, path := range map[string]string{
		"security.credentials-file": c.CredentialsFile, "security.label-file": c.LabelFile,
		"button.chip": c.ButtonChip, "hooks.directory": c.HooksFolder,
	} {
		if path != "" && !filepath.IsAbs(path) {
			return at(key, "%q: give the whole path, from / on", path)
		}
	}
	if c.BLEStack == Kernel && c.BLEAdapter != "" && !strings.HasPrefix(c.BLEAdapter, "hci") {
		return at("ble.adapter", "%q: it is hci0 or the like", c.BLEAdapter)
	}
	return nil
}

// isInterface reports whether Linux takes a name for an interface.
func isInterface(name string) bool {
	return name != "" && len(name) <= maxInterface && !strings.ContainsAny(name, "/ \t\n") && name != "." && name != ".."
}

// NameFor returns the name of the service on a box whose Wi-Fi has an address.
func (c *Config) NameFor(mac hal.BSSID) string {
	end := fmt.Sprintf("%02X%02X%02X", mac[3], mac[4], mac[5])
	return strings.ReplaceAll(c.ServiceName, macMark, end)
}
