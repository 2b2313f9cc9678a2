// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"context"
	"errors"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
)

// Release implements radio.Daemon.
func (d *Daemon) Release(ctx context.Context, keep bool) error {
	ctx, end, err := d.alone(ctx)
	if err != nil {
		return err
	}
	defer end()
	t := d.isTaken()
	if t != nil {
		t.stop()
		select {
		case <-t.done:
		case <-ctx.Done(): // NetworkManager does not answer
			return context.Cause(ctx)
		}
		defer d.unlisten()
	}
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	note(d.closeAP(ctx))
	d.mu.Lock()
	d.taken, d.joined, d.ap = nil, nil, nil
	d.mu.Unlock()
	mine, err := d.profiles(ctx)
	if err != nil {
		return err
	}
	marker, found := marked(mine)
	if !found {
		return errors.Join(errs...) // not taken, and nobody died
	}
	dev, err := d.ours(ctx)
	if err != nil {
		return err
	}
	l, err := d.present(ctx, dev)
	if err != nil {
		return err
	}
	b := marker.before
	kept := dbus.ObjectPath("")
	if keep && l != nil {
		kept, err = d.keepProfile(ctx, l.profile, mine)
		note(err)
	} else {
		note(d.restore(ctx, dev, l, b, mine))
	}
	for _, o := range mine {
		if r := o.role(); (r == roleTrial || r == roleAP) && o.path != kept {
			d.remove(ctx, o.path)
		}
	}
	note(d.set(ctx, dev, ifDevice, "Autoconnect", b.Autoconnect))
	if b.Checkpoint != "" {
		var r *refused
		if _, err := d.call(ctx, pathRoot, service+".CheckpointDestroy", b.Checkpoint); !errors.As(err, &r) {
			note(err) // one that is gone is no error
		}
	}
	if !b.Wireless && !keep {
		note(d.set(ctx, pathRoot, service, "WirelessEnabled", false))
	}
	if errors.Join(errs...) == nil {
		d.remove(ctx, marker.path)
	}
	return errors.Join(errs...)
}

// keepProfile turns the profile of an attempt, to which the interface is connected, into
// the stored profile if it has the stored configuration, otherwise into one that
// NetworkManager joins by itself until the next boot.
func (d *Daemon) keepProfile(ctx context.Context, profile dbus.ObjectPath, mine []owned) (dbus.ObjectPath, error) {
	var trial owned
	for _, o := range mine {
		if o.path == profile && o.role() == roleTrial {
			trial = o
		}
	}
	if trial.path == "" {
		return "", nil // a profile of others, or the stored one
	}
	cfg, err := d.read(ctx, trial)
	if err != nil {
		return profile, err
	}
	stored, err := d.stored(ctx, mine)
	if err != nil {
		return profile, err
	}
	r, flags := roleKept, uint32(inMemoryOnly)
	if stored.SSID == cfg.SSID && stored.Passphrase == cfg.Passphrase {
		// How it was joined, beside an access point say, is not what is stored.
		r, flags, cfg = roleStored, toDisk, stored
	}
	s, err := station(r, d.cfg.ProfileName, d.cfg.Interface, cfg, trial.auth(cfg))
	if err != nil {
		return profile, err
	}
	if err := d.update(ctx, profile, s, flags); err != nil {
		return profile, err
	}
	d.removeAll(ctx, mine, profile, r, roleKept)
	return profile, nil
}

// restore has the interface do again what it did before Take.
func (d *Daemon) restore(ctx context.Context, dev dbus.ObjectPath, l *link, b before, mine []owned) error {
	former := b.Former
	if b.Stored {
		former = ""
		for _, o := range mine {
			if o.role() == roleStored {
				former = o.uuid()
			}
		}
	}
	switch {
	case former == "":
		if l != nil && !isTrial(mine, l.profile) {
			_, err := d.call(ctx, pathRoot, service+".DeactivateConnection", l.active)
			return err
		}
		return nil // the profile of the attempt is removed, and the link with it
	case l != nil && l.uuid == former:
		return nil
	}
	if !b.Stored && b.Checkpoint != "" {
		// The checkpoint also knows a former profile that was deleted meanwhile.
		body, err := d.call(ctx, pathRoot, service+".CheckpointRollback", b.Checkpoint)
		var results map[dbus.ObjectPath]uint32
		if err == nil && dbus.Store(body, &results) == nil && results[dev] == 0 {
			return nil
		}
		d.cfg.Logger.Log(hal.LevelDebug, "there is no checkpoint to roll back to")
	}
	profile, err := d.byUUID(ctx, former)
	if err != nil {
		return err
	}
	_, err = d.call(ctx, pathRoot, service+".ActivateConnection", profile, dev, pathNone)
	return err
}

func isTrial(mine []owned, profile dbus.ObjectPath) bool {
	for _, o := range mine {
		if o.path == profile {
			return o.role() == roleTrial
		}
	}
	return false
}
