package events

import (
	"sync"

	"github.com/wifiprov/wifiprov/hal"
)

// MaxQueue is the number of undelivered events from which on a driver's methods
// should take part in making no more. The few that are under way may still come.
const MaxQueue = 64

// Dispatcher is a queue of events before Subscribers. Its locks are taken inside
// of others and held over no call of a subscriber.
type Dispatcher struct {
	// Wake sees to it that Deliver is called soon, and not before Wake has
	// returned. It may return the timer that will do it; nil: there is none.
	// It is not called again until Deliver has found the queue empty, and must
	// not call the Dispatcher. To be set before the first Emit.
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

// Emit queues an event, unless there is nobody to tell. Callers may hold locks.
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

// Full reports whether subscribers are too far behind.
func (d *Dispatcher) Full() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.queue) >= MaxQueue
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
