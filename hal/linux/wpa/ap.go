// SPDX-License-Identifier: Apache-2.0

package wpa

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
)

// apTimeout is how long an access point may take to open.
const apTimeout = 20 * time.Second

// openAP is an access point that is open.
type openAP struct {
	at     *place
	made   bool              // the interface, by CreateInterface, for this
	path   dbus.ObjectPath   // its network
	on     []dbus.ObjectPath // networks of others that were switched on
	max    string            // MaxNumSta before; empty: not changed
	cancel context.CancelFunc
	served chan struct{} // closed when nobody gives addresses any more

	closing, watched chan struct{} // closed to end the goroutine of watch, and by it
}

// OpenAP implements radio.Daemon.
func (d *Daemon) OpenAP(ctx context.Context, ap radio.AP) error {
	ctx, done, err := d.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	station, err := d.ready(ctx)
	if err != nil {
		return err
	}
	unlock, err := d.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := d.closeAP(ctx); err != nil {
		return err
	}
	if d.cfg.Serve == nil {
		return fmt.Errorf("wpa: Config.Serve is nil, so that nothing gives addresses to clients of an access point: %w", hal.ErrNotSupported)
	}
	o := &openAP{at: station}
	if ap.Interface != station.name {
		if o.at, err = station.find(ctx, ap.Interface, true); err != nil {
			return err
		}
		o.made = o.at.made
	}
	d.mu.Lock()
	d.ap = o
	d.mu.Unlock()
	l := o.at.bus.listen(o.at.path)
	if err = o.open(ctx, ap, l); err == nil {
		err = o.serve(ctx, d, ap)
	}
	if err == nil {
		o.watch(d, l)
		return nil
	}
	l.stop()
	after, cancel := afterwards(ctx)
	defer cancel()
	d.trouble("closing an access point that did not open", d.closeAP(after))
	return fmt.Errorf("opening the access point %s on %s, channel %d: %w", ap.SSID, ap.Interface, ap.Channel, err)
}

