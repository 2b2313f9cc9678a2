// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// timer is one pending job. Armed again or stopped, the timer does not run the
// job that was pending, even if its callback has begun.
type timer struct {
	t   hal.Timer
	gen uint
}

func (t *timer) stop() {
	t.gen++
	if t.t != nil {
		t.t.Stop()
		t.t = nil
	}
}

// clock arms timers whose callbacks run as jobs.
type clock struct {
	hal.Clock
	post func(fn func())
}

// after replaces what is pending in t by fn, in d.
func (c clock) after(t *timer, d time.Duration, fn func()) {
	t.stop()
	gen := t.gen
	t.t = c.AfterFunc(d, func() {
		c.post(func() {
			if t.gen == gen {
				t.t = nil
				fn()
			}
		})
	})
}
