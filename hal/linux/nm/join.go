// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"context"
	"errors"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
)

const (
	leaveIn = 10 * time.Second // limits leaving a network
	busyIn  = 15 * time.Second // limits retries of a scan that is refused
)

// secretsIn limits the state "need auth", in which NetworkManager finds the passphrase at
// once. It stays there while it asks an agent for another one. Tests change it.
var secretsIn = 3 * time.Second

// joined is the network that was joined last, by an attempt or as one that was there. The
// paths of objects are others when NetworkManager was restarted, so it has the UUID.
type joined struct {
	uuid  string
	trial bool // the profile is that of an attempt
}

// attempt is one Join.
type attempt struct {
	d       *Daemon
	dev     dbus.ObjectPath
	w       radio.Watcher
	signals <-chan *dbus.Signal
	joined
	active  dbus.ObjectPath
	ap      hal.AccessPoint
	begun   bool         // signals of the device are about this attempt
	linked  bool         // Connected was told
	address hal.IPConfig // told last
}

// Join implements radio.Daemon.
func (d *Daemon) Join(ctx context.Context, cfg hal.StationConfig, w radio.Watcher) hal.Reason {
	ctx, cancel := d.begin(ctx)
	defer cancel()
	signals, unwatch := d.watch()
	defer unwatch()
	a := &attempt{d: d, w: w, signals: signals}
	why, err := a.start(ctx, cfg)
	if why == 0 && err == nil {
		why, err = a.follow(ctx)
	}
	switch {
	case errors.Is(context.Cause(ctx), radio.ErrKeep):
		return hal.ReasonAssocLeave
	case ctx.Err() != nil && d.ctx.Err() == nil:
		why = hal.ReasonAssocLeave
	case err != nil:
		d.cfg.Logger.Log(hal.LevelWarn, "joining is given up", hal.Err(err))
		why = hal.ReasonConnectionFail
		if a.linked {
			why = hal.ReasonBeaconTimeout
		}
	}
	a.leave()
	return why
}

// start takes a present link over, or begins an attempt. It returns a reason if that
// cannot succeed.
func (a *attempt) start(ctx context.Context, cfg hal.StationConfig) (hal.Reason, error) {
	var err error
	if a.dev, err = a.d.ours(ctx); err != nil {
		return 0, err
	}
	if a.takeOver(ctx, cfg) {
		return 0, nil
	}
	a.w.Step(hal.JoinInfo{Step: hal.JoinScan})
	why := hal.Reason(0)
	looking, cancel := context.WithTimeoutCause(ctx, busyIn+scanIn, hal.ErrBusy)
	defer cancel()
	if a.ap, why, err = a.d.look(looking, a.dev, cfg); err != nil || why != 0 {
		return why, err
	}
	s, err := station(roleTrial, a.d.cfg.ProfileName+" trial", a.d.cfg.Interface, cfg, a.ap.Auth)
	if err != nil {
		return 0, err
	}
	a.w.Step(hal.JoinInfo{Step: hal.JoinAuth, AP: a.ap})
	a.d.forget(ctx) // the profile of the attempt before
	a.drain()
	a.joined = joined{s.uuid(), true}
	a.d.setJoined(&a.joined)
	// Given up in the middle of this call, an attempt would go on that nobody knows.
	body, err := a.d.call(a.d.ctx, pathRoot, service+".AddAndActivateConnection2", s, a.dev, pathNone,
		map[string]dbus.Variant{"persist": dbus.MakeVariant("memory")})
	if err != nil {
		return 0, err
	}
	var profile dbus.ObjectPath
	var result map[string]dbus.Variant
	return 0, dbus.Store(body, &profile, &a.active, &result)
}

// drain drops signals from before the attempt.
func (a *attempt) drain() {
	for {
		select {
		case <-a.signals:
		default:
			return
		}
	}
}

// takeOver looks whether the interface is in the network of cfg already.
func (a *attempt) takeOver(ctx context.Context, cfg hal.StationConfig) bool {
	state, err := get[uint32](ctx, a.d, a.dev, ifDevice, "State")
	if err != nil || state < stateIPConfig || state > stateActivated {
		return false
	}
	l, err := a.d.present(ctx, a.dev)
	if err != nil || l == nil {
		return false
	}
	s, err := a.d.settings(ctx, l.profile)
	if err != nil {
		return false
	}
	has, err := a.d.read(ctx, owned{s, l.profile})
	if err != nil || has.SSID != cfg.SSID || has.Passphrase != cfg.Passphrase {
		return false
	}
	ap := a.present(ctx)
	if ap.SSID != cfg.SSID || cfg.BSSIDSet && ap.BSSID != cfg.BSSID || compatible(cfg, ap.Auth) != 0 {
		return false
	}
	a.joined = joined{l.uuid, s.role() == roleTrial}
	a.d.setJoined(&a.joined)
	a.active, a.ap, a.begun = l.active, ap, true
	a.reached(ctx, state)
	return true
}

// present returns the access point of the link.
func (a *attempt) present(ctx context.Context) hal.AccessPoint {
	path, err := get[dbus.ObjectPath](ctx, a.d, a.dev, ifWireless, "ActiveAccessPoint")
	if err == nil && path != pathNone {
		if props, err := a.d.all(ctx, path, ifAccessPoint); err == nil {
			return accessPointOf(props)
		}
	}
	return a.ap
}

