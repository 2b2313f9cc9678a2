// SPDX-License-Identifier: Apache-2.0

package wpa

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

var (
	errGone     = errors.New("wpa: wpa_supplicant ended, or the interface is gone")
	errNotTaken = errors.New("wpa: the interface is not taken; Take comes first")
)

// place is an interface of a wpa_supplicant that runs.
type place struct {
	*bus
	name     string
	path     dbus.ObjectPath
	made     bool // by CreateInterface
	can      abilities
	restarts int // of the bus when it was found
}

// valid reports whether wpa_supplicant still runs and has the interface.
func (at *place) valid() bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	return !at.lost() && at.bus.restarts == at.restarts && !at.removed[at.path]
}

// connect returns the connection to the message bus, a new one if there is none.
func (d *Daemon) connect(ctx context.Context) (*bus, error) {
	d.mu.Lock()
	b := d.bus
	d.mu.Unlock()
	if b != nil && !b.lost() {
		return b, nil
	}
	if b != nil {
		b.close()
	}
	b, err := dial(ctx, d.cfg.Bus)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bus = b
	return b, nil
}

// find finds an interface. With create wpa_supplicant is told to control it if it
// does not; otherwise that is an error of name InterfaceUnknown.
func (b *bus) find(ctx context.Context, ifname string, create bool) (*place, error) {
	at := &place{bus: b, name: ifname, restarts: b.count()}
	err := b.call(ctx, root, name+".GetInterface", []any{ifname}, &at.path)
	if is(err, "InterfaceUnknown") && create {
		args := props{"Ifname": dbus.MakeVariant(ifname), "Driver": dbus.MakeVariant("nl80211")}
		err = b.call(ctx, root, name+".CreateInterface", []any{args}, &at.path)
		at.made = err == nil
	}
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", ifname, err)
	}
	if at.restarts != b.count() { // whose path is it?
		return b.find(ctx, ifname, create)
	}
	capabilities, err := prop[props](ctx, b, at.path, iface, "Capabilities")
	if err != nil {
		return nil, err
	}
	mgmt := get[[]string](capabilities, "KeyMgmt")
	at.can = abilities{sae: slices.Contains(mgmt, "sae"), owe: slices.Contains(mgmt, "owe")}
	return at, nil
}

// count tells how often wpa_supplicant came or went.
func (b *bus) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.restarts
}

// listen is the bus's listen, for the interface. It fails if that is gone; from then on
// the listener tells.
func (at *place) listen() (*listener, error) {
	l := at.bus.listen(at.path)
	if !at.valid() {
		l.stop()
		return nil, errGone
	}
	return l, nil
}

// on checks that the interface is switched on.
func (at *place) on(ctx context.Context) error {
	state, err := prop[string](ctx, at.bus, at.path, iface, "State")
	if err == nil && state == "interface_disabled" {
		err = fmt.Errorf("wpa: %s is switched off: rfkill unblock wifi, ip link set %s up", at.name, at.name)
	}
	return err
}

// entry is a network that wpa_supplicant knows.
type entry struct {
	path     dbus.ObjectPath
	id       string // the last part of the path, a number
	mark     string // what our mark says; empty: not ours
	enabled  bool
	priority int
}

// networks returns the networks of an interface.
func (at *place) networks(ctx context.Context) ([]entry, error) {
	paths, err := prop[[]dbus.ObjectPath](ctx, at.bus, at.path, iface, "Networks")
	if err != nil {
		return nil, err
	}
	var list []entry
	for _, path := range paths {
		var p props
		err := at.call(ctx, path, propsIf+".GetAll", []any{netIf}, &p)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil:
			continue // removed meanwhile
		}
		config := get[props](p, "Properties")
		e := entry{path: path, id: string(path[strings.LastIndexByte(string(path), '/')+1:]), enabled: get[bool](p, "Enabled")}
		e.priority, _ = strconv.Atoi(get[string](config, "priority"))
		// wpa_supplicant shows strings as its file has them, in quotation marks.
		if mark, ours := strings.CutPrefix(strings.Trim(get[string](config, "id_str"), `"`), markPrefix); ours {
			e.mark = mark
		}
		list = append(list, e)
	}
	return list, nil
}

// add adds a network, which is switched off at first.
func (at *place) add(ctx context.Context, p props, mark string) (path dbus.ObjectPath, err error) {
	p["id_str"] = dbus.MakeVariant(markPrefix + mark)
	ctx, cancel := afterwards(ctx) // or it could be added without us knowing it
	defer cancel()
	err = at.call(ctx, at.path, iface+".AddNetwork", []any{p}, &path)
	return path, err
}

// remove removes a network, and leaves it if it is joined.
func (at *place) remove(ctx context.Context, path dbus.ObjectPath) error {
	err := at.call(ctx, at.path, iface+".RemoveNetwork", []any{path})
	if is(err, "NetworkUnknown") {
		return nil
	}
	return err
}

// enable switches a network on or off.
func (at *place) enable(ctx context.Context, path dbus.ObjectPath, on bool) error {
	return at.set(ctx, path, netIf, "Enabled", on)
}

// disconnect leaves the network that is joined. wpa_supplicant joins none before
// SelectNetwork or Reassociate.
func (at *place) disconnect(ctx context.Context) error {
	err := at.call(ctx, at.path, iface+".Disconnect", nil)
	if is(err, "NotConnected") {
		return nil
	}
	return err
}
