// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo || !scheduler.none

package hal

import "time"

// SystemClock is the runtime's clock, time.AfterFunc. TinyGo without a scheduler has no
// such clock: AfterFunc panics there, and the platform's clock has to be given wherever
// a Clock is optional.
type SystemClock struct{}

// AfterFunc implements Clock. A call that is due at once takes no timer, since the race
// detector of Go 1.26 crashes when two goroutines of a synctest bubble let such timers
// expire at the same moment.
func (SystemClock) AfterFunc(d time.Duration, fn func()) Timer {
	if d <= 0 {
		go fn()
		return stopFunc(func() bool { return false })
	}
	return stopFunc(time.AfterFunc(d, fn).Stop)
}

// stopFunc is a Timer. A *time.Timer is one as well, but would, in an interface,
// keep all methods of time.Time in a TinyGo program: 15 KB of flash.
type stopFunc func() bool

// Stop implements Timer.
func (f stopFunc) Stop() bool { return f() }
