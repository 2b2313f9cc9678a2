// SPDX-License-Identifier: Apache-2.0

package wpa

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
)

// Take implements radio.Daemon. A network that an earlier process of the same Store left
// joined stays joined if its configuration is the one stored. It fails with hal.ErrInUse
// if another process that lives has taken the interface.
func (d *Daemon) Take(ctx context.Context) error {
	ctx, done, err := d.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	unlock, err := d.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	_, err = d.take(ctx)
	return err
}

// ready returns the interface that is taken. If wpa_supplicant has restarted it is taken
// again.
func (d *Daemon) ready(ctx context.Context) (*place, error) {
	unlock, err := d.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	d.mu.Lock()
	taken := d.taken != nil
	d.mu.Unlock()
	if !taken {
		return nil, errNotTaken
	}
	return d.take(ctx)
}

// take takes the interface unless it is taken. The turn is ours.
func (d *Daemon) take(ctx context.Context) (*place, error) {
	d.mu.Lock()
	at := d.taken
	d.mu.Unlock()
	if at != nil && at.valid() {
		return at, nil
	}
	b, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	if at, err = b.find(ctx, d.cfg.Interface, true); err == nil {
		err = at.on(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := d.seize(ctx, at); err != nil {
		if !errors.Is(err, hal.ErrInUse) {
			after, cancel := afterwards(ctx)
			defer cancel()
			d.trouble("undoing a Take that failed", d.restore(after, at, false))
		}
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken = at
	return at, nil
}

// seize switches off what the interface does, and remembers it.
func (d *Daemon) seize(ctx context.Context, at *place) error {
	list, err := at.networks(ctx)
	if err != nil {
		return err
	}
	current, err := prop[dbus.ObjectPath](ctx, at.bus, at.path, iface, "CurrentNetwork")
	if err != nil {
		return err
	}
	was, left, err := at.recall(ctx, list)
	if err != nil {
		return err
	}
	if !left {
		was.made = at.made
		var on []string
		for _, e := range list {
			if e.mark == "" && e.enabled {
				on = append(on, e.id)
				if e.path == current {
					was.at = e.id
				}
			}
		}
		was.on = strings.Join(on, ",")
	}
	was.by = at.conn.Names()[0]
	keep := d.ofStored(list, current)
	// The new mark comes first: there is one at any time.
	if _, err := at.add(ctx, props{"ssid": dbus.MakeVariant([]byte("wifiprov")), "key_mgmt": dbus.MakeVariant("NONE")}, was.String()); err != nil {
		return fmt.Errorf("taking %s: %w", at.name, err)
	}
	if keep == "" {
		if err := at.disconnect(ctx); err != nil {
			return fmt.Errorf("taking %s: %w", at.name, err)
		}
	}
	for _, e := range list {
		switch {
		case e.path == keep:
		case e.mark != "":
			err = at.remove(ctx, e.path)
		case e.enabled:
			err = at.enable(ctx, e.path, false)
		}
		if err != nil {
			return fmt.Errorf("taking %s: %w", at.name, err)
		}
	}
	d.sweep(ctx, at)
	return nil
}

// recall returns the record that a process left in the list, if there is one. It fails
// if that process lives.
func (at *place) recall(ctx context.Context, list []entry) (r record, left bool, err error) {
	for _, e := range list {
		if mark, is := strings.CutPrefix(e.mark, markWas); is {
			r, left = parse(mark), true
			alive, err := at.alive(ctx, r.by)
			if err != nil {
				return r, false, err
			}
			if alive {
				return r, false, fmt.Errorf("wpa: another process (%s on the message bus) has taken %s: %w", r.by, at.name, hal.ErrInUse)
			}
		}
	}
	return r, left, nil
}

// ofStored returns the current network if it is ours and has the configuration that is
// stored, otherwise "".
func (d *Daemon) ofStored(list []entry, current dbus.ObjectPath) dbus.ObjectPath {
	cfg, err := d.load()
	if err != nil || cfg.SSID == "" {
		return ""
	}
	if slices.ContainsFunc(list, func(e entry) bool { return e.path == current && e.mark == markNet+d.tag(cfg) }) {
		return current
	}
	return ""
}

// sweep removes access points of dead processes on all interfaces but the station's.
func (d *Daemon) sweep(ctx context.Context, at *place) {
	paths, err := prop[[]dbus.ObjectPath](ctx, at.bus, root, name, "Interfaces")
	d.trouble("looking for access points that a dead process left", err)
	for _, path := range paths {
		if path == at.path {
			continue
		}
		other := &place{bus: at.bus, path: path}
		list, err := other.networks(ctx)
		if err != nil {
			continue // gone meanwhile
		}
		for _, e := range list {
			mark, is := strings.CutPrefix(e.mark, markAP)
			if !is {
				continue
			}
			owner := parse(mark)
			if alive, err := at.alive(ctx, owner.by); err != nil || alive || owner.by == at.conn.Names()[0] {
				continue
			}
			d.trouble("removing an access point that a dead process left", other.closeAP(ctx, e.path, owner.made))
		}
	}
}

// Release implements radio.Daemon. The configuration that is stored becomes a network
// of wpa_supplicant, which joins it by itself, in preference to all others.
func (d *Daemon) Release(ctx context.Context, keep bool) error {
	ctx, done, err := d.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	unlock, err := d.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	d.mu.Lock()
	taken := d.taken != nil
	d.mu.Unlock()
	if taken { // and again, if wpa_supplicant has restarted, to mark what it does
		if _, err := d.take(ctx); err != nil {
			return err
		}
	}
	b, err := d.connect(ctx)
	if err != nil {
		return err
	}
	at, err := b.find(ctx, d.cfg.Interface, false)
	if is(err, "InterfaceUnknown") {
		err = nil // there is nothing to give back
	} else if err == nil {
		err = d.restore(ctx, at, keep)
	}
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken = nil
	return nil
}

// restore undoes seize.
func (d *Daemon) restore(ctx context.Context, at *place, keep bool) error {
	list, err := at.networks(ctx)
	if err != nil {
		return err
	}
	was, left, err := at.recall(ctx, list)
	if err != nil {
		return err
	}
	if !left {
		return nil
	}
	d.sweep(ctx, at)
	current, err := prop[dbus.ObjectPath](ctx, at.bus, at.path, iface, "CurrentNetwork")
	if err != nil {
		return err
	}
	keep = keep || d.ofStored(list, current) != "" // Take left it joined
	var errs []error
	joined := dbus.ObjectPath("")
	top := 0
	for _, e := range list {
		switch {
		case keep && e.path == current && strings.HasPrefix(e.mark, markNet):
			joined = e.path
		case strings.HasPrefix(e.mark, markNet), strings.HasPrefix(e.mark, markAP):
			errs = append(errs, at.remove(ctx, e.path))
		case e.mark == "":
			top = max(top, e.priority)
		}
	}
	idle, err := d.resume(ctx, at, list, was, joined, uint32(top+1))
	errs = append(errs, err)
	// The marks go last: until then a later Release can do all this.
	if errors.Join(errs...) == nil {
		for _, e := range list {
			if strings.HasPrefix(e.mark, markWas) {
				errs = append(errs, at.remove(ctx, e.path))
			}
		}
		if idle && was.made {
			errs = append(errs, at.call(ctx, root, name+".RemoveInterface", []any{at.path}))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("giving %s back: %w", at.name, err)
	}
	return nil
}

// resume switches on what was switched on before, and the network that is stored, unless
// joined is. idle tells that there is nothing to join.
func (d *Daemon) resume(ctx context.Context, at *place, list []entry, was record, joined dbus.ObjectPath, priority uint32) (idle bool, err error) {
	var errs []error
	first := dbus.ObjectPath("") // to join
	if joined != "" {
		errs = append(errs, at.set(ctx, joined, netIf, "Properties", props{"priority": dbus.MakeVariant(priority)}))
	} else {
		cfg, err := d.load()
		if err == nil && cfg.SSID != "" {
			first, err = d.addStored(ctx, at, cfg, priority)
		}
		d.trouble("the network that is stored is not given to wpa_supplicant", err)
		for _, e := range list {
			if first == "" && e.mark == "" && was.at != "" && e.id == was.at {
				first = e.path
			}
		}
		if first != "" {
			errs = append(errs, at.call(ctx, at.path, iface+".SelectNetwork", []any{first}))
		}
	}
	others := false
	for _, e := range list {
		if e.mark == "" && e.path != first && was.has(e.id) {
			errs = append(errs, at.enable(ctx, e.path, true))
			others = true
		}
	}
	idle = joined == "" && first == ""
	if idle && others {
		errs = append(errs, at.call(ctx, at.path, iface+".Reassociate", nil))
	}
	return idle && !others, errors.Join(errs...)
}

// addStored adds the network that is stored.
func (d *Daemon) addStored(ctx context.Context, at *place, cfg hal.StationConfig, priority uint32) (dbus.ObjectPath, error) {
	p, err := network(cfg, 0, false, at.can)
	if err != nil {
		return "", err
	}
	p["priority"] = dbus.MakeVariant(priority)
	return at.add(ctx, p, markNet+d.tag(cfg))
}
