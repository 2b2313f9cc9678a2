// SPDX-License-Identifier: Apache-2.0

package radio

import (
	"context"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/explain"
)

// phase is the state of the station:
//
//	idle    -- Connect -------------> asked
//	asked   -- worker --------------> joining
//	joining -- Watcher.Connected ---> leasing
//	leasing -- Watcher.Address -----> online
//	online  -- access point opens --> parked
//	parked  -- access point closes -> asked
//	any     -- dropLocked ----------> idle
type phase uint8

const (
	idle    phase = iota
	asked         // an attempt waits for the worker
	joining       // the Daemon tries
	leasing       // associated, no address yet
	online        // with an address
	parked        // online, but the access point has the radio
)

// station is the state of a Radio's station.
type station struct {
	phase   phase
	turn    uint64             // changes when an attempt or a link is given up
	target  *hal.StationConfig // of the attempt or the link, never changed in place
	ctx     context.Context    // of the attempt and its link
	cancel  context.CancelCauseFunc
	joined  chan struct{} // closed when Daemon.Join has returned; nil: none runs
	info    hal.JoinInfo
	link    hal.Link
	ip      hal.IPConfig
	expires time.Time // leasing: when to give up because an access point waits
}

// Connect implements hal.Station. If an access point that an attempt has to close came
// back less than Config.Presence ago, the attempt begins when that time is over.
func (r *Radio) Connect() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.stationLocked(); err != nil {
		return err
	}
	s := &r.station
	switch {
	case s.phase == asked || s.phase == joining:
		return explain.Error(hal.ErrBusy, "the station is joining a network")
	case s.phase != idle:
		return nil
	case r.scan.phase != scanIdle:
		return explain.Error(hal.ErrBusy, "a scan is running")
	case r.config.SSID == "":
		return errNoNetwork
	}
	r.askLocked(r.config)
	return nil
}

// askLocked begins an attempt to join.
func (r *Radio) askLocked(target *hal.StationConfig) {
	s := &r.station
	s.phase, s.target, s.info = asked, target, hal.JoinInfo{Step: hal.JoinScan}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	r.kick()
}

// endLocked gives up an attempt or a link, for the Daemon to leave the network.
func (s *station) endLocked(cause error) {
	if s.cancel != nil {
		s.cancel(cause)
	}
	s.phase, s.link, s.ip = idle, hal.Link{}, hal.IPConfig{}
	s.turn++
}

// dropLocked ends an attempt or a link, and reports the reason.
func (r *Radio) dropLocked(reason hal.Reason) {
	s := &r.station
	if s.phase == idle {
		return
	}
	if s.phase == joining {
		s.info.Step = max(s.info.Step, reason.Step())
	}
	s.endLocked(nil)
	r.events.Emit(hal.Event{Kind: hal.EventDisconnected, Reason: reason})
	r.kick()
}

// Disconnect implements hal.Station. The event comes at once; the Daemon may take a
// moment to follow, and a further attempt waits for it. A network that the interface was in
// before Start is left too, without an event.
func (r *Radio) Disconnect() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.acceptLocked(); err != nil && (r.closed || r.station.phase != idle) {
		return err
	}
	r.dropLocked(hal.ReasonAssocLeave)
	r.depart = r.foreign
	r.kick()
	return nil
}

// Link implements hal.Station. The signal is that of the time of joining. While an
// access point has the radio, Link describes the former link, which the station gets
// back when the access point closes.
func (r *Radio) Link() (hal.Link, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.addressLocked(); err != nil {
		return hal.Link{}, err
	}
	return r.station.link, nil
}

// IPConfig implements hal.JoinReporter.
func (r *Radio) IPConfig() (hal.IPConfig, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.addressLocked(); err != nil {
		return hal.IPConfig{}, err
	}
	return r.station.ip, nil
}

// addressLocked fails without an address.
func (r *Radio) addressLocked() error {
	if r.closed {
		return ErrClosed
	}
	if p := r.station.phase; p != online && p != parked {
		return hal.ErrNotConnected
	}
	return nil
}

// JoinInfo implements hal.JoinReporter.
func (r *Radio) JoinInfo() (hal.JoinInfo, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return hal.JoinInfo{}, ErrClosed
	}
	return r.station.info, nil
}

