// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"strconv"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/status"
	"github.com/wifiprov/wifiprov/protocomm"
)

// EventKind says what happened.
type EventKind uint8

// Events, in the order of an undisturbed provisioning. EventCredFail and
// EventCredSuccess can repeat and follow each other in any order, when the
// application reconnects after a failure or the link is lost again. EventStart
// repeats after ResetForReprovision.
const (
	// EventInit: Init succeeded.
	EventInit EventKind = iota + 1
	// EventStart: the service is up.
	EventStart
	// EventCredRecv: credentials were accepted, Event.Station; the station
	// connects in a second.
	EventCredRecv
	// EventCredFail: an attempt to connect failed for good, Event.Reason.
	EventCredFail
	// EventCredSuccess: the station got an address.
	EventCredSuccess
	// EventEnd: the service has stopped.
	EventEnd
	// EventDeinit: the manager was de-initialised.
	EventDeinit

	// The events below go only to functions given to Subscribe, as in the C
	// original.

	// EventSessionSetupOK: the client of Event.Session completed its
	// handshake. This event and the next two do not occur under security 0.
	EventSessionSetupOK
	// EventSessionInvalidParams: a handshake message lacked something or
	// had a part of a wrong length.
	EventSessionInvalidParams
	// EventSessionMismatch: a client's proof of possession or password was
	// wrong.
	EventSessionMismatch
	// EventTransportConnected: a client connected to a transport with
	// connections of its own, such as BLE, Event.Conn.
	EventTransportConnected
	// EventTransportDisconnected: that connection ended, Event.ConnReason.
	EventTransportDisconnected
	// EventTransportLost: nobody can reach the transport for a while, although it
	// was not stopped, for example because bluetoothd has ended; Event.Err. The
	// transport tries to come back. The C original has no such event.
	EventTransportLost
	// EventTransportRestored: the transport is back.
	EventTransportRestored
)

// String returns the C original's name without its prefix, "CRED_RECV".
func (k EventKind) String() string {
	switch k {
	case EventInit:
		return "INIT"
	case EventStart:
		return "START"
	case EventCredRecv:
		return "CRED_RECV"
	case EventCredFail:
		return "CRED_FAIL"
	case EventCredSuccess:
		return "CRED_SUCCESS"
	case EventEnd:
		return "END"
	case EventDeinit:
		return "DEINIT"
	case EventSessionSetupOK:
		return "SECURITY_SESSION_SETUP_OK"
	case EventSessionInvalidParams:
		return "SECURITY_SESSION_INVALID_SECURITY_PARAMS"
	case EventSessionMismatch:
		return "SECURITY_SESSION_CREDENTIALS_MISMATCH"
	case EventTransportConnected:
		return "TRANSPORT_CONNECTED"
	case EventTransportDisconnected:
		return "TRANSPORT_DISCONNECTED"
	case EventTransportLost:
		return "TRANSPORT_LOST"
	case EventTransportRestored:
		return "TRANSPORT_RESTORED"
	}
	return "unknown event"
}

// Event is one report to the application.
type Event struct {
	Kind EventKind
	// Reason why the attempt failed, with EventCredFail.
	Reason FailReason
	// Station is what was applied, with EventCredRecv.
	Station hal.StationConfig
	// Session whose handshake it was, with the session events.
	Session protocomm.SessionID
	// Conn is the transport's number of the connection and ConnReason why it
	// ended, 0 for unknown, with the transport events.
	Conn, ConnReason uint16
	// Err is why the transport is lost, with EventTransportLost.
	Err error
}

// String returns a line for a log, "CRED_FAIL access point not found". It has no
// secrets.
func (e Event) String() string {
	s := e.Kind.String()
	switch e.Kind {
	case EventCredRecv:
		s += " " + e.Station.SSID.String()
	case EventCredFail:
		s += " " + e.Reason.String()
	case EventSessionSetupOK, EventSessionInvalidParams, EventSessionMismatch:
		s += " session " + strconv.Itoa(int(e.Session))
	case EventTransportConnected:
		s += " connection " + strconv.Itoa(int(e.Conn))
	case EventTransportDisconnected:
		s += " connection " + strconv.Itoa(int(e.Conn)) + " reason " + strconv.Itoa(int(e.ConnReason))
	case EventTransportLost:
		if e.Err != nil {
			s += " " + e.Err.Error()
		}
	}
	return s
}

