// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && scheduler.none

package hal

import "time"

// SystemClock is the runtime's clock, of which there is none here.
type SystemClock struct{}

// AfterFunc panics, since nothing could call fn.
func (SystemClock) AfterFunc(time.Duration, func()) Timer {
	panic("hal: this runtime has no timers; set Config.Clock to the platform's clock")
}
