// SPDX-License-Identifier: Apache-2.0

package bluezcentral

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// Config holds the settings of a Central. The zero value is usable.
type Config struct {
	// Adapter is the adapter's name, "hci0"; empty: the first.
	Adapter string
	// Bus is the address of the message bus, such as "unix:path=…". Empty: the
	// system bus.
	Bus string
	// Forget removes a device, its keys included, from bluetoothd's cache when
	// its link is closed. Devices that the machine knew before this Central found
	// them stay there.
	Forget bool
	// Timeout bounds the time to end a scan or a link. 0: 5 s.
	Timeout time.Duration
}

// Central implements client.Central on an adapter of this machine. Make it with New.
type Central struct {
	cfg Config

	mu    sync.Mutex
	found map[dbus.ObjectPath]bool // devices that were not known before
}

var _ client.Central = (*Central)(nil)

var (
	errLinkLost = errors.New("bluezcentral: the link is lost")
	errUnknown  = errors.New("bluetoothd does not know the device any more; scan again")
)

// New returns a central. Nothing is checked before the first scan.
func New(cfg Config) *Central {
	if cfg.Timeout <= 0 {
		cfg.Timeout = 5 * time.Second
	}
	return &Central{cfg: cfg, found: map[dbus.ObjectPath]bool{}}
}

// Scan implements client.Central. Addresses are the paths of bluetoothd's
// objects.
func (c *Central) Scan(ctx context.Context, found func(client.Advertisement) bool) error {
	err := c.scan(ctx, found)
	if err == nil || err == ctx.Err() {
		return err
	}
	return fmt.Errorf("bluezcentral: scanning: %w", err)
}

func (c *Central) scan(ctx context.Context, found func(client.Advertisement) bool) error {
	q := newQueue()
	bus, objects, err := bluezbus.Open(ctx, c.cfg.Bus, q.put)
	if err != nil {
		return err
	}
	defer bus.Close()
	adapter, err := objects.FindAdapter(c.cfg.Adapter)
	if err != nil {
		return err
	}
	if !bluezbus.Get[bool](objects[adapter][bluezbus.Adapter], "Powered") {
		if err := bus.Set(ctx, adapter, bluezbus.Adapter, "Powered", true); err != nil {
			return err
		}
	}
	// With a filter, bluetoothd reports the RSSI of every packet.
	filter := bluezbus.Props{"Transport": dbus.MakeVariant("le")}
	if err := bus.Do(ctx, adapter, bluezbus.Adapter+".SetDiscoveryFilter", filter); err != nil {
		return err
	}
	if err := bus.Do(ctx, adapter, bluezbus.Adapter+".StartDiscovery"); err != nil {
		return err
	}
	// Closing the connection ends the discovery, too, but perhaps only after the
	// next scan or link has begun.
	defer c.atEnd(ctx, func(ctx context.Context) error {
		return bus.Do(ctx, adapter, bluezbus.Adapter+".StopDiscovery")
	})

	devices := map[dbus.ObjectPath]bluezbus.Props{}
	for path, interfaces := range objects {
		if props := interfaces[bluezbus.Device]; props != nil && strings.HasPrefix(string(path), string(adapter)+"/") {
			devices[path] = props
			if !report(path, props, found) {
				return nil
			}
		}
	}
	for {
		m, err := q.get(ctx, bus.Done())
		if err != nil {
			return err
		}
		if bus.Lost(m, adapter, bluezbus.Adapter) {
			return errors.New("bluetoothd ended, or its adapter is gone")
		}
		path, props, ok := bus.Changed(m, bluezbus.Device)
		if !ok || !strings.HasPrefix(string(path), string(adapter)+"/") {
			continue
		}
		device := devices[path]
		if device == nil {
			device = bluezbus.Props{}
			devices[path] = device
			c.remember(path)
		}
		for name, v := range props {
			device[name] = v
		}
		if m.Member == "PropertiesChanged" {
			gone, _ := m.Body[2].([]string)
			for _, name := range gone {
				delete(device, name)
			}
		}
		if len(props) > 0 && !report(path, device, found) {
			return nil
		}
	}
}

// atEnd runs fn, which ends something, even if ctx has ended.
func (c *Central) atEnd(ctx context.Context, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.Timeout)
	defer cancel()
	return fn(ctx)
}

func (c *Central) remember(path dbus.ObjectPath) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cfg.Forget {
		c.found[path] = true
	}
}

// toForget reports whether a device is to be removed, and forgets that.
func (c *Central) toForget(path dbus.ObjectPath) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.found[path]
	delete(c.found, path)
	return was
}

// report passes a device on to found if the device is present: it has an RSSI then.
func report(path dbus.ObjectPath, props bluezbus.Props, found func(client.Advertisement) bool) bool {
	rssi, here := props["RSSI"].Value().(int16)
	if !here {
		return true
	}
	a := client.Advertisement{
		Address: string(path),
		Name:    bluezbus.Get[string](props, "Name"),
		RSSI:    int(rssi),
	}
	for _, text := range bluezbus.Get[[]string](props, "UUIDs") {
		if uuid, err := ble.ParseUUID(text); err == nil && !bluezbus.Assigned(text) {
			a.Services = append(a.Services, uuid)
		}
	}
	companies := bluezbus.Get[map[uint16]dbus.Variant](props, "ManufacturerData")
	var ids []uint16
	for id := range companies {
		ids = append(ids, id)
	}
	if len(ids) > 0 { // a packet contains the data of one company
		id := slices.Min(ids)
		data, _ := companies[id].Value().([]byte)
		a.ManufacturerData = append([]byte{byte(id), byte(id >> 8)}, data...)
	}
	return found(a)
}
