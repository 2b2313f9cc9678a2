// SPDX-License-Identifier: Apache-2.0

package att

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// tick is a clock without a scheduler: timers run when it is told to.
type tick struct {
	now    time.Duration
	timers []*tickTimer
}

type tickTimer struct {
	at time.Duration
	fn func()
}

func (c *tick) AfterFunc(d time.Duration, fn func()) hal.Timer {
	t := &tickTimer{c.now + d, fn}
	c.timers = append(c.timers, t)
	return t
}

func (t *tickTimer) Stop() bool {
	was := t.fn != nil
	t.fn = nil
	return was
}

func (c *tick) sleep(d time.Duration) {
	c.now += d
	for _, t := range c.timers {
		if fn := t.fn; fn != nil && t.at <= c.now {
			t.fn = nil
			fn()
		}
	}
}

// With PollController a single goroutine starts and stops the stack, and a controller
// that is silent is given up.
func TestPoll(t *testing.T) {
	c := &controller{replies: make(chan []byte, 100), aclLen: 251, aclNum: 8}
	clock := &tick{}
	h, err := New(c, Config{Clock: clock, PollController: func() {
		select {
		case p := <-c.replies:
			c.deliver(p)
		default:
			clock.sleep(time.Millisecond)
		}
	}})
	require.NoError(t, err)
	cfg := ble.Config{DeviceName: "x", Characteristics: []ble.Characteristic{{Name: "a"}}}
	for range 2 {
		require.NoError(t, h.StartGATT(cfg, &values{}))
		require.NoError(t, h.StopGATT(ble.StopOptions{}))
	}
	require.Zero(t, clock.now, "time passed")
	c.mute = map[int]bool{opLEAdvData: true}
	require.ErrorIs(t, h.StartGATT(cfg, &values{}), errTimeout)
	require.Equal(t, DefaultTimeout, clock.now)
}
