// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// pipe carries bytes in one direction.
type pipe struct {
	size int

	mu       sync.Mutex
	cond     sync.Cond // signals changes of the fields below
	data     []byte
	finished bool // nothing more will be written
	noReader bool // the reading end was closed
	noWriter bool // the writing end was closed
	read     deadline
	write    deadline
}

func newPipe(size int) *pipe {
	p := &pipe{size: size}
	p.cond.L = &p.mu
	return p
}

// get moves bytes to b; it waits for the first one.
func (p *pipe) get(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.noReader:
			return 0, net.ErrClosed
		case p.read.expired:
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case len(p.data) > 0:
			n := copy(b, p.data)
			if p.data = p.data[n:]; len(p.data) == 0 {
				p.data = nil
			}
			p.cond.Broadcast()
			return n, nil
		case p.finished:
			return 0, io.EOF
		}
		p.cond.Wait()
	}
}

// put moves all of b into the pipe, waiting for space.
func (p *pipe) put(b []byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.noWriter:
			return n, net.ErrClosed
		case p.write.expired:
			return n, os.ErrDeadlineExceeded
		case p.finished, p.noReader:
			return n, syscall.EPIPE
		case len(b) == 0:
			return n, nil
		}
		if m := min(len(b), p.size-len(p.data)); m > 0 {
			p.data = append(p.data, b[:m]...)
			b, n = b[m:], n+m
			p.cond.Broadcast()
			continue
		}
		p.cond.Wait()
	}
}

// change changes the state by calling fn, and wakes all waiting calls.
func (p *pipe) change(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
	p.cond.Broadcast()
}

// closeReader drops bytes that are under way. The writer gets EPIPE.
func (p *pipe) closeReader() {
	p.change(func() {
		p.noReader, p.data = true, nil
		p.read.close()
	})
}

// finish tells the reader that nothing more will be written.
func (p *pipe) finish() { p.change(func() { p.finished = true }) }

// closeWriter closes the writing end.
func (p *pipe) closeWriter() {
	p.change(func() {
		p.finished, p.noWriter = true, true
		p.write.close()
	})
}

// deadline is the deadline of one end's calls, guarded by its pipe's mu.
type deadline struct {
	expired bool
	closed  bool // cannot be set any more
	timer   *time.Timer
	set     int
}

func (d *deadline) stop() {
	d.set++
	d.expired = false
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

func (d *deadline) close() {
	d.stop()
	d.closed = true
}

// setDeadline sets one of p's deadlines; the zero time is none.
func (p *pipe) setDeadline(d *deadline, t time.Time) {
	p.change(func() {
		d.stop()
		if d.closed || t.IsZero() {
			return
		}
		left := time.Until(t)
		if left <= 0 {
			d.expired = true
			return
		}
		set := d.set
		d.timer = time.AfterFunc(left, func() {
			p.change(func() {
				if d.set == set {
					d.expired = true
				}
			})
		})
	})
}
