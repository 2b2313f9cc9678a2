// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/explain"
)

// lossWait is how long to wait for STA_DISCONNECTED after a Disconnect that ended an
// attempt to join. ESP-IDF promises the event only for the end of a link.
const lossWait = time.Second

// stationState is the state of the station, as known from delivered events and from
// calls:
//
//	idle    -- Connect --------> joining
//	joining -- STA_CONNECTED --> linked
//	linked  -- STA_GOT_IP -----> online
//	online  -- STA_LOST_IP ----> linked
//	any     -- Disconnect, STA_DISCONNECTED, STA_STOP --> idle
type stationState uint8

const (
	stationIdle stationState = iota
	stationJoining
	stationLinked
	stationOnline
)

// station is the state of station and scanner. It is guarded by Device.mu.
type station struct {
	state   stationState
	losses  int    // STA_DISCONNECTED that Disconnect caused, still to come
	unsure  bool   // the last of these may not come
	since   uint32 // number of the first event after the last Disconnect
	leaves  uint32 // counts calls of Disconnect
	overdue bool   // the last loss has not come in time
	join    hal.JoinInfo

	scanning bool
	scans    int // SCAN_DONE still to come
	stopped  int // how many of these belong to scans that StopScan ended
}

// take updates the state and returns the event for subscribers, if any.
func (s *station) take(e *event, n *native) (out hal.Event, tell bool) {
	current := s.losses == 0 // the event is about the present attempt or link
	switch e.kind {
	case staStart:
		return hal.Event{Kind: hal.EventStationStart}, true
	case staConnected:
		if current {
			s.state = stationLinked
			s.reached(hal.JoinDHCP, e, n)
		}
		return hal.Event{Kind: hal.EventConnected}, true
	case gotIP:
		if current && s.state != stationIdle {
			s.state, s.join.Step = stationOnline, hal.JoinDone
		}
		return hal.Event{Kind: hal.EventGotIP, IP: e.ip}, true
	case lostIP:
		if s.state == stationOnline {
			s.state = stationLinked
		}
	case staDisconnected:
		return s.lose(e, n)
	case scanDone:
		if s.scans == 0 {
			return out, false // somebody else's scan
		}
		s.scans--
		s.scanning = s.scanning && s.scans > 0
		out = hal.Event{Kind: hal.EventScanDone, ScanFailed: e.failed}
		if s.stopped > 0 {
			s.stopped--
			out.ScanFailed = false
		}
		return out, true
	}
	return out, false
}

// lose takes the end of a link or of an attempt to join.
func (s *station) lose(e *event, n *native) (hal.Event, bool) {
	switch {
	case s.losses > 0:
		s.losses--
		s.unsure = s.unsure && s.losses > 0
	case s.state == stationIdle && e.reason == hal.ReasonAssocLeave:
		return hal.Event{}, false // subscribers know already
	default:
		step := max(s.join.Step, e.reason.Step())
		if s.state == stationJoining && e.ap.Channel != 0 {
			step = max(step, hal.JoinAuth) // a network was found
		}
		s.reached(step, e, n)
		s.state = stationIdle
	}
	return hal.Event{Kind: hal.EventDisconnected, Reason: e.reason}, true
}

// reached notes the step that a join has reached, and the access point.
func (s *station) reached(step hal.JoinStep, e *event, n *native) {
	s.join.Step = step
	if e.ap.Channel == 0 {
		return
	}
	ssid, auth := s.join.AP.SSID, s.join.AP.Auth
	if !n.isSSID(ssid) {
		ssid = n.ssid()
	}
	s.join.AP = e.ap
	s.join.AP.SSID = ssid
	if e.kind == staDisconnected {
		s.join.AP.Auth = auth // the event does not tell it
	}
}

// Connect implements hal.Station. During a scan it fails with hal.ErrBusy.
func (d *Device) Connect() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &d.station
	switch {
	case s.state == stationJoining:
		return explain.Error(hal.ErrBusy, "the station is joining a network")
	case s.state != stationIdle:
		return nil
	case s.scanning:
		return explain.Error(hal.ErrBusy, "a scan is running")
	}
	if err := nativeConnect(); err != nil {
		return err
	}
	s.state = stationJoining
	s.join = hal.JoinInfo{Step: hal.JoinScan}
	return nil
}

// Disconnect implements hal.Station.
func (d *Device) Disconnect() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &d.station
	unsure := d.onlyJoining()
	err := nativeDisconnect() // also when idle: somebody else may have connected
	if s.state == stationIdle {
		if e, ok := err.(*Error); ok && (e.Code == errWiFiNotStarted || e.Code == errWiFiNotInit) {
			return nil
		}
		return err
	}
	if err == nil {
		d.left(unsure)
	}
	return err
}

// onlyJoining reports whether the station has no link yet, according to the driver.
// d.mu is held.
func (d *Device) onlyJoining() bool {
	if d.station.state != stationJoining {
		return false
	}
	_, err := nativeLink()
	return err != nil
}

// left notes that the driver was made to leave. d.mu is held.
func (d *Device) left(unsure bool) {
	s := &d.station
	s.state = stationIdle
	s.losses++
	if !unsure {
		return
	}
	s.unsure, s.overdue = true, false
	s.since = nativeEventNumber()
	s.leaves++
	number := s.leaves
	d.AfterFunc(lossWait, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.station.overdue = d.station.unsure && d.station.leaves == number
	})
}

// settle stops waiting for losses and returns how many are missing. The caller tells
// subscribers in the driver's place. d.mu is held.
func (s *station) settle() (lost int) {
	lost = s.losses
	s.losses, s.unsure, s.overdue = 0, false, false
	return lost
}

// untold returns how many losses the driver has not reported although event e shows
// that they happened, since the driver has gone on or stopped. d.mu is held.
func (s *station) untold(e *event) (lost int) {
	switch {
	case e.kind == staStop:
		lost = s.settle()
		if s.state != stationIdle {
			s.state = stationIdle
			lost++
		}
	case s.begun(e):
		lost = s.settle()
	}
	return lost
}

// begun reports whether the event belongs to an attempt after the one that Disconnect
// ended.
func (s *station) begun(e *event) bool {
	return s.unsure && s.state == stationJoining && e.kind == staConnected && int32(e.number-s.since) >= 0
}

// Link implements hal.Station.
func (d *Device) Link() (hal.Link, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.station.state != stationOnline {
		return hal.Link{}, hal.ErrNotConnected
	}
	ap, err := nativeLink()
	if err != nil {
		return hal.Link{}, err
	}
	ip, err := nativeIPConfig()
	if err != nil {
		return hal.Link{}, err
	}
	if ip.Address == (hal.IPv4{}) {
		return hal.Link{}, hal.ErrNotConnected
	}
	return hal.Link{AP: ap, IP: ip.Address}, nil
}

// JoinInfo implements hal.JoinReporter. The driver does not tell steps between Connect
// and STA_CONNECTED; the step of a failed attempt follows from its reason. The channel
// of a failed attempt is the radio's channel at that time.
func (d *Device) JoinInfo() (hal.JoinInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.station.join, nil
}

// IPConfig implements hal.JoinReporter.
func (d *Device) IPConfig() (hal.IPConfig, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.station.state != stationOnline {
		return hal.IPConfig{}, hal.ErrNotConnected
	}
	return nativeIPConfig()
}
