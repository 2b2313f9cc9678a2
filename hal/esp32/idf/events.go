// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import "github.com/wifiprov/wifiprov/hal"

// Subscribe implements hal.Radio; fn runs inside of Pump.
func (d *Device) Subscribe(fn func(hal.Event)) (cancel func()) {
	return d.subs.Add(fn, nativeEventNumber())
}

// nextEvent takes an event of the driver from the queue and tells the subscribers.
func (d *Device) nextEvent() bool {
	if d.pump.resync {
		d.pump.resync = false
		d.resync()
		return true
	}
	e, ok := d.pump.next()
	if !ok {
		return d.tellOverdue()
	}
	d.mu.Lock()
	lost := d.station.untold(&e)
	out, tell := d.station.take(&e, &d.pump.native)
	d.mu.Unlock()
	d.tellLosses(lost, hal.ReasonAssocLeave, e.number)
	if tell {
		d.subs.Tell(out, e.number)
	}
	return true
}

// tellOverdue tells subscribers of losses that the driver has not reported in time.
func (d *Device) tellOverdue() bool {
	d.mu.Lock()
	lost := 0
	if d.station.overdue {
		lost = d.station.settle()
	}
	number := nativeEventNumber()
	d.mu.Unlock()
	d.tellLosses(lost, hal.ReasonAssocLeave, number)
	return lost > 0
}

func (d *Device) tellLosses(n int, reason hal.Reason, number uint32) {
	for range n {
		d.subs.Tell(hal.Event{Kind: hal.EventDisconnected, Reason: reason}, number)
	}
}

// resync makes up for lost events: scans count as failed, and the station leaves its
// network, so that its state is known again.
func (d *Device) resync() {
	d.mu.Lock()
	s := &d.station
	scans, lost := s.scans, s.settle()
	if s.scanning {
		_ = nativeScanStop() // its event is not waited for
	}
	if s.state != stationIdle {
		lost++
		_ = nativeDisconnect() // fails when the driver has left by itself
	}
	s.scans, s.stopped, s.scanning = 0, 0, false
	s.state = stationIdle
	number := nativeEventNumber()
	d.mu.Unlock()
	for range scans {
		d.subs.Tell(hal.Event{Kind: hal.EventScanDone, ScanFailed: true}, number)
	}
	d.tellLosses(lost, hal.ReasonUnspecified, number)
}
