// SPDX-License-Identifier: Apache-2.0

package events

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

// rig is a Dispatcher that is woken by hand.
type rig struct {
	Dispatcher
	woken int
	heard []string
}

func newRig() *rig {
	r := &rig{}
	r.Wake = func() hal.Timer {
		r.woken++
		return nil
	}
	return r
}

// hear subscribes one that notes who heard what.
func (r *rig) hear(who string) (cancel func()) {
	return r.Subscribe(func(e hal.Event) { r.heard = append(r.heard, fmt.Sprint(who, " ", int(e.Reason))) })
}

func (r *rig) emit(n int) { r.Emit(hal.Event{Kind: hal.EventDisconnected, Reason: hal.Reason(n)}) }

// took delivers and returns what was heard.
func (r *rig) took() []string {
	r.Deliver()
	heard := r.heard
	r.heard = nil
	return heard
}

// Each subscriber hears what happened after it came and before it went.
func TestWhoHearsWhat(t *testing.T) {
	r := newRig()
	r.emit(1) // nobody is there
	require.Zero(t, r.woken)
	cancel := r.hear("a")
	r.emit(2)
	r.hear("b")
	r.emit(3)
	require.Equal(t, 1, r.woken)
	require.Equal(t, []string{"a 2", "a 3", "b 3"}, r.took())
	r.emit(4)
	require.Equal(t, 2, r.woken)
	cancel()
	cancel()
	require.Equal(t, []string{"b 4"}, r.took())
	require.Empty(t, r.took())
	r.Subscribe(nil)
	r.emit(5)
	require.Equal(t, []string{"b 5"}, r.took())
}

// Subscribers may subscribe, cancel and emit; an event that is made meanwhile
// comes afterwards, without another Wake.
func TestSubscribersDoAnything(t *testing.T) {
	r := newRig()
	var cancelB func()
	var once bool
	r.Subscribe(func(e hal.Event) {
		if once {
			return
		}
		once = true
		cancelB()
		r.hear("late")
		r.emit(2)
	})
	cancelB = r.hear("b")
	r.hear("c")
	r.emit(1)
	require.Equal(t, []string{"c 1", "c 2", "late 2"}, r.took())
	require.Equal(t, 1, r.woken)
}

// Reset forgets everything, also in the middle of a delivery.
func TestReset(t *testing.T) {
	r := newRig()
	r.Subscribe(func(hal.Event) { r.Reset() })
	r.hear("b")
	r.emit(1)
	r.emit(2)
	require.Empty(t, r.took())
	r.hear("c")
	r.emit(3)
	require.Equal(t, []string{"c 3"}, r.took())
	require.Equal(t, 2, r.woken)
}

// stoppable is a timer of Wake's.
type stoppable struct{ stopped bool }

func (s *stoppable) Stop() bool {
	s.stopped = true
	return true
}

// A timer that will not come any more does not keep later events from waking.
func TestResetStopsTheTimer(t *testing.T) {
	r := newRig()
	timer := &stoppable{}
	r.Wake = func() hal.Timer {
		r.woken++
		return timer
	}
	r.hear("a")
	r.emit(1)
	r.Reset()
	require.True(t, timer.stopped)
	r.hear("b")
	r.emit(2)
	require.Equal(t, 2, r.woken)
	require.Equal(t, []string{"b 2"}, r.took())
}

func TestAccept(t *testing.T) {
	r := newRig()
	r.hear("a")
	for i := range MaxQueue {
		require.NoError(t, r.Accept())
		r.emit(i)
	}
	require.ErrorIs(t, r.Accept(), hal.ErrBusy)
	require.Len(t, r.took(), MaxQueue)
	require.NoError(t, r.Accept())
}

// Numbers wrap around.
func TestNumbersWrap(t *testing.T) {
	r := newRig()
	r.first = math.MaxUint32
	r.hear("a")
	r.emit(1)
	r.emit(2)
	r.hear("b")
	r.emit(3)
	require.Equal(t, []string{"a 1", "a 2", "a 3", "b 3"}, r.took())
}
