// SPDX-License-Identifier: Apache-2.0

package bluezbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"
)

// Names of BlueZ.
const (
	Name             = "org.bluez"
	Adapter          = Name + ".Adapter1"
	Device           = Name + ".Device1"
	GattManager      = Name + ".GattManager1"
	GattService      = Name + ".GattService1"
	GattChar         = Name + ".GattCharacteristic1"
	GattDesc         = Name + ".GattDescriptor1"
	AdvManager       = Name + ".LEAdvertisingManager1"
	Advertisement    = Name + ".LEAdvertisement1"
	AgentManager     = Name + ".AgentManager1"
	Agent            = Name + ".Agent1"
	Root             = dbus.ObjectPath("/org/bluez")
	UserDescription  = "00002901-0000-1000-8000-00805f9b34fb"
	baseUUIDTail     = "-0000-1000-8000-00805f9b34fb"
	ownerChangeRule  = "type='signal',sender='" + busName + "',interface='" + busName + "',member='NameOwnerChanged',arg0='" + Name + "'"
	everySignalsRule = "type='signal',sender='" + Name + "'"
)

// Props are properties of an interface.
type Props = map[string]dbus.Variant

// Objects are the objects of a service, their interfaces and properties.
type Objects map[dbus.ObjectPath]map[string]Props

// Bus is a connection on which bluetoothd was found.
type Bus struct {
	*Conn
	Owner string // bluetoothd's unique name; each process has its own
}

// Open dials a bus, finds bluetoothd on it, and asks for bluetoothd's signals and
// objects. Signals that are older than the objects may follow.
func Open(ctx context.Context, address string, receive func(Message)) (*Bus, Objects, error) {
	c, err := Dial(ctx, address, receive)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err() // the better explanation
		}
		return nil, nil, fmt.Errorf("no message bus: %w; is dbus-daemon running, and its socket reachable from here?", err)
	}
	b := &Bus{Conn: c}
	objects, err := b.find(ctx)
	if err != nil {
		c.Close()
		return nil, nil, err
	}
	return b, objects, nil
}

func (b *Bus) find(ctx context.Context) (Objects, error) {
	for _, rule := range []string{ownerChangeRule, everySignalsRule} {
		if err := b.Match(ctx, rule); err != nil {
			return nil, err
		}
	}
	// A call to the well-known name lets the bus start bluetoothd, and waits for
	// it.
	if _, err := b.managed(ctx, Name); err != nil {
		if late := (*errNoAnswer)(nil); errors.As(err, &late) && ctx.Err() != nil {
			late.hint = notRunning
		}
		return nil, err
	}
	body, err := b.Conn.Call(ctx, busName, busPath, busName+".GetNameOwner", Name)
	if err == nil {
		err = dbus.Store(body, &b.Owner)
	}
	if err != nil {
		return nil, err
	}
	return b.Objects(ctx)
}

// Objects asks for all objects.
func (b *Bus) Objects(ctx context.Context) (Objects, error) { return b.managed(ctx, b.Owner) }

func (b *Bus) managed(ctx context.Context, dest string) (Objects, error) {
	body, err := b.Conn.Call(ctx, dest, "/", ObjectManager+".GetManagedObjects")
	if err != nil {
		return nil, err
	}
	var objects Objects
	if err := dbus.Store(body, &objects); err != nil {
		return nil, fmt.Errorf("GetManagedObjects: %w", err)
	}
	return objects, nil
}

// Call calls a method of bluetoothd.
func (b *Bus) Call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) ([]any, error) {
	return b.Conn.Call(ctx, b.Owner, path, method, args...)
}

// Do is Call for methods that return nothing.
func (b *Bus) Do(ctx context.Context, path dbus.ObjectPath, method string, args ...any) error {
	_, err := b.Call(ctx, path, method, args...)
	return err
}

