// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"context"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
)

// EventKind says where an Event comes from.
type EventKind uint8

// Kinds of events.
const (
	PowerOn  EventKind = iota // the device boots
	PowerOff                  // its power is gone, or it reboots; Event.Text says why
	Prov                      // Event.Prov, of the manager
	WiFi                      // Event.WiFi, of the driver
	Happened                  // a fault happened; Event.Text says which
	Trouble                   // the firmware got an error; Event.Text
)

// Event is something that happened to a device.
type Event struct {
	Time time.Time
	Kind EventKind
	Prov wifiprov.Event // with Prov
	WiFi hal.Event      // with WiFi
	Text string         // with the others
}

// Name returns the kind of the event in the words that logs use: POWER_ON, POWER_OFF,
// FAULT, ERROR, of the manager PROV_START …, of the driver STA_CONNECTED ….
func (e Event) Name() string {
	switch e.Kind {
	case PowerOn:
		return "POWER_ON"
	case PowerOff:
		return "POWER_OFF"
	case Prov:
		switch e.Prov.Kind {
		case wifiprov.EventSessionSetupOK, wifiprov.EventSessionInvalidParams, wifiprov.EventSessionMismatch,
			wifiprov.EventTransportConnected, wifiprov.EventTransportDisconnected,
			wifiprov.EventTransportLost, wifiprov.EventTransportRestored:
			return e.Prov.Kind.String()
		}
		return "PROV_" + e.Prov.Kind.String()
	case WiFi:
		switch e.WiFi.Kind {
		case hal.EventStationStart:
			return "STA_START"
		case hal.EventConnected:
			return "STA_CONNECTED"
		case hal.EventDisconnected:
			return "STA_DISCONNECTED"
		case hal.EventScanDone:
			return "SCAN_DONE"
		case hal.EventGotIP:
			return "GOT_IP"
		}
		return e.WiFi.Kind.String()
	case Happened:
		return "FAULT"
	}
	return "ERROR"
}

// Detail returns what the event says beside its name, or nothing. It has no secrets.
func (e Event) Detail() string {
	switch e.Kind {
	case Prov:
		text := e.Prov.String()
		return text[min(len(text), len(e.Prov.Kind.String())+1):]
	case WiFi:
		switch e.WiFi.Kind {
		case hal.EventDisconnected:
			return e.WiFi.Reason.String()
		case hal.EventGotIP:
			return e.WiFi.IP.String()
		case hal.EventScanDone:
			if e.WiFi.ScanFailed {
				return "failed"
			}
		}
		return ""
	}
	return e.Text
}

// String returns name and detail.
func (e Event) String() string {
	if detail := e.Detail(); detail != "" {
		return e.Name() + " " + detail
	}
	return e.Name()
}

// Is returns a condition for Device.Await: an event of the manager of this kind.
func Is(kind wifiprov.EventKind) func(Event) bool {
	return func(e Event) bool { return e.Kind == Prov && e.Prov.Kind == kind }
}

// Named returns a condition for Device.Await: an event whose Name is one of names.
func Named(names ...string) func(Event) bool {
	return func(e Event) bool {
		for _, name := range names {
			if e.Name() == name {
				return true
			}
		}
		return false
	}
}

// journal keeps the last events and tells them.
type journal struct {
	tell func(Event)
	keep int

	telling sync.Mutex // held while an event is told, so that they come in order

	mu      sync.Mutex
	events  []Event
	dropped int           // events before events[0]
	seen    int           // events that Await has returned or passed, dropped included
	added   chan struct{} // closed at the next event; nil: nobody waits
}

func (j *journal) add(e Event) {
	e.Time = time.Now()
	j.telling.Lock()
	defer j.telling.Unlock()
	j.mu.Lock()
	if j.keep > 0 {
		if len(j.events) == j.keep {
			n := copy(j.events, j.events[1+j.keep/8:]) // not one by one
			j.dropped += len(j.events) - n
			clear(j.events[n:])
			j.events = j.events[:n]
		}
		j.events = append(j.events, e)
	}
	if j.added != nil {
		close(j.added)
		j.added = nil
	}
	j.mu.Unlock()
	if j.tell != nil {
		j.tell(e)
	}
}

// Events returns the last events, the oldest first, at most Config.KeepEvents.
func (d *Device) Events() []Event {
	j := &d.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Event(nil), j.events...)
}

// Await waits for an event for which want is true, and returns it. It looks at
// every event once: the first call begins with the first event of the device, the
// next one behind the event that the call before returned. It fails with the error
// of ctx. Calls must not overlap.
func (d *Device) Await(ctx context.Context, want func(Event) bool) (Event, error) {
	j := &d.journal
	for {
		j.mu.Lock()
		j.seen = max(j.seen, j.dropped)
		for j.seen < j.dropped+len(j.events) {
			e := j.events[j.seen-j.dropped]
			j.seen++
			if want(e) {
				j.mu.Unlock()
				return e, nil
			}
		}
		if j.added == nil {
			j.added = make(chan struct{})
		}
		added := j.added
		j.mu.Unlock()
		select {
		case <-added:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}
