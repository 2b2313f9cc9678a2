// SPDX-License-Identifier: Apache-2.0

package fakewpa

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// network is a network that an interface knows.
type network struct {
	i       *iface
	path    dbus.ObjectPath
	config  map[string]string // as wpa_supplicant's file has it
	enabled bool
	changed bool      // the signal of it has not been sent
	until   time.Time // not tried before
}

// plain are strings without quotation marks; others of D-Bus get them.
var plain = []string{"key_mgmt", "proto", "pairwise", "auth_alg", "group", "eap", "bssid", "scan_freq", "freq_list", "scan_ssid"}

// parse converts properties as D-Bus has them; false: one is unknown or not valid.
func (d *Daemon) parse(p bluezbus.Props) (map[string]string, bool) {
	config := map[string]string{}
	for key, v := range p {
		switch v := v.Value().(type) {
		case []byte:
			config[key] = hex.EncodeToString(v)
		case string:
			config[key] = v
			if !slices.Contains(plain, key) {
				config[key] = `"` + v + `"`
			}
		case uint32, int32:
			config[key] = fmt.Sprint(v)
		default:
			return nil, false
		}
		if !d.valid(key, config[key]) {
			return nil, false
		}
	}
	return config, true
}

func (d *Daemon) valid(key, v string) bool {
	number := func(low, high int) bool {
		n, err := strconv.Atoi(v)
		return err == nil && n >= low && n <= high
	}
	quoted := strings.HasPrefix(v, `"`)
	switch key {
	case "ssid":
		return v != "" && (quoted && len(v) <= 34 || !quoted && len(v) <= 64)
	case "psk":
		return quoted && len(v) >= 10 && len(v) <= 65 || !quoted && len(v) == 64
	case "sae_password":
		return v != "" && v != `""`
	case "id_str":
		return quoted
	case "bssid":
		return new(hal.BSSID).UnmarshalText([]byte(v)) == nil
	case "key_mgmt":
		for _, m := range strings.Fields(v) {
			if m == "SAE" && d.cfg.NoSAE || !slices.Contains([]string{"NONE", "WPA-PSK", "WPA-PSK-SHA256", "SAE", "OWE", "WPA-EAP"}, m) {
				return false
			}
		}
		return v != ""
	case "proto":
		return v == "RSN" || v == "WPA" || v == "WPA RSN"
	case "pairwise", "group":
		return v == "CCMP" || v == "TKIP" || v == "CCMP TKIP"
	case "scan_ssid":
		return number(0, 1)
	case "ieee80211w":
		return number(0, 2)
	case "mode":
		return number(0, 5)
	case "frequency":
		return number(0, 70200)
	case "priority":
		return number(0, 10000)
	case "disabled":
		return number(0, 2)
	}
	return false
}

func (i *iface) addNetwork(config map[string]string) *network {
	n := &network{i: i, path: i.path + dbus.ObjectPath(fmt.Sprintf("/Networks/%d", i.number)), config: config}
	i.number++
	i.networks = append(i.networks, n)
	i.d.emit(i.path, ifaceName+".NetworkAdded", n.path, n.all())
	return n
}

// remove is RemoveNetwork.
func (i *iface) remove(n *network) {
	i.d.emit(i.path, ifaceName+".NetworkRemoved", n.path)
	if i.current == n {
		i.deauth()
	}
	i.networks = slices.DeleteFunc(i.networks, func(o *network) bool { return o == n })
	i.searchSoon(i.d.cfg.Times.Step)
}

// enable sets Enabled, without joining.
func (n *network) enable(on bool) {
	if n.enabled != on {
		n.enabled, n.changed = on, true
		n.i.markLater()
	}
}

// all are the network's properties. Secrets are not among them.
func (n *network) all() bluezbus.Props {
	config := maps.Clone(n.config)
	delete(config, "psk")
	delete(config, "sae_password")
	if _, set := config["priority"]; !set {
		config["priority"] = "0"
	}
	config["disabled"] = "1"
	if n.enabled {
		config["disabled"] = "0"
	}
	p := bluezbus.Props{}
	for key, v := range config {
		p[key] = dbus.MakeVariant(v)
	}
	return bluezbus.Props{"Properties": dbus.MakeVariant(p), "Enabled": dbus.MakeVariant(n.enabled)}
}

func unhex(v string) string {
	if strings.HasPrefix(v, `"`) {
		return strings.Trim(v, `"`)
	}
	b, _ := hex.DecodeString(v)
	return string(b)
}

func (n *network) ssid() hal.SSID { return hal.SSID(unhex(n.config["ssid"])) }

func (n *network) priority() int {
	p, _ := strconv.Atoi(n.config["priority"])
	return p
}

func (n *network) has(mgmt string) bool {
	return slices.Contains(strings.Fields(n.config["key_mgmt"]), mgmt)
}

// password is that of SAE.
func (n *network) password() string {
	if p := n.config["sae_password"]; p != "" {
		return unhex(p)
	}
	if p := n.config["psk"]; strings.HasPrefix(p, `"`) {
		return unhex(p)
	}
	return ""
}

func (n *network) sae() bool { return n.has("SAE") && n.password() != "" }

// psk is the pre-shared key; empty: none.
func (n *network) psk() string {
	p := n.config["psk"]
	if strings.HasPrefix(p, `"`) {
		return psk(n.ssid(), unhex(p))
	}
	return p
}

// matches reports whether the daemon joins b with n.
func (n *network) matches(b *bss) bool {
	if n.config["mode"] == "2" || n.ssid() != b.ssid || n.ssid() == "" {
		return false
	}
	if want := n.config["bssid"]; want != "" && want != b.ap.BSSID.String() {
		return false
	}
	secret := n.has("WPA-PSK") && n.psk() != ""
	pmf := n.config["ieee80211w"] != "" && n.config["ieee80211w"] != "0"
	switch b.ap.Auth {
	case hal.AuthOpen:
		return n.has("NONE")
	case hal.AuthWPAPSK:
		return secret && n.config["proto"] != "RSN"
	case hal.AuthWPA2PSK, hal.AuthWPAWPA2PSK:
		return secret
	case hal.AuthWPA3PSK:
		return n.sae() && pmf
	case hal.AuthWPA2WPA3PSK:
		return secret || n.sae() && pmf
	case hal.AuthOWE:
		return n.has("OWE")
	}
	return false
}
