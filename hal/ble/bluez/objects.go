// SPDX-License-Identifier: Apache-2.0

package bluez

import (
	"fmt"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// Paths of our objects.
const (
	appPath     = dbus.ObjectPath("/wifiprov/app")
	servicePath = appPath + "/service0"
	adPath      = dbus.ObjectPath("/wifiprov/advertisement")
	agentPath   = dbus.ObjectPath("/wifiprov/agent")
)

// roomInAdvertising is how many bytes of manufacturer data fit into advertising
// data, beside flags (3), a UUID (18) and the data's own header (2).
const roomInAdvertising = maxScanResponse - 3 - 18 - 2

// intervalMS is how often to advertise (transports.md 2.3).
const intervalMS = uint32(160)

// object is one of our D-Bus objects.
type object struct {
	Path       dbus.ObjectPath
	Interfaces map[string]bluezbus.Props
}

// objectsSignature is the signature of GetManagedObjects' result, a dictionary. Its
// order becomes the order of the attribute table, so it is encoded from a list.
var objectsSignature = dbus.ParseSignatureMust("a{oa{sa{sv}}}")

func charPath(i int) dbus.ObjectPath {
	return servicePath + dbus.ObjectPath(fmt.Sprintf("/char%d", i))
}

// application returns the service, its characteristics and their descriptions.
func application(cfg *ble.Config) []object {
	list := []object{{servicePath, map[string]bluezbus.Props{bluezbus.GattService: {
		"UUID":    dbus.MakeVariant(cfg.Service.String()),
		"Primary": dbus.MakeVariant(true),
	}}}}
	flags := []string{"read", "write"}
	if cfg.Encrypt {
		flags = append(flags, "encrypt-read", "encrypt-write")
	}
	if cfg.Notify {
		flags = append(flags, "notify") // with it bluetoothd adds 0x2902
	}
	for i, c := range cfg.Characteristics {
		path := charPath(i)
		list = append(list,
			object{path, map[string]bluezbus.Props{bluezbus.GattChar: {
				"UUID":    dbus.MakeVariant(c.UUID.String()),
				"Service": dbus.MakeVariant(servicePath),
				"Flags":   dbus.MakeVariant(flags),
			}}},
			object{path + "/desc0", map[string]bluezbus.Props{bluezbus.GattDesc: {
				"UUID":           dbus.MakeVariant(bluezbus.UserDescription),
				"Characteristic": dbus.MakeVariant(path),
				"Flags":          dbus.MakeVariant([]string{"read"}),
			}}})
	}
	return list
}

// advertisement returns the object that describes the advertising data.
func advertisement(cfg *ble.Config) object {
	props := bluezbus.Props{
		"Type":         dbus.MakeVariant("peripheral"),
		"ServiceUUIDs": dbus.MakeVariant([]string{cfg.Service.String()}),
		"LocalName":    dbus.MakeVariant(cfg.DeviceName),
		"Discoverable": dbus.MakeVariant(true),
		"MinInterval":  dbus.MakeVariant(intervalMS),
		"MaxInterval":  dbus.MakeVariant(intervalMS),
	}
	if data := cfg.ManufacturerData; len(data) > 0 {
		company := uint16(data[0]) | uint16(data[1])<<8
		name := "ManufacturerData"
		if len(data) > roomInAdvertising {
			name = "ScanResponseManufacturerData"
		}
		props[name] = dbus.MakeVariant(map[uint16]dbus.Variant{company: dbus.MakeVariant(append([]byte{}, data[2:]...))})
	}
	return object{adPath, map[string]bluezbus.Props{bluezbus.Advertisement: props}}
}
