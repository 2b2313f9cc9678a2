// SPDX-License-Identifier: Apache-2.0

package wpa

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
)

// Join implements radio.Daemon. What kept an attempt from beginning is logged; the reason
// is hal.ReasonConnectionFail then.
func (d *Daemon) Join(ctx context.Context, cfg hal.StationConfig, w radio.Watcher) hal.Reason {
	ctx, done, err := d.begin(ctx)
	if err != nil {
		return hal.ReasonAssocLeave
	}
	defer done()
	reason, err := d.join(ctx, cfg, w)
	d.trouble("joining a network", err)
	if ctx.Err() != nil {
		return hal.ReasonAssocLeave
	}
	return reason
}

func (d *Daemon) join(ctx context.Context, cfg hal.StationConfig, w radio.Watcher) (hal.Reason, error) {
	at, err := d.ready(ctx)
	if err != nil {
		return hal.ReasonConnectionFail, err
	}
	l, err := at.listen()
	if err != nil {
		return hal.ReasonConnectionFail, err
	}
	defer func() { l.stop() }()
	path, err := d.joined(ctx, at, cfg)
	if err != nil {
		return hal.ReasonConnectionFail, err
	}
	a := attempt{at: at, w: w, timeout: d.cfg.Timeout, cfg: cfg, path: path}
	defer func() {
		if a.path != "" && !errors.Is(context.Cause(ctx), radio.ErrKeep) {
			d.trouble("leaving a network", at.leave(ctx, a.path))
		}
	}()
	if path == "" {
		w.Step(hal.JoinInfo{Step: hal.JoinScan})
		best, reason, err := d.look(ctx, at, cfg)
		if err != nil || reason != 0 {
			return reason, err
		}
		if hopeless(cfg, best.ap.Auth, at.can) {
			w.Step(hal.JoinInfo{Step: hal.JoinAuth, AP: best.ap})
			return hal.ReasonAuthFail, nil
		}
		a.ap = best.ap
		if a.path, err = d.addNetwork(ctx, at, cfg, best); err != nil {
			return hal.ReasonConnectionFail, err
		}
		// What comes from now on is about this network.
		l.stop()
		l = at.bus.listen(at.path)
		if !at.valid() {
			return hal.ReasonConnectionFail, errGone
		}
		if err := at.call(ctx, at.path, iface+".SelectNetwork", []any{a.path}); err != nil {
			return hal.ReasonConnectionFail, err
		}
		if reason, err := a.run(ctx, l); err != nil || reason != 0 {
			return reason, err
		}
	}
	if ap, err := at.current(ctx, at.path); err == nil {
		a.ap = ap
	}
	w.Connected(a.ap)
	return d.stay(ctx, at, l, a.ap.BSSID, w)
}

// joined returns the network of cfg if it is joined already. Others of ours are removed.
func (d *Daemon) joined(ctx context.Context, at *place, cfg hal.StationConfig) (dbus.ObjectPath, error) {
	unlock, err := d.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	list, err := at.networks(ctx)
	if err != nil {
		return "", err
	}
	current, err := prop[dbus.ObjectPath](ctx, at.bus, at.path, iface, "CurrentNetwork")
	if err != nil {
		return "", err
	}
	state, err := prop[string](ctx, at.bus, at.path, iface, "State")
	if err != nil {
		return "", err
	}
	found := dbus.ObjectPath("")
	for _, e := range list {
		switch {
		case e.path == current && state == "completed" && e.mark == markNet+d.tag(cfg):
			found = e.path
		case strings.HasPrefix(e.mark, markNet):
			if err := at.remove(ctx, e.path); err != nil {
				return "", err
			}
		}
	}
	return found, nil
}

// addNetwork adds the network to join.
func (d *Daemon) addNetwork(ctx context.Context, at *place, cfg hal.StationConfig, best choice) (dbus.ObjectPath, error) {
	unlock, err := d.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	tag := d.tag(cfg)
	if best.pin {
		cfg.BSSID, cfg.BSSIDSet = best.ap.BSSID, true
	}
	p, err := network(cfg, best.ap.Auth, true, at.can)
	if err != nil {
		return "", err
	}
	return at.add(ctx, p, markNet+tag)
}

