// SPDX-License-Identifier: Apache-2.0

package events

import (
	"strconv"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/explain"
)

// MaxQueue is the number of undelivered events from which on a driver's methods should
// refuse to cause more. Events that are under way may still come.
const MaxQueue = 64

// Dispatcher queues events for Subscribers. Its methods may be called with other locks
// held; it holds no lock while it calls a subscriber.
type Dispatcher struct {
	// Wake makes Deliver be called soon, after Wake has returned. It may return
	// the timer that does so, or nil. It is not called again until Deliver has
	// found the queue empty. It must not call the Dispatcher. Set it before the
	// first Emit.
	Wake func() hal.Timer

	subs Subscribers

	mu    sync.Mutex
	queue []hal.Event
	first uint32    // number of the event at the head of the queue
	awake bool      // Deliver will run, or does
	timer hal.Timer // that will call it
}

// Subscribe registers fn for events that are emitted from now on.
func (d *Dispatcher) Subscribe(fn func(hal.Event)) (cancel func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.subs.Add(fn, d.first+uint32(len(d.queue)))
}

// Emit queues an event, unless there are no subscribers. Callers may hold locks.
func (d *Dispatcher) Emit(e hal.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.subs.None() {
		return
	}
	d.queue = append(d.queue, e)
	if !d.awake {
		d.awake = true
		d.timer = d.Wake()
	}
}

// Accept fails with hal.ErrBusy if subscribers are too far behind: a driver then takes no
// calls that cause more events.
func (d *Dispatcher) Accept() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) >= MaxQueue {
		return explain.Error(hal.ErrBusy, strconv.Itoa(MaxQueue)+" events wait for a subscriber to return")
	}
	return nil
}

// Reset forgets subscribers and undelivered events.
func (d *Dispatcher) Reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.subs.Clear()
	d.first += uint32(len(d.queue))
	d.queue = nil
	if d.timer != nil && d.timer.Stop() {
		d.awake = false
	}
}

// Deliver tells the subscribers until the queue is empty. Calls must not overlap.
func (d *Dispatcher) Deliver() {
	for {
		d.mu.Lock()
		if len(d.queue) == 0 {
			d.queue, d.awake, d.timer = nil, false, nil
			d.mu.Unlock()
			return
		}
		e, number := d.queue[0], d.first
		d.queue = d.queue[1:]
		d.first++
		d.mu.Unlock()
		d.subs.Tell(e, number)
	}
}
