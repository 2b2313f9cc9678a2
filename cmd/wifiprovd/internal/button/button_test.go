// SPDX-License-Identifier: Apache-2.0

package button_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/button"
)

// A press counts at its end, a long one when it is long enough, and a short touch
// never.
func TestPress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		told := make(chan string, 10)
		p := &button.Press{
			Min: 50 * time.Millisecond, Long: 10 * time.Second,
			OnPress: func() { told <- "press at " + time.Since(began).String() },
			OnLong:  func() { told <- "long at " + time.Since(began).String() },
		}
		hold := func(d time.Duration) {
			p.Edge(true, time.Since(began))
			p.Edge(true, time.Since(began))
			time.Sleep(d)
			p.Edge(false, time.Since(began))
			p.Edge(false, time.Since(began))
			synctest.Wait()
		}
		hold(49 * time.Millisecond)
		require.Empty(t, told)
		hold(50 * time.Millisecond)
		require.Equal(t, "press at 99ms", <-told)
		hold(10*time.Second - 1)
		require.Equal(t, "press at 10.098999999s", <-told)
		hold(20 * time.Second)
		require.Equal(t, "long at 20.098999999s", <-told)
		require.Empty(t, told)

		// The process was asleep, so that the edges come late and close together.
		p.Edge(true, time.Hour)
		p.Edge(false, time.Hour+11*time.Second)
		require.Contains(t, <-told, "long at 30")

		p.Edge(true, 0)
		p.Stop()
		time.Sleep(time.Minute)
		p.Edge(false, time.Minute)
		require.Empty(t, told)
	})
}

// Without a long press everything is a press.
func TestNoLongPress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan struct{}, 1)
		p := &button.Press{OnPress: func() { told <- struct{}{} }}
		p.Edge(true, 0)
		time.Sleep(time.Hour)
		p.Edge(false, time.Hour)
		<-told
	})
}
