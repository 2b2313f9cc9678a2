// SPDX-License-Identifier: Apache-2.0

package wpa

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
)

// Times of scans.
const (
	scanTimeout  = 30 * time.Second // the longest scan
	abortTimeout = time.Second      // until a scan that was aborted is over
)

// Scan implements radio.Daemon. A scan of another program is waited for.
func (d *Daemon) Scan(ctx context.Context, cfg hal.ScanConfig) ([]hal.AccessPoint, error) {
	ctx, done, err := d.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	at, err := d.ready(ctx)
	if err != nil {
		return nil, err
	}
	args := props{"Type": dbus.MakeVariant("active")}
	var channels []uint8
	if cfg.Channel != 0 {
		channels = []uint8{cfg.Channel}
	}
	if cfg.Passive {
		args["Type"] = dbus.MakeVariant("passive")
		if len(channels) == 0 {
			// Without channels wpa_supplicant makes an active scan of it.
			if channels, err = d.channels(); err != nil {
				return nil, err
			}
		}
	}
	if err := onChannels(args, channels); err != nil {
		return nil, err
	}
	list, err := d.scan(ctx, at, args)
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), ErrClosed) {
		err = nil
	}
	return list, err
}

// channels are those of a scan of all.
func (d *Daemon) channels() (list []uint8, err error) {
	if d.cfg.Channels != nil {
		list, err = d.cfg.Channels(d.cfg.Interface)
		return slices.DeleteFunc(list, func(c uint8) bool { return !hal.ValidChannel(c) }), err
	}
	for c := uint8(1); c <= 13; c++ {
		list = append(list, c)
	}
	return list, nil
}

// width is a channel as Scan wants it, in MHz.
type width struct{ Center, Width uint32 }

// onChannels limits a scan to channels; none: all.
func onChannels(args props, channels []uint8) error {
	if len(channels) == 0 {
		return nil
	}
	var list []width
	for _, c := range channels {
		mhz := hal.Frequency(c)
		if mhz == 0 {
			return fmt.Errorf("wpa: there is no channel %d", c)
		}
		list = append(list, width{uint32(mhz), 20})
	}
	args["Channels"] = dbus.MakeVariant(list)
	return nil
}

// scan scans and returns what was heard meanwhile. When ctx is done it returns what was
// found so far, with an error.
func (d *Daemon) scan(ctx context.Context, at *place, args props) ([]hal.AccessPoint, error) {
	l, err := at.listen()
	if err != nil {
		return nil, err
	}
	defer l.stop()
	begin := time.Now()
	err = at.scan(ctx, args)
	others := false
	if is(err, "ScanError") {
		if others, err = at.pause(ctx, l); err != nil {
			return nil, err
		}
		begin = time.Now()
		err = at.scan(ctx, args)
	}
	switch {
	case is(err, "ScanError") && others:
		return nil, hal.ErrBusy
	case is(err, "ScanError"):
		return nil, fmt.Errorf("%w: %s cannot scan these channels now", err, at.name)
	case err != nil:
		return nil, err
	}
	err = at.scanned(ctx, l, scanTimeout)
	switch {
	case ctx.Err() != nil:
		after, cancel := afterwards(ctx)
		defer cancel()
		if at.call(after, at.path, iface+".AbortScan", nil) == nil {
			_ = at.scanned(after, l, abortTimeout)
		}
		list, _ := at.heard(after, at.path, begin)
		return list, context.Cause(ctx)
	case err != nil:
		return nil, err
	}
	return at.heard(ctx, at.path, begin)
}

// scan begins a scan. Its answer is waited for, also when ctx is done, to know whether
// there is something to end.
func (at *place) scan(ctx context.Context, args props) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	return at.call(ctx, at.path, iface+".Scan", []any{args})
}

// scanned waits for the end of a scan.
func (at *place) scanned(ctx context.Context, l *listener, timeout time.Duration) error {
	late := time.NewTimer(timeout)
	defer late.Stop()
	for {
		select {
		case s := <-l.c:
			switch {
			case s.member == gone:
				return errGone
			case s.member == "ScanDone" && !s.ok:
				return fmt.Errorf("wpa: the scan on %s failed; is the radio blocked (rfkill list)?", at.name)
			case s.member == "ScanDone":
				return nil
			}
		case <-late.C:
			return fmt.Errorf("wpa: the scan on %s does not end", at.name)
		case <-at.conn.Context().Done():
			return errGone
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pause ends a scan that is not ours, if there is one: that of an attempt to join which
// wpa_supplicant was about to make again. Other programs' scans, which wpa_supplicant does
// not end, are waited for.
func (at *place) pause(ctx context.Context, l *listener) (there bool, err error) {
	there, err = prop[bool](ctx, at.bus, at.path, iface, "Scanning")
	if err != nil || !there {
		return false, err
	}
	_ = at.call(ctx, at.path, iface+".AbortScan", nil)
	if err := at.scanned(ctx, l, scanTimeout/2); err != nil && (ctx.Err() != nil || errors.Is(err, errGone)) {
		return true, err
	}
	return true, nil
}

// memory is how long ago an access point may have been heard to be looked for first where
// it was.
const memory = time.Minute

// look scans for the network of cfg: at first on the channels where it is likely to be,
// unless all are wanted, then on all, which takes seconds.
func (d *Daemon) look(ctx context.Context, at *place, cfg hal.StationConfig) (choice, hal.Reason, error) {
	likely, err := at.likely(ctx, cfg)
	if err != nil {
		return choice{}, hal.ReasonConnectionFail, err
	}
	tries := [][]uint8{likely, nil}
	switch {
	case len(likely) == 0:
		tries = [][]uint8{nil}
	case cfg.ScanMethod == hal.ScanAllChannel:
		tries = [][]uint8{nil, likely} // scans miss what is there now and then
	}
	result := hal.ReasonNoAPFound
	for _, channels := range tries {
		// Only a scan for the name finds a network that hides it.
		args := props{
			"Type":  dbus.MakeVariant("active"),
			"SSIDs": dbus.MakeVariant([][]byte{[]byte(cfg.SSID)}),
		}
		if err := onChannels(args, channels); err != nil {
			return choice{}, hal.ReasonConnectionFail, err
		}
		heard, err := d.scan(ctx, at, args)
		switch best, reason := choose(cfg, heard, at.can); {
		case err != nil && (ctx.Err() != nil || len(channels) == 0):
			return choice{}, hal.ReasonConnectionFail, err
		case err != nil: // perhaps it is not one of the radio's channels
		case reason == 0:
			return best, 0, nil
		case reason != hal.ReasonNoAPFound:
			result = reason
		}
	}
	return choice{}, result, nil
}

// likely are the channels where the network of cfg should be, each once.
func (at *place) likely(ctx context.Context, cfg hal.StationConfig) (list []uint8, err error) {
	if hal.ValidChannel(cfg.Channel) {
		list = append(list, cfg.Channel)
	}
	known, err := at.heard(ctx, at.path, time.Now().Add(-memory))
	for _, ap := range known {
		if ap.SSID == cfg.SSID && ap.Channel != 0 && !slices.Contains(list, ap.Channel) {
			list = append(list, ap.Channel)
		}
	}
	return list, err
}
