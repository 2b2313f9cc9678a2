// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo || !scheduler.none

package loop

import "time"

// runtime returns the runtime's Now, Wait and Wake.
func runtime() (now func() time.Duration, wait func(time.Duration), wake func()) {
	began := time.Now()
	woken := make(chan struct{}, 1)
	timer := time.NewTimer(longestWait)
	wait = func(d time.Duration) {
		timer.Reset(d)
		select {
		case <-woken:
		case <-timer.C: // perhaps from before: then the wait is too short
		}
	}
	wake = func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	}
	return func() time.Duration { return time.Since(began) }, wait, wake
}
