// SPDX-License-Identifier: Apache-2.0

package radio

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

const (
	maxSoftChannel = 13 // of 2.4 GHz
	maxIfName      = 15 // of Linux
)

// StartSoftAP implements hal.SoftAP. See the package comment for how the access point
// gets along with the station. If the station is joining a network and the radio can do
// one of the two only, StartSoftAP returns at once and the access point opens when that
// is over.
//
// Otherwise it waits until clients can join the access point, and, where the two take
// turns, for a scan before that.
func (r *Radio) StartSoftAP(cfg hal.SoftAPConfig) error {
	if err := cfg.Check(); err != nil {
		return err
	}
	return r.wait(func() error { return r.startSoftAP(&cfg) })
}

// startSoftAP opens a new access point, on the worker.
func (r *Radio) startSoftAP(cfg *hal.SoftAPConfig) error {
	w := &r.worker
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
	r.ap = cfg
	r.station.expires = time.Now().Add(r.cfg.Lease)
	r.mu.Unlock()
	if !replaces {
		r.trouble("closing the access point", r.hideAP()) // it may have been closed a moment ago
		r.choosePlace()
	}
	r.mu.Lock()
	waits := r.waitsLocked()
	r.mu.Unlock()
	if waits {
		return nil
	}
	if !replaces && w.beside == 0 {
		_, err := r.look(r.ctx, hal.ScanConfig{})
		r.trouble("scan", err)
	}
	err := r.showAP(0)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return ErrClosed
	case err != nil && r.ap == cfg:
		r.setModeLocked(hal.ModeSTA)
	}
	return err
}

// StopSoftAP implements hal.SoftAP. It returns at once. A station that had a link when
// the access point took the radio joins again: Link fails until then, and EventConnected
// and EventGotIP, or EventDisconnected, follow once more.
func (r *Radio) StopSoftAP() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	if r.ap != nil {
		r.setModeLocked(hal.ModeSTA)
	}
	return nil
}

// closeSoftAPLocked gives the radio to the station.
func (r *Radio) closeSoftAPLocked() {
	r.ap = nil
	if s := &r.station; s.phase == parked {
		s.endLocked(nil)
		r.askLocked(s.target)
	}
	r.kick()
}

// choosePlace says on which interface the access point opens, and how it gets along
// with the station, on the worker.
func (r *Radio) choosePlace() {
	w := &r.worker
	w.iface, w.beside = r.cfg.APInterface, apart
	if w.iface != "" {
		return
	}
	w.iface, w.beside = r.cfg.Interface, 0
	if r.cfg.Phy == nil {
		return
	}
	channels, err := r.cfg.Phy.Beside(r.cfg.Interface)
	if err != nil || channels <= 0 {
		r.trouble("interface combinations", err)
		return
	}
	name := apName(r.cfg.Interface)
	if err := r.cfg.Phy.AddAP(r.cfg.Interface, name); err != nil {
		r.trouble("interface for the access point", err)
		return
	}
	w.iface, w.beside, w.virtual = name, channels, true
}

// apName returns the name of the virtual interface beside a station's.
func apName(iface string) string {
	const prefix = "ap-"
	return prefix + iface[max(0, len(prefix)+len(iface)-maxIfName):]
}

// waitsLocked reports whether an access point that is not open has to wait for the
// station, on the worker.
func (r *Radio) waitsLocked() bool {
	w, p := &r.worker, r.station.phase
	return w.shown == nil && w.crowded() && (p == asked || p == joining || p == leasing)
}

// showAP opens the access point, on the worker. For the time presence no attempt to
// join closes it.
func (r *Radio) showAP(presence time.Duration) error {
	w := &r.worker
	if w.crowded() {
		r.leave()
		r.mu.Lock()
		alone := r.station.phase == idle
		r.mu.Unlock()
		if alone {
			r.leaveForeign()
		}
	}
	r.mu.Lock()
	cfg, s := r.ap, &r.station
	linked := s.phase == online
	channel := uint8(0)
	if cfg != nil {
		channel = chooseChannel(cfg.Channel, r.scan.seen)
	}
	if w.shown != nil && w.beside == 1 && (s.phase == joining || s.phase == leasing) {
		channel = w.channel // on which the station joins
	}
	r.mu.Unlock()
	if cfg == nil {
		return nil
	}
	if linked && w.crowded() {
		if c := r.linkChannel(); w.beside == 1 && mayOpen(c) {
			err := r.openAP(cfg, c)
			if err == nil {
				w.until = time.Now().Add(presence)
				return nil
			}
			r.trouble("access point beside the link", err)
		}
		r.park()
	}
	if err := r.openAP(cfg, channel); err != nil {
		return err
	}
	w.until = time.Now().Add(presence)
	return nil
}

// openAP opens the access point on a channel, on the worker. After an error none is
// open.
func (r *Radio) openAP(cfg *hal.SoftAPConfig, channel uint8) error {
	w := &r.worker
	ap := AP{SoftAPConfig: *cfg, Interface: w.iface, Address: r.cfg.APAddress}
	ap.Channel = channel
	ctx, cancel := context.WithTimeout(r.ctx, openTime)
	defer cancel()
	if d, ok := r.daemon.(APWatch); ok {
		select {
		case <-d.APLost(): // of the one before
		default:
		}
	}
	if err := r.daemon.OpenAP(ctx, ap); err != nil {
		r.trouble("closing the access point", r.closeAP())
		w.shown = nil
		w.later()
		return fmt.Errorf("radio: opening the access point on %s, channel %d: %w", w.iface, channel, err)
	}
	w.shown, w.channel, w.pause = cfg, channel, 0
	return nil
}

// closeAP closes the access point, on the worker. It tries twice. Its place stays.
func (r *Radio) closeAP() error {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	err := r.daemon.CloseAP(ctx)
	if err != nil {
		r.trouble("closing the access point", err)
		err = r.daemon.CloseAP(ctx)
	}
	if err == nil {
		r.worker.shown = nil
	}
	return err
}

// hideAP closes the access point for good, on the worker. After an error it has to be
// called again.
func (r *Radio) hideAP() error {
	w := &r.worker
	if w.iface == "" {
		return nil
	}
	err := r.closeAP()
	if w.virtual {
		err = errors.Join(err, r.cfg.Phy.RemoveAP(w.iface))
	}
	if err != nil {
		w.later()
		return fmt.Errorf("radio: closing the access point on %s: %w", w.iface, err)
	}
	w.place, w.pause, w.retry = place{}, 0, time.Time{}
	return nil
}
