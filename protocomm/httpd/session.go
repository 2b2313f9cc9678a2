// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/internal/fair"
	"github.com/wifiprov/wifiprov/protocomm"
)

// maxKnown is how many sessions are remembered here, without the established ones, which
// the instance bounds. It is larger than protocomm.DefaultMaxHalfOpen: a client whose
// half-open session the instance has closed may go on with its cookie.
const maxKnown = 32

// forgetAfter is how long a session without a connection may be idle; then the next new
// session ends it. Clients that poll come back after 5 s (client.md 4); a person who
// looks for a passphrase takes minutes.
const forgetAfter = 10 * time.Minute

// sessions is the table of clients (transports.md 1.4, with Q-T2 and Q-T3 fixed). A
// session is found by its cookie, if the request comes from the place that opened it, or
// by the connection that opened it. Clients do not disturb each other.
type sessions struct {
	pc *protocomm.Protocomm

	mu      sync.Mutex // guards what follows, and the fields of every session
	stopped bool
	byID    map[protocomm.SessionID]*session
	byConn  map[any]*session
	clock   uint64
	doomed  []*protocomm.Peer // to be ended by unlock
}

// session is one client as this transport knows it.
type session struct {
	peer *protocomm.Peer
	from place
	conn any       // the connection that stands for it, nil: the cookie alone
	told bool      // the client was sent the cookie
	gone bool      // not in the table
	used uint64    // sessions.clock of its last request
	via  any       // the connection of its last request; nil: that is gone, or unknown
	at   time.Time // of the last request's end
}

func (t *sessions) init(pc *protocomm.Protocomm) {
	t.pc = pc
	t.byID = make(map[protocomm.SessionID]*session)
	t.byConn = make(map[any]*session)
}

// unlock releases mu and ends the peers that were given up under it. That calls the
// application, so no lock may be held.
func (t *sessions) unlock() {
	doomed := t.doomed
	t.doomed = nil
	t.mu.Unlock()
	for _, peer := range doomed {
		peer.End()
	}
}

// enter finds the session of a request and waits for the request's turn. nil: there is
// none, or it was removed meanwhile. Otherwise leave must follow.
func (t *sessions) enter(r request) *session {
	t.mu.Lock()
	s := t.find(r)
	t.mu.Unlock()
	if s == nil || !s.peer.Enter() {
		return nil
	}
	t.mu.Lock()
	gone := s.gone
	t.use(s, r)
	t.mu.Unlock()
	if gone { // its peer is about to end
		s.peer.Leave()
		return nil
	}
	return s
}

// find returns the session of a request, or nil. A request with a session cookie belongs
// to the session that the cookie names: never to that of its connection, which several
// clients may share. A cookie names nothing in requests from another place than it was
// given to, since it travels in the clear and anybody may have heard it. A request
// without a session cookie belongs to the session that its connection opened. mu is held.
func (t *sessions) find(r request) *session {
	for _, id := range r.cookies.ids[:r.cookies.n] {
		if s := t.byID[id]; s != nil && s.from == r.from {
			t.forgetConn(s) // this client knows cookies
			return s
		}
	}
	if r.cookies.present || r.conn == nil {
		return nil
	}
	return t.byConn[r.conn]
}

// add enters a new session, whose first request r has its turn. nil without an
// error: the id is in use. leave must follow.
func (t *sessions) add(id protocomm.SessionID, r request) (*session, error) {
	t.mu.Lock()
	defer t.unlock()
	if t.stopped {
		return nil, errStopped
	}
	if t.byID[id] != nil {
		return nil, nil
	}
	t.forgetIdle()
	t.makeRoom(r.from)
	s := &session{peer: t.pc.NewPeer(id, r.from.source()), from: r.from, conn: r.conn}
	s.peer.Enter() // the first one does not wait
	t.use(s, r)
	t.byID[id] = s
	if r.conn != nil {
		if other := t.byConn[r.conn]; other != nil {
			other.conn = nil
		}
		t.byConn[r.conn] = s
	}
	return s, nil
}

// forgetIdle removes the sessions of clients that are gone. mu is held.
func (t *sessions) forgetIdle() {
	now := time.Now()
	for _, s := range t.byID {
		if s.via == nil && now.Sub(s.at) >= forgetAfter && !s.peer.Busy() {
			t.remove(s)
		}
	}
}

// makeRoom removes a session if a new one would make too many that are neither
// established nor in use. It belongs to the place that has the most of these, counting the
// new one (package fair); among them it is the one used longest ago. mu is held.
func (t *sessions) makeRoom(from place) {
	if len(t.byID) < maxKnown {
		return
	}
	held := make(map[place]int)
	var idle []*session // asked once, since a request may enter at any time
	for _, s := range t.byID {
		if t.mayGo(s) {
			held[s.from]++
			idle = append(idle, s)
		}
	}
	if len(idle) < maxKnown {
		return
	}
	var loser *session
	highest := -1
	for _, s := range idle {
		w := fair.Weight(held[s.from], held[from], s.from == from)
		if w > highest || loser != nil && w == highest && s.used < loser.used {
			loser, highest = s, w
		}
	}
	t.remove(loser)
}

// mayGo reports whether s is neither established nor in use. mu is held.
func (t *sessions) mayGo(s *session) bool {
	return !s.peer.Busy() && !s.peer.Established()
}

// use notes that s is in use by r. mu is held.
func (t *sessions) use(s *session, r request) {
	t.clock++
	s.used = t.clock
	s.via = nil
	if r.tells {
		s.via = r.conn
	}
}

// tell reports, once, that the client has to be sent its cookie.
func (t *sessions) tell(s *session) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := !s.told
	s.told = true
	return first
}

// leave ends a request of s. failed: it opened s and was not answered, so that
// no client can ever name s.
func (t *sessions) leave(s *session, failed bool) {
	t.mu.Lock()
	if failed {
		t.remove(s)
	}
	s.at = time.Now()
	t.unlock()
	s.peer.Leave()
}

// connClosed forgets a connection. Its session stays, since the client may know the
// cookie.
func (t *sessions) connClosed(conn any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.byConn[conn]; s != nil {
		t.forgetConn(s)
	}
	for _, s := range t.byID {
		if s.via == conn {
			s.via = nil
		}
	}
}

// forgetConn makes the cookie the only way to s. mu is held.
func (t *sessions) forgetConn(s *session) {
	if s.conn != nil {
		delete(t.byConn, s.conn)
		s.conn = nil
	}
}

// remove takes s out of the table and has unlock end its peer. mu is held.
func (t *sessions) remove(s *session) {
	if s.gone {
		return
	}
	t.forgetConn(s)
	delete(t.byID, s.peer.ID())
	s.gone = true
	t.doomed = append(t.doomed, s.peer)
}

// stop gives all sessions up and fails the requests that wait for their turn.
func (t *sessions) stop() {
	t.mu.Lock()
	defer t.unlock()
	t.stopped = true
	for _, s := range t.byID {
		t.remove(s)
	}
}
