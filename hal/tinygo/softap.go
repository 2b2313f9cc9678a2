// SPDX-License-Identifier: Apache-2.0

package tinygo

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// softChannel is the driver's choice.
const softChannel = 1

// StartSoftAP implements hal.SoftAP. The SoftAP takes turns with the station: it closes
// while the station tries to join, and then comes back (see the package comment).
// MaxStations is always 4; with a key the authentication is WPA2.
//
// Unlike other methods it blocks: for a running call of the driver, a scan of up to
// 4 s, and until the access point is open.
func (r *Radio) StartSoftAP(cfg hal.SoftAPConfig) error {
	if err := cfg.Check(); err != nil {
		return err
	}
	ap := AP{SSID: cfg.SSID, Key: cfg.Key, Channel: cfg.Channel}
	if ap.Channel == 0 {
		ap.Channel = softChannel
	}
	return r.wait(func() error { return r.openSoftAP(ap) })
}

// openSoftAP opens a new SoftAP, on the worker.
func (r *Radio) openSoftAP(ap AP) error {
	r.mu.Lock()
	if err := r.acceptLocked(); err != nil {
		r.mu.Unlock()
		return err
	}
	if !r.started {
		r.mu.Unlock()
		return hal.ErrNotStarted
	}
	replaces := r.ap != nil
	r.setModeLocked(hal.ModeAPSTA)
	r.ap = &ap
	joins := r.station.phase == asked || r.station.phase == leasing
	r.station.expires = time.Now().Add(r.cfg.Lease)
	r.mu.Unlock()
	if joins {
		return nil // it opens when that is over
	}
	if !replaces {
		r.trouble("scan", r.look())
	}
	if err := r.showAP(0); err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.setModeLocked(hal.ModeSTA)
		return err
	}
	return nil
}

// showAP opens the SoftAP, on the worker. For the time presence no attempt to join
// closes it.
func (r *Radio) showAP(presence time.Duration) error {
	w := &r.worker
	r.mu.Lock()
	if r.ap == nil {
		r.mu.Unlock()
		return nil
	}
	ap := *r.ap
	r.mu.Unlock()
	if err := r.enable(); err != nil {
		return err
	}
	if err := r.cfg.Driver.StartAP(ap); err != nil {
		w.role = roleNone
		w.retry = time.Now().Add(retryOpen)
		return &driverError{"opening the access point", err}
	}
	w.role, w.shown, w.until = roleAP, ap, time.Now().Add(presence)
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := &r.station; s.phase == online {
		s.phase = parked
	}
	return nil
}

// StopSoftAP implements hal.SoftAP. It returns at once. A station that had a
// link when the SoftAP took the radio joins again: Link fails until then, and
// EventConnected and EventGotIP, or EventDisconnected, follow once more.
func (r *Radio) StopSoftAP() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ap != nil {
		r.setModeLocked(hal.ModeSTA)
	}
	return nil
}

// closeSoftAPLocked gives the radio to the station.
func (r *Radio) closeSoftAPLocked() {
	r.ap = nil
	if s := &r.station; s.phase == parked {
		s.phase, s.link, s.ip = asked, hal.Link{}, hal.IPConfig{}
	}
	r.kick()
}
