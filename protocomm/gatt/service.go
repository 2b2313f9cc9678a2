// SPDX-License-Identifier: Apache-2.0

package gatt

import (
	"errors"
	"strings"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/protocomm"
)

// service is a Server from Start to Stop, as the stack sees it.
type service struct {
	server *Server
	pc     *protocomm.Protocomm
	names  []string // by characteristic
	atStop ble.StopOptions
	report func(Event) // or nil, as the next one
	outage func(why error)

	mu      sync.Mutex // guards what follows; not held over calls out
	stopped bool
	clients []*client // connected
	spare   *client   // of a connection that ended, to be used again
}

// client is one connection.
type client struct {
	v    *service
	run  func() // handle, made once
	conn ble.Conn
	peer *protocomm.Peer

	gone    bool     // not connected any more
	busy    bool     // req is being handled
	asking  bool     // a handler may run; belongs to handle while busy
	char    int      // to which req was written
	req     []byte   // belongs to handle while busy
	out     []byte   // room for the next answer; belongs to handle while busy
	answers [][]byte // by characteristic: what a read returns
	watch   watch
}

var (
	_ ble.Handler       = (*service)(nil)
	_ ble.OutageHandler = (*service)(nil)
)

func newService(s *Server, pc *protocomm.Protocomm, set Settings) *service {
	v := &service{server: s, pc: pc, atStop: set.AtStop, report: set.Report, outage: set.Outage}
	for _, e := range set.Endpoints {
		v.names = append(v.names, strings.Clone(e.Name))
	}
	return v
}

// mayAdd is the hook for endpoints that come while the service runs.
func (v *service) mayAdd(name string, _ protocomm.Kind) error {
	for _, known := range v.names {
		if known == name {
			return nil
		}
	}
	return protocomm.Fail("gatt: add endpoint "+name, protocomm.ErrNotFound, "it has no id; create it before the start", nil)
}

// mayServe refuses names that have no characteristic (Q-T28).
func (v *service) mayServe(names []string) error {
	for _, name := range names {
		if err := v.mayAdd(name, 0); err != nil {
			return protocomm.Fail("gatt: start", protocomm.ErrInvalidArg, "an endpoint cannot be reached", err)
		}
	}
	return nil
}

// session is the protocomm session of a connection. It contains more than the
// stack's handle, so that a late request of one connection is never taken for
// one of the next.
func session(c ble.Conn) protocomm.SessionID { return protocomm.SessionID(c) }

// find returns the client of a connection, or nil. mu is held.
func (v *service) find(conn ble.Conn) *client {
	for _, c := range v.clients {
		if c.conn == conn {
			return c
		}
	}
	return nil
}

// Connected implements ble.Handler.
func (v *service) Connected(conn ble.Conn) {
	v.mu.Lock()
	if v.stopped || v.find(conn) != nil {
		v.mu.Unlock()
		return
	}
	c := v.spare
	v.spare = nil
	if c == nil {
		c = &client{v: v, answers: make([][]byte, len(v.names))}
		c.run = c.handle
	}
	peer := v.pc.NewPeer(session(conn), "")
	c.conn, c.peer, c.gone = conn, peer, false
	v.clients = append(v.clients, c)
	c.watchOn()
	v.tell(Event{Connected: true, Conn: conn.Handle()})
	v.mu.Unlock()
	if err := peer.Open(); err != nil {
		v.server.cfg.Logger.Log(hal.LevelWarn, "a BLE client has no session", hal.Err(err))
	}
	v.server.reports.kick()
}

// Disconnected implements ble.Handler.
func (v *service) Disconnected(conn ble.Conn, reason ble.HCIReason) {
	v.mu.Lock()
	c := v.find(conn)
	if c == nil {
		v.mu.Unlock()
		return
	}
	v.drop(c, reason)
	peer := c.peer
	v.mu.Unlock()
	v.end(peer)
}

// drop takes a client out of the list and wipes what it could read (Q-T8). mu
// is held; end has to follow.
func (v *service) drop(c *client, reason ble.HCIReason) {
	v.tell(Event{Conn: c.conn.Handle(), Reason: reason})
	for i, other := range v.clients {
		if other == c {
			last := len(v.clients) - 1
			v.clients[i] = v.clients[last]
			v.clients[last] = nil
			v.clients = v.clients[:last]
			break
		}
	}
	c.gone = true
	c.watchOff()
	for i, answer := range c.answers {
		clear(answer)
		c.answers[i] = answer[:0]
	}
	if !c.busy {
		v.spare = c
	}
}

// end closes the session of a client that was dropped, and has it reported.
func (v *service) end(peer *protocomm.Peer) {
	peer.Close()
	v.server.reports.kick()
}

// tell queues a report. mu is held; reports.kick has to follow.
func (v *service) tell(e Event) {
	if v.report != nil {
		v.server.reports.put(func() { v.report(e) })
	}
}

