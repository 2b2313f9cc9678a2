// SPDX-License-Identifier: Apache-2.0

package protocomm

import "errors"

// Peer is one client of a transport: the session under its id, which may end and
// begin again while the client is there, and the order of its requests.
//
// All methods may be called from any goroutine and from handlers, except where they
// say otherwise. Enter waits for earlier requests; Open and Handle take as long as
// security and handlers do; the others return at once. Open, Leave, End and Close
// may call Config.OnSessionClose, so no lock may be held that it needs.
type Peer struct {
	pc     *Protocomm
	id     SessionID
	source Source

	// Protocomm.mu guards these.
	queue
	requests int // that have the turn or wait for it
	ended    bool
}

// NewPeer returns a peer at a source, "" for one that has no other peer. The session
// will have this id, which no other peer has; it is not open yet.
func (p *Protocomm) NewPeer(id SessionID, from Source) *Peer {
	return &Peer{pc: p, id: id, source: from}
}

// Opens reports whether a request to an endpoint of this kind begins the session of a
// peer that has none: a handshake does, and under a security that needs no handshake
// every request. Other requests of such a peer are to be refused.
func (p *Protocomm) Opens(kind Kind) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return kind == KindSecurity || kind == KindRequest && (p.security == nil || !p.security.needs)
}

// ID returns the id of the peer's session.
func (p *Peer) ID() SessionID { return p.id }

// Established reports whether the session is open and has its handshake behind it,
// or needs none.
func (p *Peer) Established() bool { return p.pc.SessionEstablished(p.id) }

// Open opens the session, as OpenSession does, at the peer's source. If the peer ends
// meanwhile, the session is closed again.
//
// Errors: those of OpenSession; ErrInvalidState after End or Close.
func (p *Peer) Open() error {
	if err := p.pc.openSession(p.id, p.source); err != nil {
		return err
	}
	p.pc.mu.Lock()
	ended := p.ended
	p.pc.mu.Unlock()
	if ended {
		p.closeSession()
		return failSession("open session", p.id, ErrInvalidState, "its peer is gone", nil)
	}
	return nil
}

// Handle answers a request in the session, as Protocomm.Handle does. A handshake
// whose session was closed, to make room for others perhaps, goes on in a fresh one:
// the client cannot know. Calls for one peer must not overlap; Enter and Leave see
// to that for a transport that has no order of its own.
func (p *Peer) Handle(dst []byte, name string, req []byte) ([]byte, error) {
	out, err := p.pc.Handle(dst, name, p.id, req)
	if !errors.Is(err, ErrInvalidState) || !p.mayRevive(name) {
		return out, err
	}
	if err := p.Open(); err != nil {
		return dst, err
	}
	return p.pc.Handle(dst, name, p.id, req) // handshakes leave req as it is
}

// mayRevive reports whether a request that was refused gets a fresh session.
func (p *Peer) mayRevive(name string) bool {
	p.pc.mu.Lock()
	defer p.pc.mu.Unlock()
	ep := p.pc.find(name)
	return ep != nil && ep.kind == KindSecurity && p.pc.session(p.id) == nil && !p.ended
}

// Enter waits until all requests that entered before have left. false: the peer has
// ended, and the request is not to be handled. Otherwise Leave must follow.
func (p *Peer) Enter() bool {
	p.pc.mu.Lock()
	p.requests++
	if p.pc.wait(&p.queue, &p.ended) {
		p.pc.mu.Unlock()
		return true
	}
	p.leave()
	return false
}

// Leave lets the next request enter.
func (p *Peer) Leave() {
	p.pc.mu.Lock()
	p.pc.pass(&p.queue)
	p.leave()
}

// leave counts a request out. pc.mu is held, and released.
func (p *Peer) leave() {
	p.requests--
	last := p.ended && p.requests == 0
	p.pc.mu.Unlock()
	if last {
		p.closeSession()
	}
}

// Busy reports whether a request has entered, or waits to.
func (p *Peer) Busy() bool {
	p.pc.mu.Lock()
	defer p.pc.mu.Unlock()
	return p.requests > 0
}

// End lets no further request enter, those that wait included. The session is closed
// when the one that has entered leaves, which is answered as usual; without any, at
// once.
func (p *Peer) End() {
	p.pc.mu.Lock()
	p.end()
	busy := p.requests > 0
	p.pc.mu.Unlock()
	if !busy {
		p.closeSession()
	}
}

// Close is End, except that the session is closed at once. A request that is being
// handled has no answer.
func (p *Peer) Close() {
	p.pc.mu.Lock()
	p.end()
	p.pc.mu.Unlock()
	p.closeSession()
}

// end wakes the requests that wait. pc.mu is held.
func (p *Peer) end() {
	p.ended = true
	p.pc.turn.Broadcast()
}

// closeSession closes the session, if it is open.
func (p *Peer) closeSession() {
	_ = p.pc.CloseSession(p.id) // fails if it was closed before
}