// join begins an attempt to join, on the worker.
func (r *Radio) join() {
	s := &r.station
	r.mu.Lock()
	if s.phase != asked {
		r.mu.Unlock()
		return
	}
	s.phase = joining
	turn, ctx, target := s.turn, s.ctx, *s.target
	r.mu.Unlock()

	target = r.makeWay(ctx, target)

	r.mu.Lock()
	defer r.mu.Unlock()
	if s.turn != turn {
		return
	}
	joined := make(chan struct{})
	s.joined = joined
	r.foreign, r.depart = false, false
	go func() {
		reason := r.daemon.Join(ctx, target, watcher{r, turn, target.SSID})
		r.mu.Lock()
		defer r.mu.Unlock()
		close(joined)
		s.joined = nil
		if s.turn == turn {
			r.dropLocked(reason)
		}
		r.kick()
	}()
}

// leaving reports whether a Join that was given up has yet to return.
func (s *station) leaving() bool {
	return s.joined != nil && s.phase != joining && s.phase != leasing && s.phase != online
}

// leave waits until a Join that was given up has returned, on the worker.
func (r *Radio) leave() {
	r.mu.Lock()
	joined, leaving := r.station.joined, r.station.leaving()
	r.mu.Unlock()
	if !leaving {
		return
	}
	limit := time.NewTimer(callTime)
	defer limit.Stop()
	select {
	case <-joined:
	case <-limit.C:
		r.trouble("leave", errSlow)
	}
}

// leaveForeign leaves a network that no Join is in, on the worker.
func (r *Radio) leaveForeign() {
	r.mu.Lock()
	foreign := r.foreign
	r.foreign, r.depart = false, false
	r.mu.Unlock()
	if !foreign {
		return
	}
	ctx, cancel := context.WithTimeout(r.ctx, callTime)
	defer cancel()
	if err := r.daemon.Leave(ctx); err != nil {
		r.trouble("leave", err)
		r.mu.Lock()
		r.foreign = r.started
		r.mu.Unlock()
	}
}

// park ends a link for an access point that takes the radio, on the worker. It is
// described as before.
func (r *Radio) park() {
	s := &r.station
	r.mu.Lock()
	if s.phase == online {
		s.turn++
		s.phase = parked
		s.cancel(nil)
	}
	r.mu.Unlock()
	r.leave()
}

// watcher is the Watcher of one attempt.
type watcher struct {
	r    *Radio
	turn uint64
	ssid hal.SSID
}

// lock locks the Radio, and reports whether the attempt or its link still counts.
func (w watcher) lock() bool {
	w.r.mu.Lock()
	return w.r.station.turn == w.turn
}

// Step implements Watcher.
func (w watcher) Step(i hal.JoinInfo) {
	defer w.r.mu.Unlock()
	if s := &w.r.station; w.lock() && s.phase == joining {
		s.info.Step = i.Step
		if i.AP != (hal.AccessPoint{}) {
			s.info.AP = i.AP
			s.info.AP.SSID = w.ssid
		}
	}
}

// Connected implements Watcher. A later call tells another access point of the network.
func (w watcher) Connected(ap hal.AccessPoint) {
	defer w.r.mu.Unlock()
	if !w.lock() {
		return
	}
	s := &w.r.station
	ap.SSID = w.ssid
	s.link.AP = ap
	if s.phase != joining {
		return
	}
	s.phase, s.info = leasing, hal.JoinInfo{Step: hal.JoinDHCP, AP: ap}
	s.expires = time.Now().Add(w.r.cfg.Lease)
	w.r.events.Emit(hal.Event{Kind: hal.EventConnected})
	w.r.kick()
}

// Address implements Watcher.
func (w watcher) Address(ip hal.IPConfig) {
	defer w.r.mu.Unlock()
	s := &w.r.station
	if !w.lock() || s.phase != leasing && s.phase != online {
		return
	}
	same := s.phase == online && s.ip.Address == ip.Address
	s.phase, s.ip, s.link.IP, s.info.Step = online, ip, ip.Address, hal.JoinDone
	if !same {
		w.r.events.Emit(hal.Event{Kind: hal.EventGotIP, IP: ip.Address})
	}
	w.r.kick()
}