// Set sets a property.
func (b *Bus) Set(ctx context.Context, path dbus.ObjectPath, iface, name string, value any) error {
	err := b.Do(ctx, path, Properties+".Set", iface, name, dbus.MakeVariant(value))
	var e *Error
	if errors.As(err, &e) {
		e.Call = "setting " + name
	}
	return err
}

// Lost reports whether a message says that bluetoothd, or this object, is gone.
func (b *Bus) Lost(m Message, path dbus.ObjectPath, iface string) bool {
	switch {
	case m.Call:
	case m.Sender == busName && m.Member == "NameOwnerChanged" && len(m.Body) == 3:
		owner, _ := m.Body[2].(string)
		return m.Body[0] == Name && owner != b.Owner
	case m.Sender == b.Owner && m.Interface == ObjectManager && m.Member == "InterfacesRemoved" && len(m.Body) == 2:
		list, _ := m.Body[1].([]string)
		return m.Body[0] == path && slices.Contains(list, iface)
	}
	return false
}

// Changed returns the properties in a signal of bluetoothd: all properties of a new
// object, or those that have changed.
func (b *Bus) Changed(m Message, iface string) (dbus.ObjectPath, Props, bool) {
	if m.Call || m.Sender != b.Owner {
		return "", nil, false
	}
	switch {
	case m.Interface == Properties && m.Member == "PropertiesChanged" && len(m.Body) == 3 && m.Body[0] == iface:
		props, ok := m.Body[1].(Props)
		return m.Path, props, ok
	case m.Interface == ObjectManager && m.Member == "InterfacesAdded" && len(m.Body) == 2:
		path, _ := m.Body[0].(dbus.ObjectPath)
		all, _ := m.Body[1].(map[string]Props)
		props, ok := all[iface]
		return path, props, ok
	}
	return "", nil, false
}

// Get returns a property, or the zero value if there is none.
func Get[T any](props Props, name string) T {
	v, _ := props[name].Value().(T)
	return v
}

// FindAdapter returns the adapter of that name, or the first if name is empty. The
// adapter must have all the interfaces, else FindAdapter fails with ErrUnable.
func (o Objects) FindAdapter(name string, needs ...string) (dbus.ObjectPath, error) {
	var all, able []string
	lacks := ""
	for path, interfaces := range o {
		if _, is := interfaces[Adapter]; !is {
			continue
		}
		all = append(all, string(path))
		missing := slices.IndexFunc(needs, func(n string) bool { return interfaces[n] == nil })
		if missing < 0 {
			able = append(able, string(path))
		} else if lacks == "" || path == adapterPath(name) {
			lacks = needs[missing]
		}
	}
	slices.Sort(all)
	slices.Sort(able)
	wanted := string(adapterPath(name))
	switch {
	case len(all) == 0:
		return "", errors.New("bluetoothd has no adapter: is one plugged in, and does bluetoothctl list show it?")
	case name == "" && len(able) > 0:
		return dbus.ObjectPath(able[0]), nil
	case slices.Contains(able, wanted):
		return dbus.ObjectPath(wanted), nil
	case name == "" || slices.Contains(all, wanted):
		return "", fmt.Errorf("%w: no %s on %s", ErrUnable, lacks, strings.Join(all, " "))
	}
	return "", fmt.Errorf("no adapter %s; bluetoothd has %s", name, strings.Join(all, " "))
}

// ErrUnable means that no adapter has the interfaces.
var ErrUnable = errors.New("the adapter or this bluetoothd cannot do it: Bluetooth LE and BlueZ 5.50 or later are needed")

func adapterPath(name string) dbus.ObjectPath { return Root + "/" + dbus.ObjectPath(name) }

// Assigned reports whether a UUID is a 16-bit UUID of the Bluetooth SIG, as the
// services that all devices have.
func Assigned(uuid string) bool {
	return strings.HasPrefix(uuid, "0000") && strings.HasSuffix(uuid, baseUUIDTail) && uuid[4:8] != "ffff"
}
