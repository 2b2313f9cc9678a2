// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

// manual is a clock without a scheduler.
type manual struct {
	mu      sync.Mutex
	now     time.Duration
	pending []*manualTimer
}

type manualTimer struct {
	at time.Duration
	fn func()
}

func (c *manual) AfterFunc(d time.Duration, fn func()) hal.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &manualTimer{c.now + d, fn}
	c.pending = append(c.pending, t)
	return t
}

func (t *manualTimer) Stop() bool {
	was := t.fn != nil
	t.fn = nil
	return was
}

// sleep lets time pass and runs what is due.
func (c *manual) sleep(d time.Duration) {
	c.now += d
	for _, t := range c.pending {
		if fn := t.fn; fn != nil && t.at <= c.now {
			t.fn = nil
			fn()
		}
	}
}

// With Config.Pump a single goroutine can wait for the end of the service, for
// Deinit, and for a client's scan.
func TestPoll(t *testing.T) {
	clock := &manual{}
	r := newRig(t)
	r.cfg.Clock = clock
	polls := 0
	r.cfg.Pump = func(maxWait time.Duration) {
		polls++
		clock.sleep(maxWait)
		if polls == 3 {
			r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
		}
	}
	r.start()
	r.answer("prov-scan", scanBlocking)
	require.Equal(t, 3, polls, "the scan waits")
	r.m.StopProvisioning()
	began := clock.now
	r.m.Wait()
	require.Equal(t, time.Second, clock.now-began, "Wait takes the cleanup delay")
	r.startOnly()
	began = clock.now
	require.NoError(t, r.m.Deinit())
	require.Equal(t, time.Second, clock.now-began, "Deinit takes the cleanup delay")
}
