// SPDX-License-Identifier: Apache-2.0

package loop

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// timer is a pending call. Pump waits until the first is due, so they need no timers of
// the platform.
type timer struct {
	l       *Loop
	at      time.Duration // of Config.Now
	fn      func()
	pending bool
	next    *timer
}

var _ hal.Clock = (*Loop)(nil)

// AfterFunc implements hal.Clock. fn runs inside of Pump.
func (l *Loop) AfterFunc(delay time.Duration, fn func()) hal.Timer {
	t := &timer{l: l, at: l.cfg.Now() + max(0, delay), fn: fn, pending: true}
	l.mu.Lock()
	p := &l.first
	for *p != nil && (*p).at <= t.at {
		p = &(*p).next
	}
	t.next, *p = *p, t
	soonest := l.first == t
	l.mu.Unlock()
	if soonest {
		l.cfg.Wake() // a Pump that waits for a later timer
	}
	return t
}

// Stop implements hal.Timer.
func (t *timer) Stop() bool {
	l := t.l
	l.mu.Lock()
	defer l.mu.Unlock()
	if !t.pending {
		return false
	}
	t.pending, t.fn = false, nil
	for p := &l.first; *p != nil; p = &(*p).next {
		if *p == t {
			*p = t.next
			break
		}
	}
	return true
}

// due takes the first timer if it is due, or else returns nil.
func (l *Loop) due() (fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.first
	if t == nil || t.at > l.cfg.Now() {
		return nil
	}
	fn, l.first = t.fn, t.next
	t.pending, t.fn, t.next = false, nil, nil
	return fn
}

// StopTimers stops all timers.
func (l *Loop) StopTimers() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ; l.first != nil; l.first = l.first.next {
		l.first.pending = false
	}
}
