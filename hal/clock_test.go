// SPDX-License-Identifier: Apache-2.0

package hal_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

// Calls that are due at once are made, whoever asks at the same moment. With time
// timers the race detector of Go 1.26 crashed here.
func TestCallsAtOnce(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 200 {
						done := make(chan struct{})
						timer := hal.SystemClock{}.AfterFunc(0, func() { close(done) })
						<-done
						require.False(t, timer.Stop())
					}
				})
			}
			wg.Wait()
			require.Zero(t, time.Since(began))
		})
	}
}
