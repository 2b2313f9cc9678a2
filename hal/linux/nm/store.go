// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
)

// Flags of AddConnection2 and Update2.
const (
	toDisk       = uint32(1)
	inMemory     = uint32(2)
	inMemoryOnly = uint32(8) // a file of the profile is deleted
)

// owned is a profile of this package.
type owned struct {
	settings
	path dbus.ObjectPath
}

// auth is the authentication for which the profile was made.
func (o owned) auth(cfg hal.StationConfig) hal.AuthMode {
	switch prop[string](o.settings, setSecurity, "key-mgmt") {
	case "owe":
		return hal.AuthOWE
	case "sae":
		return hal.AuthWPA3PSK
	case "wpa-psk":
		return hal.AuthWPA2PSK
	}
	if cfg.Passphrase != "" {
		return hal.AuthWPA2PSK // an open profile could not keep the passphrase
	}
	return hal.AuthOpen
}

// profiles returns the profiles of this package for the interface.
func (d *Daemon) profiles(ctx context.Context) ([]owned, error) {
	body, err := d.call(ctx, pathSettings, ifSettings+".ListConnections")
	var paths []dbus.ObjectPath
	if err == nil {
		err = dbus.Store(body, &paths)
	}
	if err != nil {
		return nil, err
	}
	var mine []owned
	for _, path := range paths {
		s, err := d.settings(ctx, path)
		if gone(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if s.role() != "" && s.user(keyOwner) == d.cfg.Interface {
			mine = append(mine, owned{s, path})
		}
	}
	return mine, nil
}

func (d *Daemon) settings(ctx context.Context, profile dbus.ObjectPath) (settings, error) {
	body, err := d.call(ctx, profile, ifProfile+".GetSettings")
	if err != nil {
		return nil, err
	}
	var s map[string]map[string]dbus.Variant
	return s, dbus.Store(body, &s)
}

// read returns the configuration of a profile.
func (d *Daemon) read(ctx context.Context, o owned) (hal.StationConfig, error) {
	var secrets map[string]map[string]dbus.Variant
	if o.settings[setSecurity] != nil {
		body, err := d.call(ctx, o.path, ifProfile+".GetSecrets", setSecurity)
		if err == nil {
			err = dbus.Store(body, &secrets)
		}
		if err != nil {
			return hal.StationConfig{}, fmt.Errorf("reading the secrets of profile %q: %w", prop[string](o.settings, setConnection, "id"), err)
		}
	}
	cfg, ok := config(o.settings, secrets[setSecurity])
	if !ok {
		return hal.StationConfig{}, fmt.Errorf("nm: profile %q is none of this package any more; delete it with nmcli connection delete",
			prop[string](o.settings, setConnection, "id"))
	}
	return cfg, nil
}

// stored returns the configuration that is stored; zero without one.
func (d *Daemon) stored(ctx context.Context, mine []owned) (hal.StationConfig, error) {
	for _, o := range mine {
		if o.role() == roleStored {
			return d.read(ctx, o)
		}
	}
	return hal.StationConfig{}, nil
}

// Load implements radio.Daemon.
func (d *Daemon) Load(ctx context.Context) (hal.StationConfig, error) {
	ctx, cancel := d.begin(ctx)
	defer cancel()
	mine, err := d.profiles(ctx)
	if err != nil {
		return hal.StationConfig{}, err
	}
	return d.stored(ctx, mine)
}

// Save implements radio.Daemon. The profile of a present link stays as it is; Release
// makes it the stored one if it has the stored configuration.
func (d *Daemon) Save(ctx context.Context, cfg hal.StationConfig) error {
	ctx, end, err := d.alone(ctx)
	if err != nil {
		return err
	}
	defer end()
	mine, err := d.profiles(ctx)
	if err != nil {
		return err
	}
	if cfg == (hal.StationConfig{}) {
		err = d.erase(ctx, mine)
	} else {
		err = d.write(ctx, cfg, mine)
	}
	if err == nil {
		err = d.formerChanged(ctx)
	}
	return err
}

func (d *Daemon) write(ctx context.Context, cfg hal.StationConfig, mine []owned) error {
	s, err := station(roleStored, d.cfg.ProfileName, d.cfg.Interface, cfg, d.guess(ctx, cfg))
	if err != nil {
		return err
	}
	// The first one counts as long as there are several, so no moment is without one.
	path := dbus.ObjectPath("")
	for _, o := range mine {
		if o.role() == roleStored && path == "" {
			path = o.path
		}
	}
	if path == "" {
		path, err = d.add(ctx, s, toDisk)
	} else {
		err = d.update(ctx, path, s, toDisk)
	}
	if err != nil {
		return fmt.Errorf("storing network %q: %w", cfg.SSID.String(), err)
	}
	d.removeAll(ctx, mine, path, roleStored)
	return nil
}

// erase deletes what is stored. A profile that the interface is connected with stays in
// memory, as one of an attempt.
func (d *Daemon) erase(ctx context.Context, mine []owned) error {
	dev, err := d.ours(ctx)
	var l *link
	if err == nil {
		l, err = d.present(ctx, dev)
	}
	if err != nil {
		l = nil // without the interface nothing is connected
	}
	for _, o := range mine {
		if o.role() != roleStored {
			continue
		}
		if l == nil || l.profile != o.path {
			_, err = d.call(ctx, o.path, ifProfile+".Delete")
		} else {
			err = d.demote(ctx, o)
		}
		if err != nil && !gone(err) {
			return fmt.Errorf("erasing the stored network: %w", err)
		}
	}
	return nil
}

func (d *Daemon) demote(ctx context.Context, o owned) error {
	cfg, err := d.read(ctx, o)
	if err != nil {
		return err
	}
	s, err := station(roleTrial, d.cfg.ProfileName+" trial", d.cfg.Interface, cfg, o.auth(cfg))
	if err != nil {
		return err
	}
	return d.update(ctx, o.path, s, inMemoryOnly)
}

// formerChanged is called when the stored configuration has changed. If the interface
// was connected with that before Take, the checkpoint would bring the old one back when
// this process dies, so another one takes its place.
func (d *Daemon) formerChanged(ctx context.Context) error {
	t := d.isTaken()
	if t == nil {
		return nil
	}
	t.mu.Lock()
	old := t.before.Checkpoint
	if !t.before.Stored || old == "" {
		t.mu.Unlock()
		return nil
	}
	t.before.Checkpoint = ""
	t.mu.Unlock()
	var gone *refused
	if _, err := d.call(ctx, pathRoot, service+".CheckpointDestroy", old); err != nil && !errors.As(err, &gone) {
		return err
	}
	return d.again(ctx, t)
}

// removeAll deletes the profiles with these roles, but not one.
func (d *Daemon) removeAll(ctx context.Context, mine []owned, but dbus.ObjectPath, roles ...role) {
	for _, o := range mine {
		if o.path != but && slices.Contains(roles, o.role()) {
			d.remove(ctx, o.path)
		}
	}
}

// guess returns the authentication of a network as the last scans know it.
func (d *Daemon) guess(ctx context.Context, cfg hal.StationConfig) hal.AuthMode {
	if dev, err := d.ours(ctx); err == nil {
		all, err := d.known(ctx, dev)
		if ap, why := choose(all.heard(0, nil), cfg); err == nil && why == 0 && (ap.Auth != hal.AuthOpen || cfg.Passphrase == "") {
			return ap.Auth
		}
	}
	switch {
	case cfg.Passphrase == "":
		return hal.AuthOpen
	case cfg.MinAuth == hal.AuthWPA3PSK:
		return hal.AuthWPA3PSK
	}
	return hal.AuthWPA2PSK
}

// add adds a profile.
func (d *Daemon) add(ctx context.Context, s settings, flags uint32) (dbus.ObjectPath, error) {
	return d.path(ctx, pathSettings, ifSettings+".AddConnection2", s, flags, map[string]dbus.Variant{})
}

// update replaces a profile, whose UUID stays.
func (d *Daemon) update(ctx context.Context, profile dbus.ObjectPath, s settings, flags uint32) error {
	old, err := d.settings(ctx, profile)
	if err != nil {
		return err
	}
	s[setConnection]["uuid"] = old[setConnection]["uuid"]
	_, err = d.call(ctx, profile, ifProfile+".Update2", s, flags, map[string]dbus.Variant{})
	return err
}
