// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"context"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal/linux/radio"
)

const (
	findIn = 10 * time.Second // limits the wait for a new interface
	openIn = 45 * time.Second // limits the start of an access point
)

// openAP is the access point that is open, or opens.
type openAP struct {
	uuid, iface string
	active      dbus.ObjectPath // empty: there is none, or it is being closed
}

// APLost implements radio.APWatch.
func (d *Daemon) APLost() <-chan struct{} { return d.apLost }

// noteAP looks whether a signal tells the end of the access point. d.mu is held.
func (d *Daemon) noteAP(s *dbus.Signal) {
	if d.ap == nil || d.ap.active == "" {
		return
	}
	n := numbers(s, ifActive+".StateChanged", 2)
	if restarted(s) || n != nil && s.Path == d.ap.active && n[0] == 4 {
		d.ap.active = ""
		select {
		case d.apLost <- struct{}{}:
		default:
		}
	}
}

// OpenAP implements radio.Daemon. NetworkManager closes the access point when this process
// dies.
func (d *Daemon) OpenAP(ctx context.Context, ap radio.AP) error {
	ctx, end, err := d.alone(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := d.closeAP(ctx); err != nil {
		return err
	}
	signals, unwatch := d.watch()
	defer unwatch()
	dev, err := d.appears(ctx, signals, ap.Interface)
	if err == nil {
		err = d.usable(ctx, signals, dev, ap.Interface, true)
	}
	if err == nil {
		err = d.startAP(ctx, signals, dev, ap)
	}
	if err != nil {
		return fmt.Errorf("opening access point %q on %s, channel %d: %w", ap.SSID.String(), ap.Interface, ap.Channel, err)
	}
	return nil
}

func (d *Daemon) startAP(ctx context.Context, signals <-chan *dbus.Signal, dev dbus.ObjectPath, ap radio.AP) error {
	s, err := accessPoint(d.cfg.ProfileName, d.cfg.Interface, ap)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.ap = &openAP{uuid: s.uuid(), iface: ap.Interface}
	d.mu.Unlock()
	// Given up in the middle of this call, an access point would open that nobody knows.
	body, err := d.call(d.ctx, pathRoot, service+".AddAndActivateConnection2", s, dev, pathNone,
		map[string]dbus.Variant{"persist": dbus.MakeVariant("volatile"), "bind-activation": dbus.MakeVariant("dbus-client")})
	if err != nil {
		return err
	}
	var profile, active dbus.ObjectPath
	var result map[string]dbus.Variant
	if err = dbus.Store(body, &profile, &active, &result); err != nil {
		return err
	}
	d.mu.Lock()
	d.ap.active = active // before it is open: then no end of it is missed
	d.mu.Unlock()
	if err = d.opened(ctx, signals, dev, active); err != nil {
		after, cancel := context.WithTimeout(d.ctx, leaveIn)
		defer cancel()
		_ = d.closeAP(after)
		select {
		case <-d.apLost: // the caller hears it from the error
		default:
		}
	}
	return err
}

// appears waits until NetworkManager has an interface, which may be new.
func (d *Daemon) appears(ctx context.Context, signals <-chan *dbus.Signal, name string) (dbus.ObjectPath, error) {
	timer := time.NewTimer(findIn)
	defer timer.Stop()
	for {
		dev, err := d.path(ctx, pathRoot, service+".GetDeviceByIpIface", name)
		if !is(err, "UnknownDevice") {
			return dev, err
		}
		for added := false; !added; {
			select {
			case <-ctx.Done():
				return "", context.Cause(ctx)
			case <-timer.C:
				return "", fmt.Errorf("nm: NetworkManager does not find the interface within %v", findIn)
			case s := <-signals:
				added = s.Name == service+".DeviceAdded" || restarted(s)
			}
		}
	}
}

// opened waits until the access point is open.
func (d *Daemon) opened(ctx context.Context, signals <-chan *dbus.Signal, dev, active dbus.ObjectPath) error {
	ctx, cancel := context.WithTimeoutCause(ctx, openIn, fmt.Errorf("nm: it is not open within %v", openIn))
	defer cancel()
	why := uint32(0)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case s := <-signals:
			if restarted(s) {
				return errNotThere
			}
			if n := numbers(s, ifDevice+".StateChanged", 3); n != nil && s.Path == dev && n[0] == stateFailed {
				why = n[2]
			}
			if n := numbers(s, ifActive+".StateChanged", 2); n != nil && s.Path == active {
				switch n[0] {
				case 2: // activated
					return nil
				case 4: // deactivated
					return apError(why)
				}
			}
		}
	}
}

func apError(why uint32) error {
	hint := ""
	switch why {
	case whySharedStart, whySharedFailed, whyIPUnavailable:
		hint = "; is dnsmasq-base installed?"
	case whyFirmware:
		hint = "; the radio's firmware is missing"
	case whyNewActivation, whyUserRequested, whyProfileRemoved:
		hint = "; somebody else took the interface"
	}
	return fmt.Errorf("nm: NetworkManager gave it up for reason %d%s", why, hint)
}

// CloseAP implements radio.Daemon.
func (d *Daemon) CloseAP(ctx context.Context) error {
	ctx, end, err := d.alone(ctx)
	if err != nil {
		return err
	}
	defer end()
	return d.closeAP(ctx)
}

// closeAP closes the access point, and waits for that. The interface may be gone.
func (d *Daemon) closeAP(ctx context.Context) error {
	d.mu.Lock()
	ap := d.ap
	if ap != nil {
		ap.active = ""
	}
	d.mu.Unlock()
	if ap == nil {
		return nil
	}
	signals, unwatch := d.watch()
	defer unwatch()
	ctx, cancel := context.WithTimeoutCause(ctx, leaveIn, fmt.Errorf("nm: the access point is not closed within %v", leaveIn))
	defer cancel()
	path, err := d.byUUID(ctx, ap.uuid)
	if err == nil {
		_, err = d.call(ctx, path, ifProfile+".Delete")
	}
	if err != nil && !gone(err) {
		return fmt.Errorf("closing the access point: %w", err)
	}
	d.mu.Lock()
	d.ap = nil
	d.mu.Unlock()
	dev, err := d.device(ctx, ap.iface)
	if err != nil {
		return nil // the interface is gone, and the access point with it
	}
	_, err = d.until(ctx, signals, dev, func(state uint32) bool { return idle(state) || state == stateFailed })
	return err
}
