// SPDX-License-Identifier: Apache-2.0

package tinygo

import (
	"errors"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/explain"
)

// phase is the state of the station:
//
//	idle    -- Connect -----------> asked
//	asked   -- worker ------------> joining
//	joining -- the driver says ---> leasing or, with a reason, idle
//	leasing -- DHCP --------------> online
//	online  -- SoftAP takes over -> parked
//	parked  -- SoftAP closes -----> asked
//	any     -- dropLocked --------> idle
type phase uint8

const (
	idle    phase = iota
	asked         // an attempt waits for the worker
	joining       // the driver tries
	leasing       // associated, no address yet
	online        // with an address
	parked        // online, but the SoftAP has the radio
)

// station is the state of a Radio's station.
type station struct {
	phase   phase
	turn    uint64             // changes when an attempt or a link is given up
	target  *hal.StationConfig // of the attempt or the link, never changed in place
	link    hal.Link
	ip      hal.IPConfig
	lease   time.Time // leasing: when to ask for an address
	expires time.Time // leasing: when to give up because a SoftAP waits
	probe   time.Time // online: when to check the link
	leave   bool      // the driver may have a link that nobody wants
	inCall  bool      // the driver blocks in Connect or Address
}

// Connect implements hal.Station. If a SoftAP came back less than Config.Presence ago,
// the attempt begins when that time is over.
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
	s.phase, s.target = asked, r.config
	r.kick()
	return nil
}

// dropLocked ends an attempt or a link, and reports the reason.
func (r *Radio) dropLocked(reason hal.Reason) {
	s := &r.station
	if s.phase == idle {
		return
	}
	if s.phase == joining || s.phase == leasing || s.phase == online {
		s.leave = true
	}
	s.phase, s.link, s.ip = idle, hal.Link{}, hal.IPConfig{}
	s.turn++
	r.events.Emit(hal.Event{Kind: hal.EventDisconnected, Reason: reason})
	r.kick()
}

// Disconnect implements hal.Station. The event comes at once; the driver may
// take a moment to follow.
func (r *Radio) Disconnect() error {
	r.mu.Lock()
	if r.station.phase == idle {
		r.mu.Unlock()
		return nil
	}
	if err := r.acceptLocked(); err != nil {
		r.mu.Unlock()
		return err
	}
	blocked := r.station.inCall
	if blocked {
		r.aborting++
	}
	r.dropLocked(hal.ReasonAssocLeave)
	r.mu.Unlock()
	if blocked {
		r.abort()
	}
	return nil
}

// abort ends a blocked call of the driver. The worker begins no other call meanwhile,
// which abort could end by mistake.
func (r *Radio) abort() {
	r.trouble("disconnect", r.cfg.Driver.Disconnect())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.aborting--
	r.kick()
}

// leave ends a link that nobody wants, on the worker. It tries twice, unless there is
// no link.
func (r *Radio) leave() {
	err := r.cfg.Driver.Disconnect()
	if err == nil {
		return
	}
	r.trouble("disconnect", err)
	if _, err = r.cfg.Driver.Link(); !errors.Is(err, hal.ErrNotConnected) {
		r.trouble("disconnect", r.cfg.Driver.Disconnect())
	}
}

// Link implements hal.Station. The signal is that of the last check. While a SoftAP is
// open the station is off the air; Link then describes its former link, which it gets
// back when the SoftAP closes.
func (r *Radio) Link() (hal.Link, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.station.phase != online && r.station.phase != parked {
		return hal.Link{}, hal.ErrNotConnected
	}
	return r.station.link, nil
}

// IPConfig returns the configuration of the link; hal.ErrNotConnected without
// an address.
func (r *Radio) IPConfig() (hal.IPConfig, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.station.phase != online && r.station.phase != parked {
		return hal.IPConfig{}, hal.ErrNotConnected
	}
	return r.station.ip, nil
}

// join carries out an attempt to join, on the worker.
func (r *Radio) join() {
	s := &r.station
	r.mu.Lock()
	if s.phase != asked {
		r.mu.Unlock()
		return
	}
	s.phase = joining
	turn, target := s.turn, *s.target
	r.mu.Unlock()

	err := r.beStation()
	if err == nil {
		err = r.call(turn, func() error { return r.cfg.Driver.Connect(target.SSID, target.Passphrase) })
	}
	var ap hal.AccessPoint
	if err == nil {
		ap = r.describe(target)
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case s.turn != turn:
	case err != nil:
		reason, final := reasonOf(err)
		r.dropLocked(reason)
		s.leave = !final
	default:
		now := time.Now()
		s.phase, s.link = leasing, hal.Link{AP: ap}
		s.lease, s.expires = now, now.Add(r.cfg.Lease)
		r.events.Emit(hal.Event{Kind: hal.EventConnected})
	}
}

// call makes a blocking call of the driver for an attempt, unless the attempt was given
// up.
func (r *Radio) call(turn uint64, fn func() error) error {
	r.mu.Lock()
	if r.station.turn != turn {
		r.mu.Unlock()
		return hal.ErrNotConnected
	}
	r.station.inCall = true
	r.mu.Unlock()
	err := fn()
	r.mu.Lock()
	r.station.inCall = false
	r.mu.Unlock()
	return err
}

// describe asks the driver for the access point of a new link, and guesses fields that
// the driver does not know.
func (r *Radio) describe(target hal.StationConfig) hal.AccessPoint {
	ap, err := r.cfg.Driver.Link()
	if err != nil {
		r.trouble("link", err)
		ap = hal.AccessPoint{Auth: AuthUnknown}
	}
	ap.SSID = target.SSID
	switch {
	case ap.Auth != AuthUnknown:
	case target.Passphrase == "":
		ap.Auth = hal.AuthOpen
	default:
		ap.Auth = r.cfg.UnknownAuth
	}
	return ap
}

// askAddress gets an address, on the worker.
func (r *Radio) askAddress() {
	s := &r.station
	r.mu.Lock()
	turn := s.turn
	r.mu.Unlock()
	var ip hal.IPConfig
	err := r.call(turn, func() (err error) {
		ip, err = r.cfg.Driver.Address()
		return err
	})
	lost := false
	if err != nil {
		r.trouble("address", err)
		_, linkErr := r.cfg.Driver.Link()
		lost = errors.Is(linkErr, hal.ErrNotConnected)
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	switch {
	case s.turn != turn:
	case lost:
		r.lostLocked()
	case err != nil && r.ap != nil && !now.Before(s.expires):
		r.dropLocked(hal.ReasonConnectionFail)
	case err != nil:
		s.lease = now.Add(retryLease)
	default:
		s.phase, s.ip, s.link.IP = online, ip, ip.Address
		s.probe = now.Add(r.cfg.Probe)
		r.events.Emit(hal.Event{Kind: hal.EventGotIP, IP: ip.Address})
	}
}

// lostLocked reports that the link is lost. The true reason is unknown.
func (r *Radio) lostLocked() {
	r.dropLocked(hal.ReasonBeaconTimeout)
	r.station.leave = false
}

// probe checks the link, on the worker.
func (r *Radio) probe() {
	r.mu.Lock()
	turn := r.station.turn
	r.mu.Unlock()
	ap, err := r.cfg.Driver.Link()
	lost := errors.Is(err, hal.ErrNotConnected)
	if !lost {
		r.trouble("link", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.station
	switch {
	case s.turn != turn || s.phase != online:
	case lost:
		r.lostLocked()
	default:
		if err == nil && ap.RSSI != 0 {
			s.link.AP.RSSI = ap.RSSI
		}
		s.probe = time.Now().Add(r.cfg.Probe)
	}
}
