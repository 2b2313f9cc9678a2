//go:build espidf

package esp32

import "github.com/wifiprov/wifiprov/hal"

// Subscribe implements hal.Radio; fn runs inside of Pump.
func (d *Device) Subscribe(fn func(hal.Event)) (cancel func()) {
	return d.subs.Add(fn, nativeEventNumber())
}

// nextEvent takes an event of the driver and tells the subscribers.
func (d *Device) nextEvent() bool {
	e, ok := d.pump.next()
	if !ok {
		return false
	}
	d.mu.Lock()
	out, tell := d.station.take(&e, &d.pump.native)
	d.mu.Unlock()
	if tell {
		d.subs.Tell(out, e.number)
	}
	return true
}

// resync makes up for events that were lost: scans count as failed, and the
// station is made to leave its network, so that it is known what it does.
func (d *Device) resync() {
	d.mu.Lock()
	s := &d.station
	scans, lost := s.scans, s.losses
	if s.scanning {
		_ = nativeScanStop() // what comes of it is not waited for
	}
	if s.state != stationIdle {
		lost++
		_ = nativeDisconnect() // fails when the driver has left by itself
	}
	s.scans, s.stopped, s.scanning = 0, 0, false
	s.state, s.losses = stationIdle, 0
	number := nativeEventNumber()
	d.mu.Unlock()
	for range scans {
		d.subs.Tell(hal.Event{Kind: hal.EventScanDone, ScanFailed: true}, number)
	}
	for range lost {
		d.subs.Tell(hal.Event{Kind: hal.EventDisconnected, Reason: hal.ReasonUnspecified}, number)
	}
}
