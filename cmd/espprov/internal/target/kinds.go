// SPDX-License-Identifier: Apache-2.0

package target

import (
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// Transport is how a device is reached.
type Transport uint8

// Transports.
const (
	Unknown Transport = iota
	SoftAP            // HTTP, over the device's access point
	BLE
	Console
)

var transportNames = []string{"", "softap", "ble", "console"}

// String returns the name that flags and tables have for t.
func (t Transport) String() string { return transportNames[t] }

// UnmarshalText reads a transport's name; httpd is esp_prov's other name for softap.
func (t *Transport) UnmarshalText(text []byte) error {
	name := strings.ToLower(string(text))
	if name == "httpd" {
		name = "softap"
	}
	for i, known := range transportNames {
		if name == known && i > 0 {
			*t = Transport(i)
			return nil
		}
	}
	return fmt.Errorf("no transport %q: take softap, ble or console", text)
}

func fromLabel(t label.Transport) Transport {
	if t == label.BLE {
		return BLE
	}
	return SoftAP
}

// Security is the value of the flag for the mode; zero: it was not given.
type Security client.Security

// UnmarshalText reads 0, 1, 2 or auto.
func (m *Security) UnmarshalText(text []byte) error {
	switch string(text) {
	case "0":
		*m = Security(client.Security0)
	case "1":
		*m = Security(client.Security1)
	case "2":
		*m = Security(client.Security2)
	case "auto":
		*m = Security(client.SecurityAuto)
	default:
		return fmt.Errorf("no security %q: take 0, 1, 2 or auto", text)
	}
	return nil
}

// UUID is the value of the flag for a Bluetooth service.
type UUID ble.UUID

// UnmarshalText reads a 128-bit UUID.
func (u *UUID) UnmarshalText(text []byte) error {
	uuid, err := ble.ParseUUID(string(text))
	*u = UUID(uuid)
	return err
}
