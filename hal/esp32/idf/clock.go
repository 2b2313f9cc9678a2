// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import (
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// timers are the pending calls, soonest first. Pump waits until the first is due, so
// they need no timers of ESP-IDF, whose creation can fail.
type timers struct {
	mu    sync.Mutex
	first *timer
}

type timer struct {
	d       *Device
	at      int64 // of esp_timer_get_time, in µs
	fn      func()
	pending bool
	next    *timer
}

// AfterFunc implements hal.Clock with ESP-IDF's microseconds since boot. fn runs
// inside of Pump.
func (d *Device) AfterFunc(delay time.Duration, fn func()) hal.Timer {
	t := &timer{d: d, at: nativeTime() + max(0, delay.Microseconds()), fn: fn, pending: true}
	d.timers.mu.Lock()
	p := &d.timers.first
	for *p != nil && (*p).at <= t.at {
		p = &(*p).next
	}
	t.next, *p = *p, t
	soonest := d.timers.first == t
	d.timers.mu.Unlock()
	if soonest {
		nativeWake() // a Pump that waits for a later timer
	}
	return t
}

// Stop implements hal.Timer.
func (t *timer) Stop() bool {
	l := &t.d.timers
	l.mu.Lock()
	defer l.mu.Unlock()
	if !t.pending {
		return false
	}
	t.pending = false
	for p := &l.first; *p != nil; p = &(*p).next {
		if *p == t {
			*p = t.next
			break
		}
	}
	return true
}

// due takes the first timer if it is due. Otherwise it returns the time until then, at
// most limit.
func (l *timers) due(limit time.Duration) (fn func(), wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.first
	if t == nil {
		return nil, limit
	}
	if left := time.Duration(t.at-nativeTime()) * time.Microsecond; left > 0 {
		return nil, min(limit, left)
	}
	l.first, t.pending = t.next, false
	return t.fn, 0
}

// clear forgets all timers.
func (l *timers) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ; l.first != nil; l.first = l.first.next {
		l.first.pending = false
	}
}