// open has wpa_supplicant open the access point.
func (o *openAP) open(ctx context.Context, ap radio.AP, l *listener) error {
	mhz := hal.Frequency(ap.Channel)
	switch {
	case mhz == 0:
		return errors.New("wpa: there is no such channel")
	case !o.at.valid():
		return errGone
	}
	p := props{
		"ssid":      dbus.MakeVariant([]byte(ap.SSID)),
		"mode":      dbus.MakeVariant(uint32(2)),
		"frequency": dbus.MakeVariant(int32(mhz)),
		"key_mgmt":  dbus.MakeVariant("NONE"),
	}
	if ap.Key != "" {
		psk, err := radio.PSK(ap.SSID, ap.Key)
		if err != nil {
			return err
		}
		p["psk"] = dbus.MakeVariant(psk)
		p["key_mgmt"] = dbus.MakeVariant("WPA-PSK")
		p["proto"] = dbus.MakeVariant("RSN")
		p["pairwise"] = dbus.MakeVariant("CCMP")
	}
	if ap.MaxStations != 0 {
		// Not of a network but of the interface. Older releases do not have it.
		before, err := prop[string](ctx, o.at.bus, o.at.path, iface, "MaxNumSta")
		if err == nil && o.at.set(ctx, o.at.path, iface, "MaxNumSta", strconv.Itoa(int(ap.MaxStations))) == nil {
			o.max = before
		}
	}
	var err error
	if o.path, err = o.at.add(ctx, p, markAP+ownerMark(o.at.conn.Names()[0], o.made)); err != nil {
		return err
	}
	o.listen(ctx, ap.Channel, l)
	list, err := o.at.networks(ctx)
	if err != nil {
		return err
	}
	for _, e := range list { // SelectNetwork switches them off
		if e.enabled && e.mark == "" {
			o.on = append(o.on, e.path)
		}
	}
	if err := o.at.call(ctx, o.at.path, iface+".SelectNetwork", []any{o.path}); err != nil {
		return err
	}
	late := time.NewTimer(apTimeout)
	defer late.Stop()
	for {
		select {
		case s := <-l.c:
			switch {
			case s.member == gone:
				return errGone
			case get[string](s.changed, "State") == "completed":
				return nil
			}
		case <-late.C:
			return fmt.Errorf("wpa: it is not open after %v; may the radio send on this channel (iw list)?", apTimeout)
		case <-o.at.conn.Context().Done():
			return errGone
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// listen scans a few channels. Before it opens an access point, wpa_supplicant up to 2.10
// scans all channels, which takes seconds, unless it has just heard something.
func (o *openAP) listen(ctx context.Context, channel uint8, l *listener) {
	args := props{"Type": dbus.MakeVariant("active")}
	channels := []uint8{channel}
	for _, c := range []uint8{1, 6, 11} {
		if c != channel {
			channels = append(channels, c)
		}
	}
	if onChannels(args, channels) == nil && o.at.scan(ctx, args) == nil {
		_ = o.at.scanned(ctx, l, 2*time.Second)
	}
}

// serve begins to give addresses.
func (o *openAP) serve(ctx context.Context, d *Daemon, ap radio.AP) error {
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	o.cancel, o.served = cancel, make(chan struct{})
	ready := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		defer close(o.served)
		told := false
		err := d.cfg.Serve(serving, o.at.name, ap.Address, func() {
			if !told {
				told = true
				close(ready)
			}
		})
		if err == nil {
			err = errors.New("wpa: the DHCP server ended without a reason")
		}
		if serving.Err() == nil {
			if told {
				d.trouble("clients of the access point get no addresses any more", err)
			}
			failed <- err
		}
	}()
	select {
	case <-ready:
		return nil
	case err := <-failed:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// watch tells of the end of an access point that nobody closes.
func (o *openAP) watch(d *Daemon, l *listener) {
	o.watched = make(chan struct{})
	o.closing = make(chan struct{})
	go func() {
		defer close(o.watched)
		defer l.stop()
		for {
			select {
			case s := <-l.c:
				state := get[string](s.changed, "State")
				if s.member != gone && (state == "" || state == "completed") {
					continue
				}
			case <-o.at.conn.Context().Done():
			case <-o.closing:
				return
			}
			select {
			case d.apLost <- struct{}{}:
			default: // one is waiting
			}
			return
		}
	}()
}

// APLost implements radio.APWatch.
func (d *Daemon) APLost() <-chan struct{} { return d.apLost }

// CloseAP implements radio.Daemon.
func (d *Daemon) CloseAP(ctx context.Context) error {
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
	return d.closeAP(ctx)
}

func (d *Daemon) closeAP(ctx context.Context) error {
	d.mu.Lock()
	o := d.ap
	d.mu.Unlock()
	if o == nil {
		return nil
	}
	if o.closing != nil {
		close(o.closing)
		<-o.watched
		o.closing = nil
	}
	if o.cancel != nil {
		o.cancel()
		<-o.served
	}
	if o.at.valid() {
		if o.max != "" && !o.made {
			d.trouble("restoring MaxNumSta", o.at.set(ctx, o.at.path, iface, "MaxNumSta", o.max))
		}
		if err := o.at.closeAP(ctx, o.path, o.made); err != nil && o.at.valid() {
			return fmt.Errorf("closing the access point on %s: %w", o.at.name, err)
		}
		if !o.made {
			d.trouble("switching on what an access point's interface did before", o.at.goOn(ctx, o.on))
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ap = nil
	return nil
}

// closeAP removes the network of an access point, and with made its interface from
// wpa_supplicant.
func (at *place) closeAP(ctx context.Context, path dbus.ObjectPath, made bool) error {
	if made {
		err := at.call(ctx, root, name+".RemoveInterface", []any{at.path})
		if is(err, "InterfaceUnknown") {
			return nil
		}
		return err
	}
	if path == "" {
		return nil
	}
	err := at.disconnect(ctx)
	if e := at.remove(ctx, path); err == nil {
		err = e
	}
	return err
}

// goOn switches networks on again.
func (at *place) goOn(ctx context.Context, networks []dbus.ObjectPath) error {
	for _, path := range networks {
		if err := at.enable(ctx, path, true); err != nil {
			return err
		}
	}
	if len(networks) == 0 {
		return nil
	}
	return at.call(ctx, at.path, iface+".Reassociate", nil)
}
