// SPDX-License-Identifier: Apache-2.0

// Package label reads and writes the text of a device's QR code, which tells a client
// how to reach the device and which secrets it wants.
//
// There are two forms. Phone apps and ESP-IDF's examples use JSON:
//
//	{"ver":"v1","name":"PROV_A1B2C3","pop":"abcd1234","transport":"ble"}
//
// RainMaker also has a compact one, which has room for a name, a proof of possession
// and the transport alone:
//
//	NP:PROV_A1B2C3|abcd1234|b
//
// [Parse] reads both, and the address of a web page that shows a code. [Label.JSON]
// and [Label.Compact] write them. No function keeps state, and all may be called at the
// same time. Errors are one line that names the member, and show nothing of the text,
// because it contains secrets.
package label

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
)

// MaxText is the longest text, in bytes: the largest QR code has room for that many.
const MaxText = 2953

// Transport is how clients reach a device.
type Transport string

// Transports.
const (
	SoftAP Transport = "softap" // HTTP on the device's own access point
	BLE    Transport = "ble"    // GATT
)

// Network is what a device joins.
type Network string

// Networks.
const (
	WiFi   Network = "wifi"
	Thread Network = "thread"
)

// Label is what a QR code says of a device. All of its text is UTF-8. The verbs of fmt
// and encoders such as encoding/json do not show its secrets: [Label.JSON] does.
type Label struct {
	// Name of the service, 1 to 32 bytes: the SSID of the device's access point, or
	// its name on Bluetooth.
	Name string
	// Username for security 2; "": there is none, or the code does not say it.
	Username string
	// PoP is the proof of possession, and the password for security 2; "": there is
	// none, or the code does not say it.
	PoP hal.Secret
	// Transport is SoftAP or BLE.
	Transport Transport
	// Security of the device; client.SecurityAuto: the code does not say it. Phone apps
	// take that for security 2, and older ones for 1.
	Security client.Security
	// Password of the device's access point, up to 63 bytes or a key of 64
	// hexadecimal digits; "": the access point is open, or the code does not say it.
	Password hal.Secret
	// Network is WiFi or Thread; "": the code does not say it, and means Wi-Fi.
	Network Network
}

// Fill sets in cfg the security and the secrets that the label names. If the label
// does not name the security, the device chooses, and an impostor cannot choose one
// that proves no secret: see [client.ErrDowngrade].
func (l *Label) Fill(cfg *client.Config) {
	cfg.Security, cfg.PoP, cfg.Username, cfg.Password = l.Security, "", "", ""
	if l.Security == client.Security1 || l.Security == client.SecurityAuto {
		cfg.PoP = l.PoP
	}
	if l.Security == client.Security2 || l.Security == client.SecurityAuto && l.Username != "" {
		cfg.Username, cfg.Password = l.Username, l.PoP
	}
}

// check finds what no label can say.
func (l *Label) check() error {
	for _, member := range [][2]string{
		{keyName, l.Name}, {keyUsername, l.Username}, {keyPoP, string(l.PoP)}, {keyPassword, string(l.Password)},
	} {
		if !utf8.ValidString(member[1]) {
			return wrong(member[0], "is not UTF-8")
		}
	}
	switch {
	case l.Name == "":
		return wrong(keyName, "is missing or empty: give the name of the device")
	case len(l.Name) > hal.MaxSSID:
		return wrong(keyName, "has %d bytes, and at most %d are allowed", len(l.Name), hal.MaxSSID)
	case l.Transport == "":
		return wrong(keyTransport, "is missing: it is softap or ble")
	case l.Transport != SoftAP && l.Transport != BLE:
		return wrong(keyTransport, "is neither softap nor ble")
	case l.Security > client.Security2:
		return wrong(keySecurity, "is neither 0 nor 1 nor 2")
	case !hal.ValidPassphrase(l.Password):
		return wrong(keyPassword, "has %d bytes, and at most %d are allowed, or a key of %d hexadecimal digits",
			len(l.Password), hal.MaxPassphrase, hal.PSKDigits)
	case l.Network != "" && l.Network != WiFi && l.Network != Thread:
		return wrong(keyNetwork, "is neither wifi nor thread")
	}
	return nil
}

// wrong is the error for a member of a label.
func wrong(key, format string, args ...any) error {
	return fmt.Errorf("label: "+key+" "+format, args...)
}

// size refuses a text that no QR code has room for.
func size(text string) error {
	if len(text) > MaxText {
		return fmt.Errorf("label: the text has %d bytes, and a QR code has room for %d", len(text), MaxText)
	}
	return nil
}

// compactPrefix begins the compact form.
const compactPrefix = "NP:"

// compactUsername is the user name that the compact form implies.
const compactUsername = "wifiprov"

// Compact writes RainMaker's compact form, which only RainMaker's apps read. Its readers
// ask the device for the security, and take the user name wifiprov for security 2.
// Compact fails if the label says something that this form cannot.
func (l *Label) Compact() (string, error) {
	if err := l.check(); err != nil {
		return "", err
	}
	const cannot = "cannot be said in the compact form"
	switch {
	case strings.Contains(l.Name, "|"):
		return "", wrong(keyName, "has a |, which "+cannot)
	case strings.Contains(string(l.PoP), "|"):
		return "", wrong(keyPoP, "has a |, which "+cannot)
	case l.Username != "" && l.Username != compactUsername:
		return "", wrong(keyUsername, "is not "+compactUsername+", and another one "+cannot)
	case l.Security == client.Security0:
		return "", wrong(keySecurity, "0 "+cannot)
	case l.Password != "":
		return "", wrong(keyPassword, cannot)
	case l.Network == Thread:
		return "", wrong(keyNetwork, "thread "+cannot)
	}
	letter := "s"
	if l.Transport == BLE {
		letter = "b"
	}
	text := compactPrefix + l.Name + "|" + string(l.PoP) + "|" + letter
	if err := size(text); err != nil {
		return "", err
	}
	return text, nil
}

// parseCompact reads what follows the prefix of the compact form.
func parseCompact(text string) (Label, error) {
	fields := strings.Split(text, "|")
	if len(fields) != 3 {
		return Label{}, fmt.Errorf("label: there are %d fields behind %s instead of 3: a name, a pop and b or s, with | between them", len(fields), compactPrefix)
	}
	l := Label{Name: fields[0], Username: compactUsername, PoP: hal.Secret(fields[1])}
	switch fields[2] {
	case "b":
		l.Transport = BLE
	case "s":
		l.Transport = SoftAP
	default:
		return Label{}, errors.New("label: the last field, the transport, is neither b nor s")
	}
	return l, l.check()
}
