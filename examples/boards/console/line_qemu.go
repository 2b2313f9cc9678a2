// SPDX-License-Identifier: Apache-2.0

//go:build baremetal && qemu

package main

import (
	"io"
	"runtime"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
)

// line is the emulated serial port.
type line struct{}

// Read waits until there is something.
func (line) Read(p []byte) (n int, err error) {
	for !received() {
		runtime.Gosched()
	}
	for n < len(p) && received() {
		p[n] = receive()
		n++
	}
	return n, nil
}

func (line) Write(p []byte) (int, error) {
	for _, c := range p {
		send(c)
	}
	return len(p), nil
}

// clock is a hal.Clock on a counter of the machine. TinyGo's own time stands still
// in emulators while something runs.
type clock struct{ timers []*timer }

type timer struct {
	clock *clock
	at    time.Duration
	fn    func()
}

func newClock() hal.Clock { return &clock{} }

// AfterFunc implements hal.Clock.
func (c *clock) AfterFunc(d time.Duration, fn func()) hal.Timer {
	t := &timer{c, now() + d, fn}
	c.timers = append(c.timers, t)
	return t
}

// Stop implements hal.Timer.
func (t *timer) Stop() bool {
	for i, other := range t.clock.timers {
		if other == t {
			last := len(t.clock.timers) - 1
			copy(t.clock.timers[i:], t.clock.timers[i+1:])
			t.clock.timers[last] = nil
			t.clock.timers = t.clock.timers[:last]
			return true
		}
	}
	return false
}

// wait calls timers that are due until the service has ended.
func wait(c hal.Clock, m *wifiprov.Manager) {
	for !m.IsIdle() {
		for _, t := range c.(*clock).timers {
			if t.at <= now() {
				t.Stop()
				t.fn()
				break
			}
		}
		runtime.Gosched()
	}
}

// numbers are not random; they only differ from run to run.
type numbers uint32

func newRandom() io.Reader {
	n := numbers(now()) | 1
	return &n
}

func (n *numbers) Read(p []byte) (int, error) {
	for i := range p {
		*n ^= *n << 13
		*n ^= *n >> 17
		*n ^= *n << 5
		p[i] = byte(*n >> 24)
	}
	return len(p), nil
}
