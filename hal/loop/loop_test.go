// SPDX-License-Identifier: Apache-2.0

package loop_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/loop"
)

// bubble runs fn with a loop on the runtime's clock, in a synctest bubble.
func bubble(t *testing.T, cfg loop.Config, fn func(t *testing.T, l *loop.Loop)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { fn(t, loop.New(cfg)) })
}

// Half of a clock is a mistake that is told at once.
func TestConfigInPart(t *testing.T) {
	for _, cfg := range []loop.Config{
		{Wake: func() {}},
		{Now: func() time.Duration { return 0 }, Wait: func(time.Duration) {}},
	} {
		require.PanicsWithValue(t, "loop: set all of Config.Now, Wait and Wake, or none", func() { loop.New(cfg) })
	}
}

// Timers run when they are due, in order, and not when they were stopped.
func TestTimers(t *testing.T) {
	bubble(t, loop.Config{}, func(t *testing.T, l *loop.Loop) {
		began := time.Now()
		var ran []string
		note := func(name string, at time.Duration) func() {
			return func() {
				ran = append(ran, name)
				require.Equal(t, at, time.Since(began), name)
			}
		}
		l.AfterFunc(3*time.Second, note("third", 3*time.Second))
		stopped := l.AfterFunc(2*time.Second, note("stopped", 0))
		first := l.AfterFunc(time.Second, note("first", time.Second))
		l.AfterFunc(time.Second, note("second", time.Second))
		l.AfterFunc(-1, note("at once", 0))
		require.Empty(t, ran, "not from inside AfterFunc")
		l.Pump(0)
		require.Equal(t, []string{"at once"}, ran)
		require.True(t, stopped.Stop())
		require.False(t, stopped.Stop())
		for len(ran) < 4 {
			l.Pump(time.Hour)
		}
		require.Equal(t, []string{"at once", "first", "second", "third"}, ran)
		require.False(t, first.Stop())
		l.AfterFunc(0, note("never", 0))
		l.StopTimers()
		l.Pump(0)
		require.Len(t, ran, 4)
	})
}

// A wait ends with what was waited for, no later and no sooner.
func TestWaits(t *testing.T) {
	bubble(t, loop.Config{}, func(t *testing.T, l *loop.Loop) {
		began, ran := time.Now(), 0
		l.Pump(time.Second)
		require.Equal(t, time.Second, time.Since(began))
		go func() {
			time.Sleep(time.Minute)
			l.Go(func() { ran++ })
		}()
		l.Pump(time.Hour)
		require.Equal(t, 61*time.Second, time.Since(began))
		require.Equal(t, 1, ran)
		go func() {
			time.Sleep(time.Minute)
			l.AfterFunc(time.Second, func() { ran++ })
		}()
		for ran < 2 {
			l.Pump(time.Hour)
		}
		require.Equal(t, 122*time.Second, time.Since(began))
		l.Wake()
		l.Pump(time.Hour)
		require.Equal(t, 122*time.Second, time.Since(began), "called off before it began")
	})
}

// Functions run in order. One that pumps is in the middle of its work: timers, packets
// and events go on, other functions and requests wait.
func TestKinds(t *testing.T) {
	var l *loop.Loop
	var ran []string
	left := map[string]int{"packet": 20, "request": 1}
	source := func(name string) func() bool {
		return func() bool {
			if left[name] == 0 {
				return false
			}
			left[name]--
			ran = append(ran, name)
			l.Pump(0) // which runs nothing of this kind
			return true
		}
	}
	bubble(t, loop.Config{Events: source("event"), Requests: source("request")}, func(t *testing.T, made *loop.Loop) {
		l = made
		inside := false
		l.Tell(func() { ran = append(ran, "told") })
		l.Go(func() {
			inside = true
			l.PollPackets(source("packet"), time.Hour)
			l.AfterFunc(0, func() { ran = append(ran, "timer") })
			l.Tell(func() { ran = append(ran, "told") })
			l.Pump(0)
			inside = false
		})
		l.Go(func() {
			require.False(t, inside)
			ran = append(ran, "function")
		})
		l.Pump(0)
		want := []string{"told", "timer", "packet", "told"} // and as many packets as have a turn
		want = append(append(want, slices.Repeat([]string{"packet"}, 15)...), "function", "request")
		require.Equal(t, append(want, slices.Repeat([]string{"packet"}, 4)...), ran)
		left["event"], ran = 2, nil
		l.Pump(0)
		require.Equal(t, []string{"event", "event"}, ran)
	})
}

// PollController runs timers and one packet, and nothing else.
func TestPollController(t *testing.T) {
	packets, others := 3, 0
	other := func() bool { others++; return false }
	bubble(t, loop.Config{Events: other, Requests: other}, func(t *testing.T, l *loop.Loop) {
		began := time.Now()
		l.PollPackets(func() bool {
			if packets == 0 {
				return false
			}
			packets--
			return true
		}, 2*time.Millisecond)
		l.Go(func() { others++ })
		l.Tell(func() { others++ })
		l.PollController()
		require.Equal(t, 2, packets)
		require.Zero(t, time.Since(began))
		l.PollController()
		l.PollController()
		l.Wake() // or the wait would end because of Go
		l.PollController()
		require.Zero(t, others)
		l.PollController()
		require.Equal(t, 2*time.Millisecond, time.Since(began), "the controller cannot wake")
		l.PollPackets(nil, time.Second)
		l.PollController()
		require.Equal(t, 102*time.Millisecond, time.Since(began))
	})
}
