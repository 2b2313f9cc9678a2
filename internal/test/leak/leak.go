// SPDX-License-Identifier: Apache-2.0

// Package leak finds goroutines that a test leaves behind, where sockets or processes
// keep it out of a synctest bubble.
package leak

import (
	"runtime"
	"testing"
	"time"
)

// patience is how long goroutines that are about to end may take; on a busy machine
// the far end of a connection notices late.
const patience = 20 * time.Second

// Goroutines fails the test if more than before run when those that are about to end
// have ended. before is what runtime.NumGoroutine returned at the beginning.
func Goroutines(tb testing.TB, before int) {
	tb.Helper()
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			tb.Fatalf("%d goroutines, and %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
