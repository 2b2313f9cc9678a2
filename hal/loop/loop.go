// SPDX-License-Identifier: Apache-2.0

// Package loop lets one goroutine, or one task of an operating system, do all work of a
// device: timers, a controller's packets, a driver's events, requests of clients. So a
// device needs one stack, and a runtime without goroutines is enough.
//
// A Loop is a hal.Clock. Its Pump fits wifiprov.Config, its PollController att.Config
// and its Go gatt.Config:
//
//	l := loop.New(loop.Config{})
//	l.PollPackets(controller.Poll, 2*time.Millisecond)
//	host, err := att.New(controller, att.Config{Clock: l, PollController: l.PollController})
//	…
//	err = manager.Init(wifiprov.Config{
//		WiFi: wifi, Clock: l, Pump: l.Pump,
//		Scheme: ble.New(ble.Config{GATT: host, Server: gatt.Config{Go: l.Go, Clock: l}}),
//	})
package loop

import (
	"sync"
	"time"
)

// longestWait bounds what Pump waits at a time.
const longestWait = time.Hour

// pollWait is how long PollController waits.
const pollWait = 100 * time.Millisecond

// burst is how many entries of a kind are run before the others have their
// turn.
const burst = 16

// Config says where work comes from. The zero value is usable where there is a scheduler.
type Config struct {
	// Packets and Events take one packet of a controller, or one event of a driver,
	// hand it to those who want it, and report whether there was one. Requests does so
	// with a request. Those that Tell and Go were given come first. They do not wait, and
	// one of them is not called from inside itself. Wake must follow when there is
	// something new. nil: there are none.
	Packets, Events, Requests func() bool

	// Now is the time since the device started, Wait blocks until it is called for or
	// the time is over, Wake calls Wait off, or the next Wait. All three are set, or
	// none: then they are those of the runtime. They are required where there is no
	// scheduler.
	Now  func() time.Duration
	Wait func(time.Duration)
	Wake func()
}

// kinds are kinds of entries. One does not run inside of another of its kind.
type kinds uint8

const (
	timed kinds = 1 << iota // may run inside of themselves
	packets
	events
	requests
	all = timed | packets | events | requests
)

// Loop does the work. New makes it.
type Loop struct {
	cfg Config

	// These belong to the goroutine that pumps.
	running kinds         // that are being run, further up the stack
	poll    time.Duration // how often Config.Packets is asked; 0: when woken

	mu    sync.Mutex // guards what follows
	first *timer     // the pending calls, soonest first
	asked queue      // given to Go
	told  queue      // given to Tell
}

// queue has functions in the order in which they came.
type queue []func()

// take returns the oldest function, or nil.
func (q *queue) take() (fn func()) {
	if old := *q; len(old) > 0 {
		fn = old[0]
		*q = old[:copy(old, old[1:])]
		old[len(*q)] = nil
	}
	return fn
}

// New returns a loop, which Pump runs. It panics if only some of Now, Wait and Wake are set.
func New(cfg Config) *Loop {
	switch {
	case cfg.Now == nil && cfg.Wait == nil && cfg.Wake == nil:
		cfg.Now, cfg.Wait, cfg.Wake = runtime()
	case cfg.Now == nil || cfg.Wait == nil || cfg.Wake == nil:
		panic("loop: set all of Config.Now, Wait and Wake, or none")
	}
	return &Loop{cfg: cfg}
}

// Pump handles what has come in: timers that are due, packets, events,
// requests. If there is nothing it waits for something, at most maxWait, and
// handles that; it may return early. With maxWait ≤ 0 it does not wait.
//
// Only one goroutine may call it. A handler may call it too: work
// of the handler's own kind waits then, other work is done.
func (l *Loop) Pump(maxWait time.Duration) {
	if !l.run(all, burst) && maxWait > 0 {
		l.wait(min(maxWait, longestWait))
		l.run(all, burst)
	}
}

// PollController is for att.Config.PollController. It runs timers and one
// packet of the Bluetooth controller; if there are none it waits for one, at
// most 100 ms. Events and requests stay where they are, so that nothing
// else begins while the manager starts a service. For the same reason a
// function that the application arms with AfterFunc must not call the Manager;
// it hands such calls to Go.
func (l *Loop) PollController() {
	if !l.run(timed|packets, 1) {
		l.wait(pollWait)
		l.run(timed|packets, 1)
	}
}

// Go queues fn; Pump runs it like a client's request, one at a time. Any goroutine may
// call it.
func (l *Loop) Go(fn func()) { l.put(&l.asked, fn) }

// Tell is Go for what is like an event of a driver: it goes on while a request waits.
func (l *Loop) Tell(fn func()) { l.put(&l.told, fn) }

func (l *Loop) put(q *queue, fn func()) {
	l.mu.Lock()
	*q = append(*q, fn)
	l.mu.Unlock()
	l.cfg.Wake()
}

// PollPackets puts next in the place of Config.Packets, for a controller that cannot wake
// the loop: Pump asks it that often. nil: there are no packets any more. The goroutine that
// pumps calls it.
func (l *Loop) PollPackets(next func() bool, every time.Duration) {
	l.cfg.Packets, l.poll = next, every
	if next == nil {
		l.poll = 0
	}
}

// Wake ends the wait of a Pump. Any goroutine may call it.
func (l *Loop) Wake() { l.cfg.Wake() }

// wait blocks until something comes, at most until the first timer is due.
func (l *Loop) wait(limit time.Duration) {
	if l.poll > 0 {
		limit = min(limit, l.poll)
	}
	l.mu.Lock()
	if t := l.first; t != nil {
		limit = min(limit, t.at-l.cfg.Now())
	}
	l.mu.Unlock()
	if limit > 0 {
		l.cfg.Wait(limit)
	}
}

// run runs entries of these kinds, up to limit of each, and reports whether
// there was one.
func (l *Loop) run(which kinds, limit int) bool {
	ran := false
	for range limit {
		fn := l.due()
		if fn == nil {
			break
		}
		ran = true
		fn()
	}
	ran = l.runKind(which&packets, limit, nil, l.cfg.Packets) || ran
	ran = l.runKind(which&events, limit, &l.told, l.cfg.Events) || ran
	return l.runKind(which&requests, limit, &l.asked, l.cfg.Requests) || ran
}

// runKind runs up to limit entries of one kind, those of the queue first. It makes no
// closures: TinyGo would put them on the heap each time that a controller is polled.
func (l *Loop) runKind(kind kinds, limit int, q *queue, source func() bool) (ran bool) {
	if kind == 0 || l.running&kind != 0 {
		return false
	}
	l.running |= kind
	defer l.end(kind)
	for range limit {
		if !l.next(q, source) {
			break
		}
		ran = true
	}
	return ran
}

// end lets others of that kind run again.
func (l *Loop) end(kind kinds) { l.running &^= kind }

// next runs the oldest function of a queue, or else asks source. Both may be nil.
func (l *Loop) next(q *queue, source func() bool) bool {
	if q != nil {
		l.mu.Lock()
		fn := q.take()
		l.mu.Unlock()
		if fn != nil {
			fn()
			return true
		}
	}
	return source != nil && source()
}
