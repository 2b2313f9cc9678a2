// SPDX-License-Identifier: Apache-2.0

//go:build !scheduler.none

package httpd

import (
	"errors"
	"net"
	"os"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
)

// conn is one connection of the own listener. Its goroutine reads a request,
// answers it, and goes on with the next.
//
//	        ┌──────────────────────────────────────┐
//	idle → (reading) → handling → writing ─────────┘
//	   └───────┴────────────┴────────┴→ (lingering) → closed
type conn struct {
	front *listenFront
	nc    net.Conn
	from  place

	in   []byte // buffer; in[:n] has arrived and is not used up
	n    int
	out  []byte // buffer for answers
	head head
	name string // endpoint of the last request, kept to save an allocation
	late bool   // a read deadline is set

	// Guarded by front.mu.
	state   connState
	peer    *protocomm.Peer // of the last request, or nil
	used    uint64          // front.clock of the last request, or of the start
	evicted bool            // closed to make room
}

type connState uint8

const (
	connIdle      connState = iota // between requests
	connReading                    // a request has begun
	connHandling                   // in the endpoint's handler, or waiting for it
	connWriting                    // writing an answer
	connLingering                  // nothing more will be sent
)

// Ranks of connections: when there are too many, the lowest is closed first.
const (
	rankLingering = iota
	rankStranger  // no established session
	rankClient    // established session
	rankWriting
	rankHandling // never
)

// rank returns the connection's rank. front.mu is held.
func (c *conn) rank() int {
	switch {
	case c.state == connLingering:
		return rankLingering
	case c.state == connWriting:
		return rankWriting
	case c.state == connHandling:
		return rankHandling
	case c.peer != nil && c.peer.Established():
		return rankClient
	}
	return rankStranger
}

// firstBuffer is how many bytes a new connection reads into.
const firstBuffer = 1024

func newConn(f *listenFront, nc net.Conn) *conn {
	return &conn{front: f, nc: nc, from: placeOf(nc.RemoteAddr())}
}

func (c *conn) serve() {
	defer c.front.remove(c)
	c.in = make([]byte, firstBuffer)
	for c.exchange() {
	}
}

// exchange serves one request and reports whether the connection goes on.
func (c *conn) exchange() bool {
	if !c.enter(connIdle) {
		return false
	}
	status, err := c.readHead()
	if err != nil {
		c.log("an HTTP connection ended", err)
		return false
	}
	if status != 0 {
		return c.refuse(status)
	}
	kind, status := c.route()
	if status == statusPreflight {
		b := c.head.browser(c.in)
		return c.write(appendPreflight(nil, &c.head, b.origin)) && c.goOn(0)
	}
	if status != 0 {
		return c.refuse(status)
	}
	if err := checkBody(kind, c.head.contentLength, c.head.transfer); err != nil {
		return c.drop(err)
	}
	body, err := c.readBody(max(0, int(c.head.contentLength)))
	if err != nil {
		return c.drop(err)
	}
	if !c.enter(connHandling) {
		return false
	}
	out, err := c.call(request{
		name: c.name, kind: kind, conn: c, tells: true, from: c.from, cookies: c.head.cookies, body: body,
	})
	if err != nil {
		return c.drop(err)
	}
	c.out = out.body
	return c.answer(out) && c.goOn(len(body))
}

// goOn prepares for the request behind one that was answered, whose body has n
// bytes, and reports whether the client wants to send one.
func (c *conn) goOn(n int) bool {
	if c.head.last() {
		c.linger()
		return false
	}
	c.consume(c.head.pos + n)
	return true
}

// enter changes the state, and reports whether the connection may go on in
// it. After stop only an answer may still be written.
func (c *conn) enter(s connState) bool {
	f := c.front
	f.mu.Lock()
	defer f.mu.Unlock()
	if (f.stopped || c.evicted) && s != connWriting {
		return false
	}
	c.state = s
	switch {
	case s == connHandling:
		f.use(c)
	case s == connWriting && f.stopped:
		c.setWriteDeadline(stopTimeout)
	case s == connWriting:
		c.setWriteDeadline(writeTimeout)
	}
	return true
}

// readHead reads until the header is complete, and returns the status of its error; 0:
// it has none.
func (c *conn) readHead() (status int, err error) {
	c.setReadDeadline(0)
	c.head.reset()
	for {
		if status := c.head.parse(c.in[:c.n], c.front.maxHeader); status != 0 {
			return status, nil
		}
		switch {
		case c.head.state == stateDone:
			return 0, nil
		case !c.head.begun(): // empty lines
			c.consume(c.n)
			c.head.pos = 0
		case !c.late:
			c.setReadDeadline(headTimeout)
			if !c.enter(connReading) {
				return 0, errStopped
			}
		}
		if err := c.fill(); errors.Is(err, os.ErrDeadlineExceeded) {
			return 408, nil
		} else if err != nil {
			return 0, err
		}
	}
}

