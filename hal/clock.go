// SPDX-License-Identifier: Apache-2.0

package hal

import "time"

// Clock arms timers. The core uses no other source of time, so a simulation
// can stretch it and an application without a scheduler can drive it.
type Clock interface {
	// AfterFunc calls fn once when d has passed, never from inside
	// AfterFunc itself and never with a lock held. d ≤ 0 means as soon as
	// possible.
	AfterFunc(d time.Duration, fn func()) Timer
}

// Timer is a pending call.
type Timer interface {
	// Stop prevents the call and reports whether it did; false means that it
	// has begun, has happened, or was stopped before. It does not wait.
	Stop() bool
}
