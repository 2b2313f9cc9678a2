// SPDX-License-Identifier: Apache-2.0

package tinygo

import (
	"errors"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// role is the driver's present role.
type role uint8

const (
	roleNone role = iota // off, or unknown after an error
	roleStation
	roleAP
)

// worker is the state of the goroutine that calls the driver. Only that goroutine uses
// it.
type worker struct {
	enabled   bool
	enableErr error // stays, once set
	role      role
	shown     AP        // roleAP: the open access point
	until     time.Time // roleAP: no attempt to join closes it before
	retry     time.Time // when to try again after a failure
}

// task is a kind of work.
type task uint8

const (
	nothing task = iota
	endWork
	doLeave
	doJob
	doJoin
	doAddress
	doProbe
	doScan
	doAnnounce
	doShowAP
	doStation
	doStop
)

// work calls the driver until Close.
func (r *Radio) work() {
	timer := time.NewTimer(maxTimeSpan)
	defer timer.Stop()
	for {
		t, j, wait := r.next()
		switch t {
		case nothing:
			timer.Reset(wait)
			select {
			case <-r.wake:
			case <-timer.C:
			}
		case endWork:
			r.refuseJobs()
			return
		case doLeave:
			r.leave()
		case doJob:
			j.done <- j.fn()
		case doJoin:
			r.join()
		case doAddress:
			r.askAddress()
		case doProbe:
			r.probe()
		case doScan:
			r.runScan()
		case doAnnounce:
			r.announceStation()
		case doShowAP:
			r.trouble("access point", r.showAP(r.cfg.Presence))
		case doStation:
			r.trouble("station", r.beStation())
		case doStop:
			r.trouble("stop", r.cfg.Driver.Stop())
			r.worker.role = roleNone
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
	case r.aborting > 0:
		return nothing, job{}, wait
	case s.leave:
		s.leave = false
		return doLeave, job{}, 0
	case len(r.jobs) > 0:
		j := r.jobs[0]
		r.jobs = append(r.jobs[:0], r.jobs[1:]...)
		return doJob, j, 0
	case s.phase == asked && (w.role != roleAP || r.ap == nil || due(w.until)):
		return doJoin, job{}, 0
	case s.phase == leasing && due(s.lease):
		return doAddress, job{}, 0
	case r.scan.phase == scanAsked:
		return doScan, job{}, 0
	case r.announce && due(w.retry):
		return doAnnounce, job{}, 0
	case s.phase == leasing:
	case r.ap != nil:
		if (w.role != roleAP || w.shown != *r.ap) && due(w.retry) {
			return doShowAP, job{}, 0
		}
	case r.mode&hal.ModeSTA == 0:
		if w.role != roleNone {
			return doStop, job{}, 0
		}
	case w.role == roleAP:
		if due(w.retry) {
			return doStation, job{}, 0
		}
	case s.phase == online && due(s.probe):
		return doProbe, job{}, 0
	}
	return nothing, job{}, wait
}

// refuseJobs refuses the jobs that are left when the worker ends. Later jobs are
// refused by wait.
func (r *Radio) refuseJobs() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, j := range r.jobs {
		j.done <- ErrClosed
	}
	r.jobs = nil
}

// enable powers the radio up, once.
func (r *Radio) enable() error {
	w := &r.worker
	if w.enabled || w.enableErr != nil {
		return w.enableErr
	}
	if err := r.cfg.Driver.Enable(); err != nil && !errors.Is(err, ErrEnabled) {
		w.enableErr = &driverError{"the radio is not enabled, reset the chip", err}
		return w.enableErr
	}
	w.enabled = true
	return nil
}

// beStation makes the radio a station.
func (r *Radio) beStation() error {
	w := &r.worker
	if err := r.enable(); err != nil {
		return err
	}
	if w.role == roleStation {
		return nil
	}
	if err := r.cfg.Driver.StartStation(); err != nil {
		w.retry = time.Now().Add(retryOpen)
		return &driverError{"starting the station", err}
	}
	w.role = roleStation
	return nil
}

// start is Start.
func (r *Radio) start() error {
	r.mu.Lock()
	started, has := r.started, r.mode&hal.ModeSTA != 0
	r.mu.Unlock()
	if started {
		return nil
	}
	err := r.enable()
	if err == nil && has {
		err = r.beStation()
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	r.started = true
	if r.mode&hal.ModeSTA != 0 {
		r.events.Emit(hal.Event{Kind: hal.EventStationStart})
	}
	return nil
}

// announceStation reports that a started radio got a station.
func (r *Radio) announceStation() {
	if r.worker.role != roleAP {
		if err := r.beStation(); err != nil {
			r.trouble("station", err)
			return
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.announce {
		r.announce = false
		r.events.Emit(hal.Event{Kind: hal.EventStationStart})
	}
}