// leave leaves and removes a network. wpa_supplicant joins no other.
func (at *place) leave(ctx context.Context, path dbus.ObjectPath) error {
	if !at.valid() {
		return nil // it is gone with wpa_supplicant
	}
	ctx, cancel := afterwards(ctx)
	defer cancel()
	// In this order, since without a network there would be nothing to disconnect,
	// and a scan of wpa_supplicant's own would go on.
	err := at.disconnect(ctx)
	if e := at.remove(ctx, path); err == nil {
		err = e
	}
	if err != nil && !at.valid() {
		err = nil
	}
	return err
}

// Leave implements radio.Daemon. Take has switched off all other networks.
func (d *Daemon) Leave(ctx context.Context) error {
	ctx, done, err := d.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	at, err := d.ready(ctx)
	if err != nil {
		return err
	}
	unlock, err := d.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	list, err := at.networks(ctx)
	if err != nil {
		return err
	}
	for _, e := range list {
		if strings.HasPrefix(e.mark, markNet) {
			if err := at.leave(ctx, e.path); err != nil {
				return err
			}
		}
	}
	return nil
}

// stay waits until the link ends, and gets addresses meanwhile. bssid is where the station
// is; other access points of the network, to which it roams, are told as connected too.
func (d *Daemon) stay(ctx context.Context, at *place, l *listener, bssid hal.BSSID, w radio.Watcher) (hal.Reason, error) {
	leasing, cancel := context.WithCancelCause(ctx)
	addresses := make(chan hal.IPConfig)
	ended := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		defer close(ended)
		err := d.cfg.Lease(leasing, at.name, func(ip hal.IPConfig) {
			select {
			case addresses <- ip:
			case <-leasing.Done():
			}
		})
		if leasing.Err() == nil {
			if err == nil {
				err = errors.New("wpa: the lease ended without a reason")
			}
			failed <- fmt.Errorf("wpa: getting an address: %w", err)
		}
	}()
	defer func() {
		cancel(context.Cause(ctx)) // ErrKeep, if that is why
		<-ended
	}()
	for {
		select {
		case ip := <-addresses:
			w.Address(ip)
		case err := <-failed:
			return hal.ReasonConnectionFail, err
		case s := <-l.c:
			switch reason := linkEnds(s); {
			case s.member == gone:
				return hal.ReasonConnectionFail, errGone
			case reason != 0:
				return reason, nil
			}
			if get[string](s.changed, "State") == "completed" {
				if ap, err := at.current(ctx, at.path); err == nil && ap.BSSID != bssid {
					bssid = ap.BSSID
					w.Connected(ap)
				}
			}
		case <-at.conn.Context().Done():
			return hal.ReasonConnectionFail, errGone
		case <-ctx.Done():
			return hal.ReasonAssocLeave, nil
		}
	}
}

// linkEnds returns why a signal says that the link has ended; 0: it does not.
func linkEnds(s signal) hal.Reason {
	if r, told := s.changed["DisconnectReason"].Value().(int32); told {
		return reasonOf(r, hal.ReasonAssocLeave)
	}
	switch get[string](s.changed, "State") {
	case "disconnected", "inactive", "scanning", "interface_disabled":
		return hal.ReasonBeaconTimeout
	}
	return 0
}

// reasonOf converts a DisconnectReason. Negative ones are of this side; -3 is also what
// wpa_supplicant says when it gives an attempt up, so it is the caller's to know.
func reasonOf(r int32, own hal.Reason) hal.Reason {
	switch {
	case r == -int32(hal.ReasonAuthLeave):
		return own
	case r == -int32(hal.ReasonAssocExpire):
		return hal.ReasonBeaconTimeout
	case r < 0:
		r = -r
	}
	if r == 0 || r >= int32(hal.ReasonBeaconTimeout) {
		return hal.ReasonUnspecified // no code of 802.11 that we could pass on
	}
	return hal.Reason(r)
}

// errSilent says that wpa_supplicant does nothing.
func errSilent(timeout time.Duration) error {
	return fmt.Errorf("wpa: wpa_supplicant does not say within %v what came of joining", timeout)
}