// route finds the endpoint that the request is for, and returns a status if
// there is none.
func (c *conn) route() (kind protocomm.Kind, status int) {
	path := c.head.path.of(c.in)
	if len(path) == 0 || path[0] != '/' {
		return 0, 404
	}
	if name := path[1:]; string(name) != c.name {
		c.name = string(name)
	}
	kind, found := c.front.core.pc.Kind(c.name)
	switch {
	case !found:
		return 0, 404
	case c.head.post:
		if b := c.head.browser(c.in); !c.front.core.pages.allow(&b) {
			return 0, 403
		}
		return kind, 0
	case c.head.preflight && max(0, c.head.contentLength) == 0 && !c.head.transfer:
		if b := c.head.browser(c.in); c.front.core.pages.listed(&b) {
			return kind, statusPreflight
		}
	}
	return 0, 405
}

// readBody reads until length bytes follow the header and returns them.
func (c *conn) readBody(length int) ([]byte, error) {
	from, to := c.head.pos, c.head.pos+length
	if c.n < to {
		c.setReadDeadline(bodyTimeout)
		if !c.enter(connReading) {
			return nil, errStopped
		}
		for c.n < to {
			if err := c.fill(); err != nil {
				return nil, err
			}
		}
	}
	return c.in[from:to:to], nil
}

// fill reads once, into a larger buffer if need be.
func (c *conn) fill() error {
	if c.n == len(c.in) {
		limit := maxLine + c.front.maxHeader + maxBody
		if c.n >= limit {
			return errTooLong
		}
		bigger := make([]byte, min(2*len(c.in), limit))
		copy(bigger, c.in)
		c.in = bigger
	}
	n, err := c.nc.Read(c.in[c.n:])
	c.n += n
	if n > 0 {
		return nil // err comes again
	}
	return err
}

// consume drops the first n bytes that have arrived.
func (c *conn) consume(n int) {
	c.n = copy(c.in, c.in[n:c.n])
}

// call has the request handled.
func (c *conn) call(r request) (reply, error) {
	if cap(c.out) < headRoom {
		c.out = make([]byte, 2*headRoom)
	}
	out, err := c.front.core.serve(c.out[:headRoom], r)
	if err == nil {
		c.front.mu.Lock()
		c.peer = out.peer
		c.front.mu.Unlock()
	}
	return out, err
}

// answer writes a successful answer: the header goes in front of the body, in
// the room left for it.
func (c *conn) answer(r reply) bool {
	var ok bool
	if b := c.head.browser(c.in); c.front.core.pages.listed(&b) {
		ok = c.write(appendCORS(nil, c.out, r.cookie, &c.head, b.origin))
	} else {
		from := putHead(c.out, r.cookie, &c.head)
		ok = c.write(c.out[from:])
	}
	if cap(c.out) > keepBuffer {
		c.out = nil
	}
	return ok
}

// refuse answers with an error status and ends the connection.
func (c *conn) refuse(status int) bool {
	c.front.core.log.Log(hal.LevelDebug, "an HTTP request was refused", hal.Attr{Key: "status", Value: reason(status)})
	if c.write(appendError(nil, status, c.head.noBody)) {
		c.linger()
	}
	return false
}

// drop ends the connection without an answer.
func (c *conn) drop(err error) bool {
	c.front.core.logDropped(err)
	c.linger()
	return false
}

func (c *conn) log(msg string, err error) {
	c.front.core.log.Log(hal.LevelDebug, msg, hal.Err(err))
}

func (c *conn) write(b []byte) bool {
	c.enter(connWriting)
	_, err := c.nc.Write(b)
	if err != nil {
		c.log("an HTTP answer was not written", err)
	}
	return err == nil
}

// linger ends the sending direction and reads for a while what the client still sends.
// Closing with unread bytes would reset the connection, and the client might see the
// reset instead of the answer or of the orderly end.
func (c *conn) linger() {
	half, ok := c.nc.(interface{ CloseWrite() error })
	if !ok || !c.enter(connLingering) || half.CloseWrite() != nil {
		return
	}
	c.setReadDeadline(lingerTimeout)
	for {
		if _, err := c.nc.Read(c.in); err != nil {
			return
		}
	}
}

// setReadDeadline lets reads fail in d; 0: never.
func (c *conn) setReadDeadline(d time.Duration) {
	if d > 0 {
		_ = c.nc.SetReadDeadline(time.Now().Add(d)) // fails when closed, and so will the read
	} else if c.late {
		_ = c.nc.SetReadDeadline(time.Time{})
	}
	c.late = d > 0
}

// setWriteDeadline lets writes fail in d. front.mu is held.
func (c *conn) setWriteDeadline(d time.Duration) {
	_ = c.nc.SetWriteDeadline(time.Now().Add(d))
}
