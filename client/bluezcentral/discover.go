// SPDX-License-Identifier: Apache-2.0

package bluezcentral

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// Discover implements client.BLELink. bluetoothd knows the characteristics already;
// Discover reads their user descriptions from the device.
func (l *link) Discover(ctx context.Context, service ble.UUID) ([]client.BLECharacteristic, error) {
	if l.over() {
		return nil, errLinkLost
	}
	objects, err := l.bus.Objects(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case bluezbus.Gone(err):
		return nil, errLinkLost
	case err != nil:
		return nil, fmt.Errorf("bluezcentral: %w", err)
	}
	at := l.findService(objects, service)
	if at == "" {
		if l.over() {
			return nil, errLinkLost
		}
		return nil, fmt.Errorf("bluezcentral: the device has no service %v", service)
	}
	var list []client.BLECharacteristic
	l.chars = map[uint16]dbus.ObjectPath{}
	for _, path := range below(objects, at, bluezbus.GattChar) {
		props := objects[path][bluezbus.GattChar]
		uuid, err := ble.ParseUUID(bluezbus.Get[string](props, "UUID"))
		handle, numbered := handleOf(path)
		if err != nil || !numbered {
			continue // BlueZ does not send this
		}
		c := client.BLECharacteristic{UUID: uuid, Handle: handle + 1} // the value follows its declaration
		for _, desc := range below(objects, path, bluezbus.GattDesc) {
			if !strings.EqualFold(bluezbus.Get[string](objects[desc][bluezbus.GattDesc], "UUID"), bluezbus.UserDescription) {
				continue
			}
			name, err := l.value(l.call(ctx, desc, bluezbus.GattDesc+".ReadValue", bluezbus.Props{}))
			if err != nil {
				return nil, fmt.Errorf("bluezcentral: reading the description of %v: %w", uuid, err)
			}
			c.Name = string(name)
		}
		l.chars[c.Handle] = path
		list = append(list, c)
	}
	return list, nil
}

// findService returns the path of a service, or "" if there is none. The zero UUID
// stands for the first service that has a 128-bit UUID.
func (l *link) findService(objects bluezbus.Objects, service ble.UUID) dbus.ObjectPath {
	for _, path := range below(objects, l.path, bluezbus.GattService) {
		text := bluezbus.Get[string](objects[path][bluezbus.GattService], "UUID")
		uuid, err := ble.ParseUUID(text)
		if err == nil && (uuid == service || service == (ble.UUID{}) && !bluezbus.Assigned(text)) {
			return path
		}
	}
	return ""
}

// below returns the objects directly below a path that have an interface. Their names
// contain their handles, and they are in this order.
func below(objects bluezbus.Objects, parent dbus.ObjectPath, iface string) []dbus.ObjectPath {
	var list []dbus.ObjectPath
	for path, interfaces := range objects {
		name, is := strings.CutPrefix(string(path), string(parent)+"/")
		if is && interfaces[iface] != nil && !strings.Contains(name, "/") {
			list = append(list, path)
		}
	}
	slices.Sort(list)
	return list
}

// handleOf returns the handle in a path, ".../char002a".
func handleOf(path dbus.ObjectPath) (uint16, bool) {
	if len(path) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(path[len(path)-4:]), 16, 16)
	return uint16(n), err == nil && n < 0xFFFF
}
