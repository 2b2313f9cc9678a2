// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// bootClock is the clock of one boot. When the power goes, all its timers expire at
// once, in their own goroutines: whatever waits for one comes to its end, and can do
// nothing any more.
type bootClock struct {
	hal.Clock

	mu      sync.Mutex
	off     bool
	pending map[*bootTimer]struct{}
}

type bootTimer struct {
	clock *bootClock
	timer hal.Timer
	fn    func()
}

func (c *bootClock) AfterFunc(d time.Duration, fn func()) hal.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.off {
		d = 0
	}
	t := &bootTimer{clock: c, fn: fn}
	c.pending[t] = struct{}{}
	t.timer = c.Clock.AfterFunc(d, t.run)
	return t
}

// take reports whether the timer was pending, and ends that.
func (t *bootTimer) take() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	_, pending := t.clock.pending[t]
	delete(t.clock.pending, t)
	return pending
}

func (t *bootTimer) run() {
	if t.take() {
		t.fn()
	}
}

// Stop implements hal.Timer.
func (t *bootTimer) Stop() bool {
	pending := t.take()
	t.timer.Stop()
	return pending
}

// cut lets all timers expire, those to come too.
func (c *bootClock) cut() {
	c.mu.Lock()
	c.off = true
	pending := make([]*bootTimer, 0, len(c.pending))
	for t := range c.pending {
		pending = append(pending, t)
	}
	c.mu.Unlock()
	for _, t := range pending {
		t.timer.Stop()
		c.Clock.AfterFunc(0, t.run)
	}
}
