// SPDX-License-Identifier: Apache-2.0

package httpd

import "sync"

// gate counts the requests of a front whose server is somebody else's.
type gate struct {
	mu      sync.Mutex // guards what follows
	stopped bool
	running int // requests
	over    chan struct{}
}

func newGate() gate { return gate{over: make(chan struct{})} }

// begin counts a request in; false: the front is stopped. end must follow true.
func (g *gate) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return false
	}
	g.running++
	return true
}

func (g *gate) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	if g.stopped && g.running == 0 {
		close(g.over)
	}
}

// shut lets no request begin any more.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	if g.running == 0 {
		close(g.over)
	}
}

func (g *gate) isStopped() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stopped
}

// done is closed when the gate is shut and no request is running.
func (g *gate) done() <-chan struct{} { return g.over }
