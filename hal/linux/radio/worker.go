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
	retryAP     = time.Second // until an access point that did not open or close is tried again; doubles
	maxRetryAP  = 30 * time.Second
	maxTimeSpan = time.Hour // nothing is due
)

// place is where the access point opens.
type place struct {
	iface   string // "": there is none
	virtual bool   // iface was made for the access point
	beside  int    // channels of the radio that it shares with the station, as Phy.Beside tells
}

// apart is the number of channels of radios that share nothing.
const apart = 2

// crowded reports whether station and access point hinder each other.
func (p place) crowded() bool { return p.beside < apart }

// worker is the state of the goroutine that calls the Daemon, but for Join, Load and
// Save. Only that goroutine uses it.
type worker struct {
	place
	taken   bool              // the Daemon has to release the interface
	shown   *hal.SoftAPConfig // of the access point that is open; nil: none
	channel uint8             // on which it is
	until   time.Time         // no attempt to join closes it before
	retry   time.Time         // when to open or close it again after a failure
	pause   time.Duration     // that led to retry
}

// later lets some time pass until the next try to open or close the access point.
func (w *worker) later() {
	w.pause = min(max(2*w.pause, retryAP), maxRetryAP)
	w.retry = time.Now().Add(w.pause)
}

// task is a kind of work.
type task uint8

const (
	nothing task = iota
	endWork
	doJob
	doHideAP
	doDepart
	doJoin
	doGiveUp
	doScan
	doShowAP
)

// work calls the Daemon until Close.
func (r *Radio) work() {
	defer close(r.ended)
	timer := time.NewTimer(maxTimeSpan)
	defer timer.Stop()
	var lost <-chan struct{}
	if d, ok := r.daemon.(APWatch); ok {
		lost = d.APLost()
	}
	for {
		t, j, wait := r.next()
		switch t {
		case nothing:
			timer.Reset(wait)
			select {
			case <-r.wake:
			case <-timer.C:
			case <-lost:
				if r.worker.shown != nil {
					r.worker.shown = nil
					r.worker.later()
					r.trouble("access point", errLost)
				}
			}
		case endWork:
			r.endErr = r.end()
			return
		case doJob:
			j.done <- j.fn()
		case doHideAP:
			r.trouble("closing the access point", r.hideAP())
		case doDepart:
			r.leaveForeign()
		case doJoin:
			r.join()
		case doGiveUp:
			r.giveUp()
		case doScan:
			r.runScan()
		case doShowAP:
			r.trouble("access point", r.showAP(r.cfg.Presence))
		}
	}
}

// next chooses what to do now, or how long to wait.
func (r *Radio) next() (task, job, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	wait := maxTimeSpan
	due := func(t time.Time) bool {
		d := t.Sub(now)
		if d > 0 && d < wait {
			wait = d
		}
		return d <= 0
	}
	s, w := &r.station, &r.worker
	switch {
	case r.closed:
		return endWork, job{}, 0
	case r.ap == nil && w.iface != "" && due(w.retry):
		return doHideAP, job{}, 0
	case r.depart:
		return doDepart, job{}, 0
	case s.phase == asked && !s.leaving() && (w.shown == nil || r.ap == nil || !w.crowded() || due(w.until)):
		return doJoin, job{}, 0
	case len(r.jobs) > 0:
		j := r.jobs[0]
		r.jobs = append(r.jobs[:0], r.jobs[1:]...)
		return doJob, j, 0
	case s.leaving(): // what follows needs the radio
	case s.phase == leasing && r.ap != nil && w.shown == nil && due(s.expires):
		return doGiveUp, job{}, 0
	case r.scan.phase == scanAsked:
		return doScan, job{}, 0
	case r.ap != nil && w.shown != r.ap && !r.waitsLocked() && due(w.retry):
		return doShowAP, job{}, 0
	}
	return nothing, job{}, wait
}

// kick makes the worker look for work.
func (r *Radio) kick() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// wait runs fn on the worker.
func (r *Radio) wait(fn func() error) error {
	j := job{fn, make(chan error, 1)}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return ErrClosed
	}
	r.jobs = append(r.jobs, j)
	r.mu.Unlock()
	r.kick()
	return <-j.done
}

// giveUp ends an attempt that gets no address, because an access point waits.
func (r *Radio) giveUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.station.phase == leasing {
		r.dropLocked(hal.ReasonConnectionFail)
	}
}

// giveBack releases the interface, on the worker, when nothing uses it any more.
func (r *Radio) giveBack(keep bool) error {
	r.leave()
	err := r.hideAP()
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	if released := r.daemon.Release(ctx, keep); released != nil {
		return errors.Join(err, fmt.Errorf("radio: giving %s back: %w", r.cfg.Interface, released))
	}
	r.worker.taken = false
	return err
}

// end ends the worker. Jobs that are left are refused; wait refuses later ones.
func (r *Radio) end() error {
	r.mu.Lock()
	for _, j := range r.jobs {
		j.done <- ErrClosed
	}
	r.jobs = nil
	keep := r.keep
	r.mu.Unlock()
	var err error
	if r.worker.taken {
		err = r.giveBack(keep)
	}
	return errors.Join(err, r.daemon.Close())
}