// Lost implements ble.OutageHandler.
func (v *service) Lost(why error) { v.out(why) }

// Restored implements ble.OutageHandler.
func (v *service) Restored() { v.out(nil) }

// out reports an outage, or with nil its end.
func (v *service) out(why error) {
	v.mu.Lock()
	if !v.stopped && v.outage != nil {
		v.server.reports.put(func() { v.outage(why) })
	}
	v.mu.Unlock()
	v.server.reports.kick()
}

// MTU implements ble.Handler.
func (*service) MTU(ble.Conn, int) {}

// Read implements ble.Handler: the answer to the last successful write;
// before that it is empty (Q-T21).
func (v *service) Read(conn ble.Conn, char, offset int, dst []byte) (int, ble.ATTError) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.find(conn)
	if c == nil || char < 0 || char >= len(c.answers) {
		return 0, ble.ATTUnlikely
	}
	if offset < 0 || offset > len(c.answers[char]) {
		return 0, ble.ATTInvalidOffset
	}
	return copy(dst, c.answers[char][offset:]), ble.ATTSuccess
}

// Write implements ble.Handler.
func (v *service) Write(conn ble.Conn, char int, value []byte) {
	if code := v.begin(conn, char, value); code != pending {
		v.server.stack.Respond(conn, code)
	}
}

// pending says that the outcome is not known yet.
const pending ble.ATTError = 0xFF

// begin begins to handle a request and returns pending, or returns why it does not.
func (v *service) begin(conn ble.Conn, char int, value []byte) ble.ATTError {
	v.mu.Lock()
	c := v.find(conn)
	switch {
	case c == nil || c.busy || char < 0 || char >= len(v.names):
		v.mu.Unlock()
		return ble.ATTUnlikely
	case len(value) > ble.MaxValue:
		v.mu.Unlock()
		return ble.ATTInvalidLength
	case len(value) == 0:
		v.mu.Unlock()
		return ble.ATTSuccess // transports.md 2.5, NimBLE
	}
	c.busy, c.char, c.watch.asked = true, char, true
	c.req = append(c.req[:0], value...)
	v.server.running.Add(1)
	v.mu.Unlock()
	v.server.cfg.Go(c.run)
	return pending
}

// handle answers c's request.
func (c *client) handle() {
	v := c.v
	defer v.server.running.Done()
	v.mu.Lock()
	if c.gone {
		c.busy = false
		v.mu.Unlock()
		return
	}
	conn, name := c.conn, v.names[c.char]
	v.mu.Unlock()
	out, err := c.ask(conn, name)
	if err != nil {
		v.server.cfg.Logger.Log(hal.LevelInfo, "a BLE request was refused", hal.Err(err))
	}
	c.conclude(conn, name, out, err)
}

// conclude ends c's request.
func (c *client) conclude(conn ble.Conn, name string, out []byte, err error) {
	if code := c.finish(out, err); code != pending {
		c.v.server.stack.Respond(conn, code)
		c.answered(conn, name, code == ble.ATTSuccess)
	}
}

// ask has the instance handle c's request. If the handler ends the goroutine, abandoned
// concludes the request.
func (c *client) ask(conn ble.Conn, name string) ([]byte, error) {
	c.asking = true
	defer c.abandoned(conn, name)
	out, err := c.peer.Handle(c.out[:0], name, c.req)
	c.asking = false
	return out, err
}

// abandoned refuses a request whose handler has ended the goroutine, as t.FailNow
// does.
func (c *client) abandoned(conn ble.Conn, name string) {
	if c.asking {
		c.asking = false
		c.conclude(conn, name, nil, protocomm.ErrFail)
	}
}

// finish keeps the answer and returns what the client gets; pending: the client is gone.
func (c *client) finish(out []byte, err error) ble.ATTError {
	v := c.v
	v.mu.Lock()
	defer v.mu.Unlock()
	c.busy, c.watch.asked = false, true // no silence before answered looks at it
	clear(c.req)
	if cap(out) <= 2*ble.MaxValue {
		c.out = out[:0]
	}
	switch {
	case c.gone:
		clear(out)
		v.spare = c
		return pending
	case errors.Is(err, protocomm.ErrNoMem):
		return ble.ATTInsufficientResources
	case err != nil:
		return ble.ATTInvalidPDU
	case len(out) > ble.MaxValue: // the former answer stays (Q-T17)
		return ble.ATTInvalidLength
	}
	c.answers[c.char], c.out = out, c.answers[c.char][:0]
	return ble.ATTSuccess
}

// stop refuses everything from now on, and ends all sessions.
func (v *service) stop() {
	v.mu.Lock()
	v.stopped = true
	var gone []*protocomm.Peer
	for len(v.clients) > 0 {
		gone = append(gone, v.clients[0].peer)
		v.drop(v.clients[0], ble.ReasonLocalHost)
	}
	v.mu.Unlock()
	for _, peer := range gone {
		v.end(peer)
	}
}
