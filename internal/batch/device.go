// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/hal"
)

// Transports of devices.
const (
	SoftAP  = "softap"
	BLE     = "ble"
	Console = "console"
)

// Device is one row of the input, checked and filled in.
type Device struct {
	// Row is the line of the input on which the row begins, from 1.
	Row int
	// Name of the device's service; may be empty if there is an Address.
	Name string
	// Address over SoftAP is as in client.HTTPConfig, and of a console the port.
	Address string
	// Transport is SoftAP, BLE or Console.
	Transport string
	Security  client.Security
	PoP       hal.Secret
	Username  string
	Password  hal.Secret
	// SSID and Passphrase of the network that the device shall join.
	SSID       string
	Passphrase hal.Secret
	// MAC is empty, or like 24:6F:28:AA:BB:CC.
	MAC string
	// Key is the passphrase of the device's own access point, if its QR code tells it.
	Key hal.Secret
	// Fields are the other columns, in their order.
	Fields []Field
}

// Field is a column that only the operator knows.
type Field struct{ Name, Value string }

// ID is the name, or the address of a device without a name. It tells devices of a
// batch apart.
func (d *Device) ID() string {
	if d.Name != "" {
		return d.Name
	}
	return d.Address
}

// Config is what a client has to know of the device.
func (d *Device) Config() client.Config {
	return client.Config{Security: d.Security, PoP: d.PoP, Username: d.Username, Password: d.Password}
}

// Credentials of the network to join.
func (d *Device) Credentials() client.Credentials {
	return client.Credentials{SSID: hal.SSID(d.SSID), Passphrase: d.Passphrase}
}

// Label is what the device's QR code says.
func (d *Device) Label() label.Label {
	l := label.Label{Name: d.Name, PoP: d.PoP, Transport: label.Transport(d.Transport), Security: d.Security, Password: d.Key}
	if d.Password != "" {
		l.Username, l.PoP = d.Username, d.Password
	}
	return l
}

// Digest stands for what the row says of the device and its network, except for
// secrets: who reads a report shall have nothing to try guesses on.
func (d *Device) Digest() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		d.Name, d.Address, d.Transport, d.Security.String(), d.Username, d.SSID, d.MAC,
	}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// hide replaces the device's secrets in a text. One of three letters hides nothing, and
// would tear the text apart.
func (d *Device) hide(text string) string {
	for _, secret := range []hal.Secret{d.Passphrase, d.Password, d.PoP, d.Key} {
		if len(secret) > 3 {
			text = strings.ReplaceAll(text, string(secret), secret.String())
		}
	}
	return text
}

// key is a digest for tables of many devices.
type key [16]byte

func keyOf(kind, text string) key {
	sum := sha256.Sum256([]byte(kind + "\x00" + text))
	return key(sum[:16])
}
