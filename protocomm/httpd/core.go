// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
)

// core is what the fronts share from Start to Stop: the instance, and which client speaks
// in which session.
type core struct {
	pc       *protocomm.Protocomm
	random   *ids
	log      hal.Logger
	pages    pages // that may talk to the device
	sessions sessions
}

// request is one request, as a front hands it over. body may be overwritten.
type request struct {
	name    string
	kind    protocomm.Kind // of the endpoint name
	conn    any            // identifies the connection; comparable, nil: unknown
	tells   bool           // sessions.connClosed will be called when conn ends
	from    place
	cookies cookies
	body    []byte
}

// reply is the outcome of a request that is answered with 200.
type reply struct {
	body   []byte              // dst with the answer appended
	cookie protocomm.SessionID // for Set-Cookie; NoSession: none
	peer   *protocomm.Peer     // whose request was answered; nil: nobody's
}

// Reasons to close a connection without an answer.
var (
	errNoSession = errors.New("the request belongs to no session")
	errStopped   = errors.New("the server is stopped")
	errLength    = errors.New("the request has no Content-Length that is a number above 0")
	errTooLong   = errors.New("the request has more than 4096 bytes")
	errChunked   = errors.New("the request has a transfer coding")
)

func newCore(pc *protocomm.Protocomm, random *ids, log hal.Logger) *core {
	c := &core{pc: pc, random: random, log: log}
	c.sessions.init(pc)
	return c
}

// checkBody judges what the header says of the body (transports.md 1.3,
// Q-T26).
func checkBody(kind protocomm.Kind, length int64, transfer bool) error {
	switch {
	case transfer:
		return errChunked
	case length == lengthBad, length <= 0 && kind != protocomm.KindVersion:
		return errLength
	case length > maxBody:
		return errTooLong
	}
	return nil
}

// serve answers a request. After an error the connection is closed without an
// answer (Q-T1).
func (c *core) serve(dst []byte, r request) (reply, error) {
	out := reply{cookie: protocomm.NoSession}
	if r.kind == protocomm.KindVersion { // touches no session (Q-T2)
		var err error
		out.body, err = c.pc.Handle(dst, r.name, protocomm.NoSession, r.body)
		return out, err
	}
	s, opened, err := c.enter(r)
	if err != nil {
		return out, err
	}
	answered := false
	defer func() { c.sessions.leave(s, opened && !answered) }() // also when the handler ends its goroutine
	out.peer = s.peer
	out.body, err = s.peer.Handle(dst, r.name, r.body)
	if err != nil {
		return out, err
	}
	answered = true
	if c.sessions.tell(s) {
		out.cookie = s.peer.ID()
	}
	return out, nil
}

// enter finds or opens the session of a request and waits for its turn in it.
func (c *core) enter(r request) (s *session, opened bool, err error) {
	if s = c.sessions.enter(r); s != nil {
		return s, false, nil
	}
	if !c.pc.Opens(r.kind) {
		return nil, false, errNoSession
	}
	if s, err = c.open(r); err != nil {
		return nil, false, err
	}
	return s, true, nil
}

// open begins a session for a request, whose turn it is.
func (c *core) open(r request) (*session, error) {
	const attempts = 16 // a repetition is a chance of one to a hundred million
	for range attempts {
		id, err := c.random.draw()
		if err != nil {
			return nil, err
		}
		if id == protocomm.NoSession {
			continue
		}
		s, err := c.sessions.add(id, r)
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		if err = s.peer.Open(); err != nil {
			c.sessions.leave(s, true)
			return nil, err
		}
		return s, nil
	}
	return nil, errors.New("the random source repeats itself")
}

// ids draws session ids. All cores of a server share one: calls of a Reader must not
// overlap, and the last requests of a stopped core may overlap those of the next.
type ids struct {
	mu     sync.Mutex
	random io.Reader
}

// draw returns a random id.
func (s *ids) draw() (protocomm.SessionID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b [4]byte
	if _, err := io.ReadFull(s.random, b[:]); err != nil {
		return 0, err
	}
	return protocomm.SessionID(binary.BigEndian.Uint32(b[:])), nil
}

// stop ends all sessions; those of running requests end with them.
func (c *core) stop() { c.sessions.stop() }

// logDropped says why a request is not answered.
func (c *core) logDropped(err error) {
	c.log.Log(hal.LevelInfo, "an HTTP request got no answer", hal.Err(err))
}
