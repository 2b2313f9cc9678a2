// SPDX-License-Identifier: Apache-2.0

package bluezbus

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// Watch calls woke when bluetoothd has come, or has an adapter that it had not, until
// the connection that it returns is closed. woke is called as the receiver of Dial is.
func Watch(ctx context.Context, address string, woke func()) (*Conn, error) {
	c, err := Dial(ctx, address, func(m Message) {
		if comes(m) {
			woke()
		}
	})
	if err != nil {
		return nil, err
	}
	for _, rule := range []string{ownerChangeRule, everySignalsRule + ",interface='" + ObjectManager + "'"} {
		if err := c.Match(ctx, rule); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// comes reports whether a signal tells of bluetoothd or of an adapter's interface.
// Who sent it does not matter: it makes us look, no more.
func comes(m Message) bool {
	switch {
	case m.Call:
	case m.Sender == busName && m.Member == "NameOwnerChanged" && len(m.Body) == 3:
		owner, _ := m.Body[2].(string)
		return owner != ""
	case m.Interface == ObjectManager && m.Member == "InterfacesAdded" && len(m.Body) == 2:
		all, _ := m.Body[1].(map[string]map[string]dbus.Variant)
		for _, iface := range []string{Adapter, GattManager, AdvManager} {
			if _, is := all[iface]; is {
				return true
			}
		}
	}
	return false
}