// FailReason is why credentials failed. Zero: no reason is known.
type FailReason = status.FailReason

// Fail reasons.
const (
	// ReasonAuthError: the network refused the device, usually because of a
	// wrong passphrase.
	ReasonAuthError = status.ReasonAuthError
	// ReasonAPNotFound: no access point of that name is in reach.
	ReasonAPNotFound = status.ReasonAPNotFound
)

// StationState is what the station does.
type StationState = status.StationState

// Station states.
const (
	// StationConnecting, also before any credentials were applied.
	StationConnecting = status.StationConnecting
	// StationConnected: it has an address.
	StationConnected = status.StationConnected
	// StationDisconnected: the credentials failed.
	StationDisconnected = status.StationDisconnected
	// StationAttemptFailed: an attempt failed and another follows, with
	// Config.Attempts.
	StationAttemptFailed = status.StationAttemptFailed
)

// maxPendingEvents bounds what a handler that does not return lets pile up.
const maxPendingEvents = 32

// delivery is an event on its way to its handlers.
type delivery struct {
	event *Event // a pointer, so that fmt does not print the passphrase
	app   func(Event)
	after chan struct{} // closed when the handlers have returned; may be nil
}

// events delivers events in order and never two at once. A call of deliver that
// finds no other one under way delivers everything. So a handler may cause
// further events; they come after the handler has returned.
type events struct {
	mu         sync.Mutex
	pending    []*delivery
	delivering bool
	handling   bool // a handler is running
	subs       []*subscription
}

type subscription struct{ fn func(Event) }

func (q *events) add(d *delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.pending) >= maxPendingEvents {
		q.dropRepeat()
	}
	q.pending = append(q.pending, d)
}

// dropRepeat drops the oldest event that can repeat without end: one that clients
// cause by themselves, or else one of the station. All other events happen only a
// few times between Init and Deinit.
func (q *events) dropRepeat() {
	station := -1
	for i, d := range q.pending {
		switch k := d.event.Kind; {
		case k > EventDeinit:
			q.drop(i)
			return
		case station < 0 && (k == EventCredFail || k == EventCredSuccess):
			station = i
		}
	}
	if station >= 0 {
		q.drop(station)
	}
}

func (q *events) drop(i int) { q.pending = append(q.pending[:i], q.pending[i+1:]...) }

// tell queues an event for the subscribers alone.
func (q *events) tell(e Event) {
	q.mu.Lock()
	nobody := len(q.subs) == 0
	q.mu.Unlock()
	if nobody {
		return
	}
	event := e // only an event that is delivered costs memory
	q.add(&delivery{event: &event})
}

// deliver calls the handlers of all pending events, unless another call is at it.
func (q *events) deliver() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.delivering {
		return
	}
	q.delivering = true
	defer func() { q.delivering = false }()
	for len(q.pending) > 0 {
		d := q.pending[0]
		q.pending = q.pending[1:]
		q.hand(d)
	}
	q.pending = nil
}

// hand runs the handlers of one event without the lock.
func (q *events) hand(d *delivery) {
	subs := append([]*subscription(nil), q.subs...)
	q.handling = true
	q.mu.Unlock()
	defer func() {
		q.mu.Lock()
		// handling ends first: a goroutine that waited for after is in no
		// handler.
		q.handling = false
		if d.after != nil {
			close(d.after)
		}
	}()
	if d.app != nil {
		d.app(*d.event)
	}
	for _, sub := range subs {
		sub.fn(*d.event)
	}
}

// inHandler reports whether the caller may be a handler. If not, the caller can
// wait for deliveries.
func (q *events) inHandler() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.handling
}

// subscribe registers fn until the function returned is called.
func (q *events) subscribe(fn func(Event)) func() {
	q.mu.Lock()
	defer q.mu.Unlock()
	sub := &subscription{fn}
	q.subs = append(q.subs, sub)
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		for i, other := range q.subs {
			if other == sub {
				q.subs = append(q.subs[:i:i], q.subs[i+1:]...)
				return
			}
		}
	}
}
