// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// clock is a hal.Clock whose time passes only in step. Of two timers that are due
// at the same time the older one comes first.
type clock struct {
	mu     sync.Mutex // guards what follows
	now    time.Duration
	timers []*timer
}

type timer struct {
	clock *clock
	at    time.Duration
	fn    func()
}

// AfterFunc implements hal.Clock.
func (c *clock) AfterFunc(d time.Duration, fn func()) hal.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &timer{c, c.now + max(d, 0), fn}
	c.timers = append(c.timers, t)
	return t
}

// Stop implements hal.Timer.
func (t *timer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.clock.remove(t)
}

func (c *clock) remove(t *timer) bool {
	for i, other := range c.timers {
		if other == t {
			copy(c.timers[i:], c.timers[i+1:])
			c.timers[len(c.timers)-1] = nil
			c.timers = c.timers[:len(c.timers)-1]
			return true
		}
	}
	return false
}

// step lets time pass until the next timer is due, and calls that. Without timers
// it lets other goroutines run.
func (c *clock) step() {
	c.mu.Lock()
	if len(c.timers) == 0 {
		c.mu.Unlock()
		runtime.Gosched()
		return
	}
	next := c.timers[0]
	for _, t := range c.timers {
		if t.at < next.at {
			next = t
		}
	}
	c.remove(next)
	c.now = next.at
	c.mu.Unlock()
	next.fn()
}

// maxSteps is far more than any test needs.
const maxSteps = 1 << 20

var errNoEnd = errors.New("it takes too long")

// until steps the clock until done reports true.
func (c *clock) until(done func() bool) error {
	for range maxSteps {
		if done() {
			return nil
		}
		c.step()
	}
	return errNoEnd
}

// random is a source of numbers that are the same every time.
type random struct {
	mu    sync.Mutex
	state uint32
}

// Read implements io.Reader (xorshift).
func (r *random) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range p {
		r.state ^= r.state << 13
		r.state ^= r.state >> 17
		r.state ^= r.state << 5
		p[i] = byte(r.state >> 24)
	}
	return len(p), nil
}

// apart runs fn on a stack of its own, and collects what fn leaves. A collector
// that knows no types would keep everything that the main stack still points to.
func apart(fn func() error) error {
	done := make(chan error)
	go func() { done <- fn() }()
	err := <-done
	runtime.GC()
	return err
}

// equal returns an error when got is not want; what is its name.
func equal(what string, got, want []byte) error {
	if bytes.Equal(got, want) {
		return nil
	}
	return errors.New(what + " is " + hexOf(got) + ", want " + hexOf(want))
}

const digits = "0123456789abcdef"

// hexOf returns b in hexadecimal; package encoding/hex would bring fmt.
func hexOf(b []byte) string {
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&0xf])
	}
	return string(out)
}

// unhex is the reverse of hexOf. Any other character counts as 0.
func unhex(s string) []byte {
	out := make([]byte, len(s)/2)
	for i := range out {
		out[i] = digit(s[2*i])<<4 | digit(s[2*i+1])
	}
	return out
}

func digit(c byte) byte { return byte(max(0, bytes.IndexByte([]byte(digits), c))) }
