// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
)

// Clients that fail to pair are delayed (Bluetooth Core, Vol 3 Part H 2.3.6). With
// Just Works there is nothing to guess; the delays protect the processor's time.
const (
	freeAttempts  = 3 // failures without a delay, since people change their mind
	firstDelay    = time.Second
	longestDelay  = 64 * time.Second
	forgiveAfter  = time.Minute // after the end of a delay, or a free failure
	knownFailures = 8           // clients that are remembered
)

// attempts remembers clients that failed to pair.
type attempts struct {
	clock hal.Clock

	mu   sync.Mutex
	list [knownFailures]attempt
	next int // index of the entry to replace when the list is full
}

type attempt struct {
	who      att.Address
	failures int // 0: the entry is free
	refused  bool
	timer    hal.Timer
	armed    uint32
}

// refused reports whether a client has to wait.
func (a *attempts) refused(who att.Address) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.find(who)
	return f != nil && f.refused
}

func (a *attempts) find(who att.Address) *attempt {
	for i := range a.list {
		if a.list[i].failures > 0 && a.list[i].who == who {
			return &a.list[i]
		}
	}
	return nil
}

// failed notes a failure. From the fourth on the client has to wait, twice as long
// each time.
func (a *attempts) failed(who att.Address) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.find(who)
	if f == nil {
		f = a.room()
		f.who = who
	}
	f.failures = min(f.failures+1, freeAttempts+8)
	delay := forgiveAfter
	if f.failures > freeAttempts {
		f.refused = true
		delay = min(firstDelay<<(f.failures-freeAttempts-1), longestDelay)
	}
	a.arm(f, delay)
}

// room returns an entry that is free, else the next one in turn.
func (a *attempts) room() *attempt {
	for i := range a.list {
		if a.list[i].failures == 0 {
			return &a.list[i]
		}
	}
	f := &a.list[a.next]
	a.next = (a.next + 1) % len(a.list)
	a.forget(f)
	return f
}

func (a *attempts) arm(f *attempt, d time.Duration) {
	if f.timer != nil {
		f.timer.Stop()
	}
	f.armed++
	armed := f.armed
	f.timer = a.clock.AfterFunc(d, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		switch {
		case f.armed != armed:
		case f.refused:
			f.refused = false
			a.arm(f, forgiveAfter)
		default:
			a.forget(f)
		}
	})
}

// succeeded forgets a client's failures.
func (a *attempts) succeeded(who att.Address) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.find(who); f != nil {
		a.forget(f)
	}
}

func (a *attempts) forget(f *attempt) {
	if f.timer != nil {
		f.timer.Stop()
	}
	*f = attempt{armed: f.armed + 1}
}
