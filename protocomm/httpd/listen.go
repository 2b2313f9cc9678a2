// SPDX-License-Identifier: Apache-2.0

//go:build !scheduler.none

package httpd

import (
	"errors"
	"math"
	"net"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fair"
	"github.com/wifiprov/wifiprov/protocomm"
)

// listenFront serves a listener of our own: a goroutine that accepts, and one
// for each connection.
type listenFront struct {
	core      *core
	listener  net.Listener
	maxConns  int
	maxHeader int

	mu      sync.Mutex // guards what follows, and the marked fields of conn
	closing bool       // stop closes the listener
	stopped bool
	conns   []*conn // open
	clock   uint64  // counts uses of connections
	left    int     // goroutines
	stopCh  chan struct{}
	doneCh  chan struct{}
}

// openListener makes the front with a listener of our own.
func openListener(c *core, cfg *Config) (front, error) {
	l, err := cfg.Listen()
	if err != nil {
		return nil, protocomm.Fail("httpd: start", nil, "cannot listen", err)
	}
	return newListenFront(c, l, cfg.MaxConns, cfg.MaxHeader), nil
}

func newListenFront(c *core, l net.Listener, maxConns, maxHeader int) *listenFront {
	f := &listenFront{
		core: c, listener: l, maxConns: maxConns, maxHeader: maxHeader,
		left: 1, stopCh: make(chan struct{}), doneCh: make(chan struct{}),
	}
	go f.accept()
	return f
}

func (f *listenFront) instance() *protocomm.Protocomm { return f.core.pc }
func (f *listenFront) addr() net.Addr                 { return f.listener.Addr() }
func (f *listenFront) done() <-chan struct{}          { return f.doneCh }

// addEndpoint has nothing to prepare: requests look endpoints up in the
// instance, so there is no limit to their number (Q-T27).
func (f *listenFront) addEndpoint(name string) error { return CheckName(name) }
func (f *listenFront) removeEndpoint(string)         {}

func (f *listenFront) stop() error {
	f.setClosing(true) // before accept sees it
	if err := f.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		f.setClosing(false)
		return err
	}
	f.mu.Lock()
	f.stopped = true
	close(f.stopCh)
	var idle []net.Conn
	for _, c := range f.conns {
		switch c.state {
		case connHandling: // closes after its answer
		case connWriting:
			c.setWriteDeadline(stopTimeout)
		default:
			idle = append(idle, c.nc)
		}
	}
	f.mu.Unlock()
	for _, nc := range idle {
		nc.Close()
	}
	f.core.stop()
	return nil
}

// accept takes connections until the listener is closed. Other errors, such as
// a lack of descriptors, pass.
func (f *listenFront) accept() {
	defer f.leave()
	const firstPause, longestPause = 5 * time.Millisecond, time.Second
	pause := firstPause
	for {
		nc, err := f.listener.Accept()
		if err == nil {
			pause = firstPause
			f.add(nc)
			continue
		}
		if f.isClosing() {
			return
		}
		if errors.Is(err, net.ErrClosed) {
			f.core.log.Log(hal.LevelError, "somebody else closed the HTTP listener", hal.Err(err))
			return
		}
		f.core.log.Log(hal.LevelWarn, "accepting an HTTP connection failed", hal.Err(err))
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-f.stopCh:
			timer.Stop()
			return
		}
		pause = min(2*pause, longestPause)
	}
}

func (f *listenFront) setClosing(closing bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closing = closing
}

func (f *listenFront) isClosing() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closing
}

// add serves a connection, and closes another one if there are too many.
func (f *listenFront) add(nc net.Conn) {
	f.mu.Lock()
	c := newConn(f, nc)
	loser := f.makeRoom(c)
	if loser != c {
		f.use(c)
		f.conns = append(f.conns, c)
		f.left++
		go c.serve()
	}
	f.mu.Unlock()
	if loser != nil {
		loser.nc.Close()
	}
}

// makeRoom returns the connection that has to be closed so that c can be open; it may be
// c itself, and nil if none has to go. A lingering one goes first; otherwise one of the
// place that has the most connections (package fair), and among those the one with the
// lowest rank and the earliest use. mu is held.
func (f *listenFront) makeRoom(c *conn) *conn {
	if f.stopped {
		return c
	}
	if len(f.conns) < f.maxConns {
		return nil
	}
	victim, heaviest, lowest := c, -1, rankHandling
	own := f.held(c.from)
	for _, other := range f.conns {
		r := other.rank()
		weight := fair.Weight(f.held(other.from), own, other.from == c.from)
		switch {
		case r == rankLingering:
			weight = math.MaxInt
		case r == rankHandling, weight < 0:
			continue
		}
		if weight > heaviest || weight == heaviest && (r < lowest || r == lowest && other.used < victim.used) {
			victim, heaviest, lowest = other, weight, r
		}
	}
	f.take(victim)
	victim.evicted = true
	return victim
}

// held counts the connections of a place. mu is held.
func (f *listenFront) held(from place) int {
	n := 0
	for _, c := range f.conns {
		if c.from == from {
			n++
		}
	}
	return n
}

// use notes that c is in use. mu is held.
func (f *listenFront) use(c *conn) {
	f.clock++
	c.used = f.clock
}

// take takes c out of the table. mu is held.
func (f *listenFront) take(c *conn) {
	for i, other := range f.conns {
		if other == c {
			last := len(f.conns) - 1
			f.conns[i] = f.conns[last]
			f.conns[last] = nil
			f.conns = f.conns[:last]
			return
		}
	}
}

// remove ends the life of a connection, in its goroutine.
func (f *listenFront) remove(c *conn) {
	c.nc.Close()
	f.core.sessions.connClosed(c)
	f.mu.Lock()
	f.take(c)
	f.mu.Unlock()
	f.leave()
}

// leave is the end of a goroutine.
func (f *listenFront) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left--
	if f.left == 0 {
		close(f.doneCh)
	}
}