// follow follows the attempt and then the link until one of both ends.
func (a *attempt) follow(ctx context.Context) (hal.Reason, error) {
	secrets := time.NewTimer(time.Hour)
	defer secrets.Stop()
	for {
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-secrets.C:
			return reason(whyNoSecrets, a.linked), nil
		case s := <-a.signals:
			if restarted(s) {
				return 0, errNotThere
			}
			if n := numbers(s, ifDevice+".StateChanged", 3); n != nil && s.Path == a.dev {
				secrets.Reset(time.Hour)
				if n[0] == stateNeedAuth {
					secrets.Reset(secretsIn)
				}
				if why := a.changed(ctx, n[0], n[2]); why != 0 {
					return why, nil
				}
			}
			if n := numbers(s, ifActive+".StateChanged", 2); n != nil && s.Path == a.active && n[0] == 4 && !a.begun {
				return hal.ReasonConnectionFail, nil // it failed before it began
			}
			if a.linked && (changed(s, ifIP4) != nil || changed(s, ifDevice)["Ip4Config"].Value() != nil && s.Path == a.dev) {
				a.tellAddress(ctx)
			}
		}
	}
}

// changed handles a state of the device. It returns a reason if that is the end.
func (a *attempt) changed(ctx context.Context, state, why uint32) hal.Reason {
	switch {
	case state == statePrepare:
		a.begun = true
	case !a.begun:
		// the network before is left
	case state == stateNeedAuth && why == whySupplicantDropped && !a.linked:
		// The passphrase was wrong. What follows is only that nobody knows another.
		a.w.Step(hal.JoinInfo{Step: hal.JoinHandshake, AP: a.ap})
		return hal.Reason4WayHandshakeTimeout
	case state <= stateDisconnected, state >= stateDeactivating:
		if sae := a.ap.Auth == hal.AuthWPA3PSK || a.ap.Auth == hal.AuthWPA2WPA3PSK; sae && !a.linked &&
			(why == whySSIDNotFound || why == whySupplicantTimeout) {
			// The network was heard just now. So the passphrase is wrong, most likely.
			return hal.ReasonAuthFail
		}
		return reason(why, a.linked)
	default:
		a.reached(ctx, state)
	}
	return 0
}

// reached tells how far the attempt got.
func (a *attempt) reached(ctx context.Context, state uint32) {
	if state < stateIPConfig || state > stateActivated {
		return
	}
	if !a.linked {
		a.linked = true
		a.ap = a.present(ctx)
		a.w.Step(hal.JoinInfo{Step: hal.JoinHandshake, AP: a.ap})
		a.w.Connected(a.ap)
	}
	if state >= stateIPCheck {
		a.tellAddress(ctx)
	}
}

// tellAddress tells the address if there is one that was not told.
func (a *attempt) tellAddress(ctx context.Context) {
	path, err := get[dbus.ObjectPath](ctx, a.d, a.dev, ifDevice, "Ip4Config")
	if err != nil || path == pathNone {
		return
	}
	props, err := a.d.all(ctx, path, ifIP4)
	if err != nil {
		return
	}
	if ip := ipConfig(props); ip.Address != (hal.IPv4{}) && ip != a.address {
		a.address = ip
		a.w.Address(ip)
	}
}

// ipConfig reads the properties of an IP4Config.
func ipConfig(props map[string]dbus.Variant) (ip hal.IPConfig) {
	for _, v := range value[[]map[string]dbus.Variant](props, "AddressData") {
		if ip.Address.UnmarshalText([]byte(value[string](v, "address"))) != nil {
			continue
		}
		bits := uint32(0xffffffff) << (32 - min(value[uint32](v, "prefix"), 32))
		ip.Netmask = hal.IPv4{byte(bits >> 24), byte(bits >> 16), byte(bits >> 8), byte(bits)}
		break
	}
	_ = ip.Gateway.UnmarshalText([]byte(value[string](props, "Gateway")))
	for _, v := range value[[]map[string]dbus.Variant](props, "NameserverData") {
		if ip.DNS.UnmarshalText([]byte(value[string](v, "address"))) == nil {
			break
		}
	}
	return ip
}

// leave leaves whatever network the interface is in, and waits for that. It also runs
// when the context of Join is done.
func (a *attempt) leave() {
	ctx, cancel := context.WithTimeout(a.d.ctx, leaveIn)
	defer cancel()
	signals, unwatch := a.d.watch()
	defer unwatch()
	a.d.forget(ctx)
	if a.dev == "" {
		return
	}
	l, err := a.d.present(ctx, a.dev)
	if l != nil && (l.uuid != a.uuid || !a.trial) {
		_, err = a.d.call(ctx, pathRoot, service+".DeactivateConnection", l.active)
	}
	if err == nil || is(err, "ConnectionNotActive") {
		_, err = a.d.until(ctx, signals, a.dev, idle)
	}
	if err != nil && a.d.ctx.Err() == nil {
		a.d.cfg.Logger.Log(hal.LevelWarn, "a network is not left", hal.Err(err))
	}
}

// Leave implements radio.Daemon.
func (d *Daemon) Leave(ctx context.Context) error {
	ctx, end, err := d.alone(ctx)
	if err != nil {
		return err
	}
	defer end()
	signals, unwatch := d.watch()
	defer unwatch()
	dev, err := d.ours(ctx)
	if err != nil {
		return err
	}
	l, err := d.present(ctx, dev)
	if l == nil {
		return err
	}
	if _, err = d.call(ctx, pathRoot, service+".DeactivateConnection", l.active); err == nil || is(err, "ConnectionNotActive") {
		_, err = d.until(ctx, signals, dev, idle)
	}
	return err
}

func (d *Daemon) setJoined(j *joined) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.joined = j
}

// forget removes the profile of the attempt before, and with it its link.
func (d *Daemon) forget(ctx context.Context) {
	d.mu.Lock()
	j := d.joined
	d.joined = nil
	d.mu.Unlock()
	if j == nil || !j.trial {
		return
	}
	if path, err := d.byUUID(ctx, j.uuid); err == nil {
		d.remove(ctx, path)
	}
}
