package radio

import (
	"sync"

	"github.com/wifiprov/wifiprov/hal"
)

// maxQueue is the number of undelivered events from which on methods refuse to
// take part in making more.
const maxQueue = 64

// dispatcher hands events to subscribers, in order and one call at a time, from
// its own goroutine. Its lock is taken inside of others and held over no call.
type dispatcher struct {
	ready chan struct{} // of one place: there is something to do

	mu     sync.Mutex
	subs   []*subscriber // replaced, never changed in place
	queue  []queued
	number uint64 // of the next event
	closed bool
}

type queued struct {
	event  hal.Event
	number uint64
}

type subscriber struct {
	fn        func(hal.Event)
	from      uint64 // number of the first event it may see
	cancelled bool   // guarded by dispatcher.mu
}

func (d *dispatcher) subscribe(fn func(hal.Event)) (cancel func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || fn == nil {
		return func() {}
	}
	s := &subscriber{fn: fn, from: d.number}
	d.subs = append(d.subs[:len(d.subs):len(d.subs)], s)
	return func() { d.cancel(s) }
}

func (d *dispatcher) cancel(s *subscriber) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.cancelled = true
	left := make([]*subscriber, 0, len(d.subs))
	for _, other := range d.subs {
		if other != s {
			left = append(left, other)
		}
	}
	d.subs = left
}

// emit queues an event. Callers may hold locks.
func (d *dispatcher) emit(e hal.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.subs) == 0 {
		return
	}
	d.queue = append(d.queue, queued{e, d.number})
	d.number++
	d.kick()
}

func (d *dispatcher) kick() {
	select {
	case d.ready <- struct{}{}:
	default:
	}
}

// full reports whether subscribers are too far behind.
func (d *dispatcher) full() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.queue) >= maxQueue
}

// close forgets subscribers and undelivered events; run returns.
func (d *dispatcher) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for _, s := range d.subs {
		s.cancelled = true
	}
	d.subs, d.queue = nil, nil
	d.kick()
}

// run delivers events until close.
func (d *dispatcher) run() {
	for range d.ready {
		for {
			d.mu.Lock()
			if d.closed {
				d.mu.Unlock()
				return
			}
			if len(d.queue) == 0 {
				d.mu.Unlock()
				break
			}
			next, subs := d.queue[0], d.subs
			d.queue = d.queue[:copy(d.queue, d.queue[1:])]
			d.mu.Unlock()
			for _, s := range subs {
				d.mu.Lock()
				skip := s.cancelled || s.from > next.number
				d.mu.Unlock()
				if !skip {
					s.fn(next.event)
				}
			}
		}
	}
}
