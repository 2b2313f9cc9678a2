// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"encoding/hex"
	"strings"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/hal"
)

// fromQR fills in what the text of a QR code says, and returns the passphrase of the
// device's access point.
func (r *row) fromQR(text string) (hal.Secret, error) {
	l, err := label.Parse(text)
	if err != nil {
		return "", r.wrong(colQR, "%s", strings.TrimPrefix(err.Error(), "label: "))
	}
	if l.Network == label.Thread {
		return "", r.wrong(colQR, "the device joins a Thread network, and a batch gives credentials of Wi-Fi")
	}
	var cfg client.Config
	l.Fill(&cfg)
	if cfg.Password == "" {
		cfg.Username = "" // the compact form has one even where it has no secret
	}
	values := map[int]string{
		colName: l.Name, colTransport: string(l.Transport), colUsername: cfg.Username,
		colPoP: string(cfg.PoP), colPassword: string(cfg.Password),
	}
	if cfg.Security != client.SecurityAuto {
		values[colSecurity] = securityNames[cfg.Security]
	}
	for column := range knownColumns {
		value := values[column]
		if value != "" && r.given[column] && r.values[column] != value {
			return "", r.wrong(colQR, "it says something else than column %s: correct one of the two", columnNames[column])
		}
		if value != "" {
			r.values[column], r.given[column] = value, true
		}
	}
	return l.Password, nil
}

var securityNames = map[client.Security]string{
	client.SecurityAuto: "auto", client.Security0: "0", client.Security1: "1", client.Security2: "2",
}

// check makes a device of the row.
func (r *row) check(d *Device) error {
	v := &r.values
	d.Name, d.Address, d.Transport, d.SSID = v[colName], v[colAddress], strings.ToLower(v[colTransport]), v[colSSID]
	d.Username, d.PoP, d.Password, d.Passphrase = v[colUsername], hal.Secret(v[colPoP]), hal.Secret(v[colPassword]), hal.Secret(v[colPassphrase])
	if d.Transport == "" {
		d.Transport = SoftAP
	}
	if err := r.checkPlace(d); err != nil {
		return err
	}
	if err := r.checkSecurity(d); err != nil {
		return err
	}
	if r.given[colMAC] {
		digits := strings.NewReplacer(":", "", "-", "", ".", "").Replace(v[colMAC])
		b, err := hex.DecodeString(digits)
		if err != nil || len(b) != 6 {
			return r.wrong(colMAC, "it is no address of six bytes: write 24:6F:28:AA:BB:CC")
		}
		d.MAC = strings.ToUpper(hal.BSSID(b).String())
	}
	switch {
	case r.in.cfg.Labels:
	case d.SSID == "":
		return r.wrong(colSSID, "it is empty: name the network in the column or with --ssid")
	case len(d.SSID) > hal.MaxSSID:
		return r.wrong(colSSID, "it has %d bytes, and at most %d are allowed", len(d.SSID), hal.MaxSSID)
	case !hal.ValidPassphrase(d.Passphrase):
		return r.wrong(colPassphrase, "it has %d bytes, and at most %d are allowed, or a key of %d hexadecimal digits",
			len(d.Passphrase), hal.MaxPassphrase, hal.PSKDigits)
	case strings.ContainsRune(string(d.Passphrase), 0):
		return r.wrong(colPassphrase, "it has a zero byte: correct the secret")
	}
	return nil
}

// checkPlace finds out whether the device can be found.
func (r *row) checkPlace(d *Device) error {
	switch d.Transport {
	case SoftAP, Console:
		if d.Address == "" && !r.in.cfg.Labels {
			return r.wrong(colAddress, "a %s device needs one: fill the column in, or give --address with a {column}", d.Transport)
		}
	case BLE:
		if d.Address != "" {
			return r.wrong(colAddress, "a ble device is found by its name: leave the address out")
		}
	default:
		return r.wrong(colTransport, "it is softap, ble or console")
	}
	switch {
	case d.Name == "" && (r.in.cfg.Labels || d.Transport == BLE):
		return r.wrong(colName, "it is empty: fill in the column, or give --name with a {column}")
	case len(d.Name) > hal.MaxSSID:
		return r.wrong(colName, "it has %d bytes, and at most %d are allowed", len(d.Name), hal.MaxSSID)
	case strings.ContainsFunc(d.ID(), func(r rune) bool { return r < ' ' || r == 0x7f }):
		return r.wrong(colName, "it has control characters: remove them")
	}
	return nil
}

// checkSecurity finds secrets that the security has no use for, or misses.
func (r *row) checkSecurity(d *Device) error {
	found := false
	for mode, name := range securityNames {
		if name == strings.ToLower(r.values[colSecurity]) || name == "auto" && !r.given[colSecurity] {
			d.Security, found = mode, true
		}
	}
	switch {
	case !found:
		return r.wrong(colSecurity, "it is 0, 1, 2 or auto")
	case d.Security == client.Security2 && d.PoP != "":
		return r.wrong(colPoP, "security 2 has a username and a password: move the pop to column password")
	case d.Security == client.Security0 && d.PoP != "":
		return r.wrong(colPoP, "security 0 has none: leave it out, or set security 1")
	case d.Security == client.Security0 && d.Password != "", d.Security == client.Security1 && d.Password != "":
		return r.wrong(colPassword, "it is for security 2: leave it out, or set that")
	case (d.Username == "") != (d.Password == "") && d.Security != client.Security1:
		missing := colUsername
		if d.Password == "" {
			missing = colPassword
		}
		return r.wrong(missing, "it is empty: security 2 needs user name and password")
	case d.Security == client.Security2 && d.Username == "":
		return r.wrong(colUsername, "it is empty: security 2 needs user name and password")
	}
	return nil
}
