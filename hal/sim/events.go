package sim

import (
	"slices"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
)

// maxQueue is the number of undelivered events from which on no method takes
// part in making more. Timers may still add the few that are under way.
const maxQueue = 64

// dispatcher hands events to subscribers: in order, one call at a time, from
// a timer. Its lock is taken inside others and held over no call.
type dispatcher struct {
	clock hal.Clock

	mu    sync.Mutex
	subs  []*subscriber // replaced, never changed in place
	queue []hal.Event
	first uint64 // number of the event at the head of the queue
	armed bool   // a timer will, or does, empty the queue
	timer hal.Timer
}

type subscriber struct {
	fn        func(hal.Event)
	from      uint64 // number of the first event it may see
	cancelled bool   // guarded by dispatcher.mu
}

// subscribe registers fn for events emitted from now on.
func (d *dispatcher) subscribe(fn func(hal.Event)) (cancel func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &subscriber{fn: fn, from: d.first + uint64(len(d.queue))}
	d.subs = append(slices.Clip(d.subs), s)
	return func() { d.cancel(s) }
}

func (d *dispatcher) cancel(s *subscriber) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.cancelled = true
	if i := slices.Index(d.subs, s); i >= 0 {
		d.subs = slices.Delete(slices.Clone(d.subs), i, i+1)
	}
}

// emit queues an event. Callers may hold locks.
func (d *dispatcher) emit(e hal.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.subs) == 0 {
		return
	}
	d.queue = append(d.queue, e)
	if !d.armed {
		d.armed = true
		d.timer = d.clock.AfterFunc(0, d.drain)
	}
}

// full reports whether subscribers are too far behind.
func (d *dispatcher) full() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.queue) >= maxQueue
}

// reset forgets subscribers and undelivered events.
func (d *dispatcher) reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.subs {
		s.cancelled = true
	}
	d.first += uint64(len(d.queue))
	d.subs, d.queue = nil, nil
	if d.armed && d.timer.Stop() {
		d.armed = false
	}
}

func (d *dispatcher) drain() {
	for {
		d.mu.Lock()
		if len(d.queue) == 0 {
			d.queue, d.armed = nil, false
			d.mu.Unlock()
			return
		}
		e, number, subs := d.queue[0], d.first, d.subs
		d.queue = d.queue[1:]
		d.first++
		d.mu.Unlock()
		for _, s := range subs {
			d.mu.Lock()
			skip := s.cancelled || s.from > number
			d.mu.Unlock()
			if !skip {
				s.fn(e)
			}
		}
	}
}
