// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet"
)

// State is what a device does, in one word.
type State string

// States of a device.
const (
	Off        State = "off"        // it has no power
	Starting   State = "starting"   // it boots, or joins the network that it knows
	Waiting    State = "waiting"    // its service is up, and nobody has sent credentials yet
	Connecting State = "connecting" // it tries the credentials
	Failed     State = "failed"     // the credentials did not lead to a network
	Connected  State = "connected"  // it has an address in a network
	Lost       State = "lost"       // it was connected, and is not any more
	Idle       State = "idle"       // its service has ended without a network
)

// states returns all states, in the order of a device's life.
func states() []State {
	return []State{Off, Starting, Waiting, Connecting, Failed, Connected, Lost, Idle}
}

// seen is what the events of a device have told.
type seen struct {
	state   State
	serving bool
	last    Event // without an exchange; Number 0: none
	faults  int   // that happened
}

// watch follows the events of a fleet.
type watch struct {
	mu      sync.Mutex
	devices map[string]*seen
	count   counts
}

// counts is what the metrics tell of the past.
type counts struct {
	provisioned uint64
	boots       uint64
	sessions    map[string]uint64 // by result
	failures    map[string]uint64 // by reason
	losses      map[hal.Reason]uint64
	faults      map[simdevice.FaultKind]uint64
	exchanges   map[string]uint64 // by endpoint
	unanswered  uint64            // exchanges without an answer
}

func (c counts) clone() counts {
	c.sessions, c.failures, c.losses = maps.Clone(c.sessions), maps.Clone(c.failures), maps.Clone(c.losses)
	c.faults, c.exchanges = maps.Clone(c.faults), maps.Clone(c.exchanges)
	return c
}

func newWatch(f *fleet.Fleet) *watch {
	w := &watch{devices: map[string]*seen{}, count: counts{
		sessions: map[string]uint64{"ok": 0, "mismatch": 0, "invalid": 0}, failures: map[string]uint64{},
		losses: map[hal.Reason]uint64{}, faults: map[simdevice.FaultKind]uint64{}, exchanges: map[string]uint64{},
	}}
	for _, reason := range []wifiprov.FailReason{wifiprov.ReasonAuthError, wifiprov.ReasonAPNotFound} {
		w.count.failures[reasonLabel(reason)] = 0
	}
	for _, kind := range simdevice.FaultKinds() {
		w.count.faults[kind] = 0
	}
	for _, endpoint := range endpoints() {
		w.count.exchanges[endpoint] = 0
	}
	for _, d := range f.Devices() {
		w.devices[d.Name()] = &seen{state: Off}
	}
	return w
}

// endpoints returns the names that count on their own; others are "other".
func endpoints() []string {
	return []string{"prov-session", "prov-config", "prov-scan", "prov-ctrl", "prov-status", "other"}
}

// reasonLabel returns the label of a reason: auth_error, ap_not_found, unknown.
func reasonLabel(r wifiprov.FailReason) string {
	switch r {
	case wifiprov.ReasonAuthError:
		return "auth_error"
	case wifiprov.ReasonAPNotFound:
		return "ap_not_found"
	}
	return "unknown"
}

// see takes an event. The device waits for it.
func (w *watch) see(e fleet.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Exchange != nil {
		endpoint := e.Exchange.Endpoint
		if !slices.Contains(endpoints(), endpoint) {
			endpoint = "other"
		}
		w.count.exchanges[endpoint]++
		if e.Exchange.Err != "" {
			w.count.unanswered++
		}
		return
	}
	w.count.see(e.Event)
	if d := w.devices[e.Device]; d != nil {
		d.last = newEvent(e)
		d.see(e.Event)
	}
}

func (c *counts) see(e simdevice.Event) {
	switch e.Kind {
	case simdevice.PowerOn:
		c.boots++
	case simdevice.Prov:
		switch e.Prov.Kind {
		case wifiprov.EventCredSuccess:
			c.provisioned++
		case wifiprov.EventCredFail:
			c.failures[reasonLabel(e.Prov.Reason)]++
		case wifiprov.EventSessionSetupOK:
			c.sessions["ok"]++
		case wifiprov.EventSessionMismatch:
			c.sessions["mismatch"]++
		case wifiprov.EventSessionInvalidParams:
			c.sessions["invalid"]++
		}
	case simdevice.WiFi:
		if e.WiFi.Kind == hal.EventDisconnected {
			c.losses[e.WiFi.Reason]++
		}
	case simdevice.Happened:
		kind, _, _ := strings.Cut(e.Text, " ")
		c.faults[simdevice.FaultKind(strings.TrimSuffix(kind, ","))]++
	}
}

func (d *seen) see(e simdevice.Event) {
	switch e.Kind {
	case simdevice.PowerOn:
		d.state, d.serving = Starting, false
	case simdevice.PowerOff:
		d.state, d.serving = Off, false
	case simdevice.Happened:
		d.faults++
	case simdevice.Prov:
		switch e.Prov.Kind {
		case wifiprov.EventStart:
			d.state, d.serving = Waiting, true
		case wifiprov.EventCredRecv:
			d.state = Connecting
		case wifiprov.EventCredFail:
			d.state = Failed
		case wifiprov.EventCredSuccess:
			d.state = Connected
		case wifiprov.EventEnd:
			d.serving = false
			if d.state != Connected && d.state != Lost {
				d.state = Idle
			}
		}
	case simdevice.WiFi:
		switch {
		case e.WiFi.Kind == hal.EventGotIP:
			d.state = Connected
		case e.WiFi.Kind == hal.EventDisconnected && d.state == Connected:
			d.state = Lost
		}
	}
}

// device returns what is known of a device.
func (w *watch) device(name string) seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := w.devices[name]; d != nil {
		return *d
	}
	return seen{state: Off}
}

// byState counts the devices.
func (w *watch) byState() map[State]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := map[State]int{}
	for _, state := range states() {
		n[state] = 0
	}
	for _, d := range w.devices {
		n[d.state]++
	}
	return n
}

// Event is something that happened to a device, or an exchange with a client.
type Event struct {
	Number   uint64    `json:"number,omitempty"` // 0: not known
	Time     time.Time `json:"time"`
	Device   string    `json:"device"`
	Name     string    `json:"name"`
	Detail   string    `json:"detail,omitempty"`
	Exchange *Exchange `json:"exchange,omitempty"`
}

// exchangeName is the name of events that are exchanges.
const exchangeName = "EXCHANGE"

func newEvent(e fleet.Event) Event {
	if e.Exchange != nil {
		return Event{Number: e.Number, Time: e.Exchange.Time, Device: e.Device, Name: exchangeName, Detail: e.Exchange.Endpoint}
	}
	return Event{Number: e.Number, Time: e.Time, Device: e.Device, Name: e.Name(), Detail: e.Detail()}
}
