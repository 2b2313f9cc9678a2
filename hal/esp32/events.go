//go:build espidf

package esp32

import "github.com/wifiprov/wifiprov/hal"

// subscriber gets events from a number on.
type subscriber struct {
	fn        func(hal.Event)
	from      uint32
	cancelled bool // guarded by Device.mu
}

// Subscribe implements hal.Radio; fn runs inside of Pump.
func (d *Device) Subscribe(fn func(hal.Event)) (cancel func()) {
	if fn == nil {
		return func() {}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &subscriber{fn: fn, from: nativeEventNumber()}
	d.subs = append(append([]*subscriber(nil), d.subs...), s)
	return func() { d.unsubscribe(s) }
}

func (d *Device) unsubscribe(s *subscriber) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.cancelled = true
	var rest []*subscriber
	for _, other := range d.subs {
		if other != s {
			rest = append(rest, other)
		}
	}
	d.subs = rest
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
		d.tell(out, e.number)
	}
	return true
}

// tell calls the subscribers, in the order of their subscribing.
func (d *Device) tell(e hal.Event, number uint32) {
	d.mu.Lock()
	subs := d.subs
	d.mu.Unlock()
	for _, s := range subs {
		d.mu.Lock()
		skip := s.cancelled || int32(number-s.from) < 0
		d.mu.Unlock()
		if !skip {
			s.fn(e)
		}
	}
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
		d.tell(hal.Event{Kind: hal.EventScanDone, ScanFailed: true}, number)
	}
	for range lost {
		d.tell(hal.Event{Kind: hal.EventDisconnected, Reason: hal.ReasonUnspecified}, number)
	}
}
