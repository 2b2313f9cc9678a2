// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"github.com/wifiprov/wifiprov/hal"
)

const (
	scanIn   = 30 * time.Second // limits a scan
	settleIn = time.Second      // limits the wait for the results of a scan
	fresh    = 10 * time.Second // what was heard so recently is still there
)

// Scan implements radio.Daemon. PeriodMillis and Passive have no counterpart.
func (d *Daemon) Scan(ctx context.Context, cfg hal.ScanConfig) ([]hal.AccessPoint, error) {
	ctx, cancel := d.begin(ctx)
	defer cancel()
	var list []hal.AccessPoint
	dev, err := d.ours(ctx)
	if err == nil {
		list, err = d.scan(ctx, dev, "")
	}
	if ctx.Err() != nil && d.ctx.Err() == nil {
		err = nil // the caller gave up, wherever that was
	}
	if cfg.Channel == 0 {
		return list, err
	}
	few := list[:0]
	for _, ap := range list {
		if ap.Channel == cfg.Channel {
			few = append(few, ap)
		}
	}
	return few, err
}

// scan scans, and returns what was heard. With an SSID it probes for that one, which may
// hide its name.
func (d *Daemon) scan(ctx context.Context, dev dbus.ObjectPath, ssid hal.SSID) ([]hal.AccessPoint, error) {
	signals, unwatch := d.watch()
	defer unwatch()
	before, err := d.known(ctx, dev)
	if err != nil {
		return nil, err
	}
	began := sinceBoot()
	options := map[string]dbus.Variant{}
	if ssid != "" {
		options["ssids"] = dbus.MakeVariant([][]byte{[]byte(ssid)})
	}
	if _, err := d.call(ctx, dev, ifWireless+".RequestScan", options); is(err, "NotAllowed") {
		return nil, fmt.Errorf("%w: %w", hal.ErrBusy, err)
	} else if err != nil {
		return nil, err
	}
	timer := time.NewTimer(scanIn)
	defer timer.Stop()
	for over := false; !over; {
		select {
		case <-ctx.Done():
			if d.ctx.Err() != nil {
				return nil, context.Cause(d.ctx)
			}
			over = true
		case <-timer.C:
			return nil, fmt.Errorf("nm: the scan did not end within %v", scanIn)
		case s := <-signals:
			if restarted(s) {
				return nil, errNotThere
			}
			if last, ok := changed(s, ifWireless)["LastScan"].Value().(int64); ok && s.Path == dev {
				over = time.Duration(last)*time.Millisecond >= began
			}
		}
	}
	// LastScan changes some milliseconds before the access points do that were known
	// already. Those that stay as they are were not heard.
	for late := time.Now().Add(settleIn); ; {
		now, err := d.known(d.ctx, dev) // also if ctx is done
		if err != nil {
			return nil, err
		}
		list := now.heard(began, before)
		if len(list) == len(now) || time.Now().After(late) || pause(ctx, settleIn/20) != nil {
			return list, nil
		}
	}
}

// sightings are the access points that NetworkManager knows, and when they were heard.
type sightings map[dbus.ObjectPath]sighting

type sighting struct {
	hal.AccessPoint
	last time.Duration // since boot, in whole seconds; negative: never
}

// heard returns those that were heard since a time after boot. NetworkManager's time may
// be some seconds too early, so those count as well that were heard later than before.
func (s sightings) heard(since time.Duration, before sightings) []hal.AccessPoint {
	var list []hal.AccessPoint
	for path, now := range s {
		old, known := before[path]
		if now.last >= since.Truncate(time.Second) || before != nil && (!known || now.last > old.last) {
			list = append(list, now.AccessPoint)
		}
	}
	return list
}

// known returns what NetworkManager knows, on channels of 2.4 and 5 GHz.
func (d *Daemon) known(ctx context.Context, dev dbus.ObjectPath) (sightings, error) {
	body, err := d.call(ctx, dev, ifWireless+".GetAllAccessPoints")
	var paths []dbus.ObjectPath
	if err == nil {
		err = dbus.Store(body, &paths)
	}
	if err != nil {
		return nil, err
	}
	all := sightings{}
	for _, path := range paths {
		props, err := d.all(ctx, path, ifAccessPoint)
		if gone(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if ap := accessPointOf(props); ap.Channel != 0 {
			all[path] = sighting{ap, time.Duration(value[int32](props, "LastSeen")) * time.Second}
		}
	}
	return all, nil
}

// accessPointOf returns the access point that has these properties.
func accessPointOf(props map[string]dbus.Variant) hal.AccessPoint {
	ap := hal.AccessPoint{
		SSID:    hal.SSID(value[[]byte](props, "Ssid")),
		Channel: hal.ChannelOf(int(value[uint32](props, "Frequency"))),
		RSSI:    int8(min(int(value[uint8](props, "Strength")), 100)/2 - 100),
		Auth:    auth(value[uint32](props, "Flags"), value[uint32](props, "WpaFlags"), value[uint32](props, "RsnFlags")),
	}
	_ = ap.BSSID.UnmarshalText([]byte(value[string](props, "HwAddress")))
	return ap
}

// look looks for an access point that cfg can join. It scans unless one was heard just
// now.
func (d *Daemon) look(ctx context.Context, dev dbus.ObjectPath, cfg hal.StationConfig) (hal.AccessPoint, hal.Reason, error) {
	all, err := d.known(ctx, dev)
	if err != nil {
		return hal.AccessPoint{}, 0, err
	}
	if ap, why := choose(all.heard(sinceBoot()-fresh, nil), cfg); why == 0 {
		return ap, 0, nil
	}
	var list []hal.AccessPoint
	for {
		if list, err = d.scan(ctx, dev, cfg.SSID); !errors.Is(err, hal.ErrBusy) {
			break
		}
		if err := pause(ctx, time.Second); err != nil {
			return hal.AccessPoint{}, 0, err
		}
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	ap, why := choose(list, cfg)
	return ap, why, err
}

func pause(ctx context.Context, t time.Duration) error {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// sinceBoot is the clock of NetworkManager's properties, CLOCK_BOOTTIME.
func sinceBoot() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return time.Duration(t.Nano())
}
