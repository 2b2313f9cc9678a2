// SPDX-License-Identifier: Apache-2.0

package protocomm

import "strconv"

// Refinements of the sentinels that Session.Handshake uses so that the peer's
// failure can be announced as the right SessionEvent. Each matches its sentinel
// with errors.Is.
var (
	// ErrInvalidParams is an ErrInvalidArg: a handshake message that
	// decodes, but lacks its payload or has a part of a wrong length.
	ErrInvalidParams error = &refined{"invalid handshake parameters", ErrInvalidArg}
	// ErrMismatch is an ErrFail: the peer's proof is wrong.
	ErrMismatch error = &refined{"credentials mismatch", ErrFail}
)

// session is one open session. The Protocomm's mu guards all of it, except
// that sess is used without it by whoever set crypto.
//
//	half-open ⇄ established      by Handshake
//	    └─────┬──────┘
//	       closed                by detach; sess is closed right then, or when
//	                             crypto ends
type session struct {
	id          SessionID
	source      Source  // "": one of its own
	sess        Session // nil: opened while no security was set
	started     bool    // a handshake message was answered
	established bool
	used        uint64 // Protocomm.clock of the last request's begin or end

	answer  []byte // empty; memory for the AppendHandler of the request that has the turn
	unclean bool   // an AppendHandler has left something in answer

	queue       // of its requests
	crypto bool // a method of sess is running
	closed bool // no longer in the table
	wiped  bool // sess.Close was called or is about to be
}

// OpenSession begins a session under id, for a peer whose source has no other. A
// session that is open under this id is closed first and leaves nothing behind. Another
// one may be closed to make room, see the package's documentation.
//
// Errors: ErrInvalidArg for NoSession, ErrInvalidState after Close, or the
// security's.
func (p *Protocomm) OpenSession(id SessionID) error { return p.openSession(id, "") }

// openSession is OpenSession for a peer at from; "": its source has no other session.
func (p *Protocomm) openSession(id SessionID, from Source) error {
	const op = "open session"
	if id == NoSession {
		return failSession(op, id, ErrInvalidArg, "no such id can be opened", nil)
	}
	for {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return failSession(op, id, ErrInvalidState, "the instance is closed", nil)
		}
		if old := p.session(id); old != nil {
			p.detach(old)
			p.mu.Unlock()
			p.finish([]*session{old})
			continue
		}
		security := p.security
		p.mu.Unlock()

		s := &session{id: id, source: from, established: true}
		if security != nil {
			sess, err := security.sec.NewSession()
			if err != nil {
				return failSession(op, id, nil, "the security made no session", err)
			}
			s.sess, s.established = sess, sess.Established()
		}

		p.mu.Lock()
		if p.closed || p.security != security || p.session(id) != nil {
			// Somebody else was faster; look again.
			p.mu.Unlock()
			if s.sess != nil {
				s.sess.Close()
			}
			continue
		}
		gone := p.makeRoom(from, !s.established)
		p.sessions = append(p.sessions, s)
		p.use(s)
		p.mu.Unlock()
		p.finish(gone)
		return nil
	}
}

// CloseSession ends a session and wipes its keys. If one of its requests is being
// handled, that gets no answer; CloseSession does not wait for the handler, which may
// call it.
//
// Errors: ErrInvalidState when no session is open under id.
func (p *Protocomm) CloseSession(id SessionID) error {
	const op = "close session"
	p.mu.Lock()
	s := p.session(id)
	if s == nil {
		p.mu.Unlock()
		return failSession(op, id, ErrInvalidState, "it is not open", nil)
	}
	p.detach(s)
	p.mu.Unlock()
	p.finish([]*session{s})
	return nil
}

// SessionEstablished reports whether a session is open under id and has its
// handshake behind it, or needs none.
func (p *Protocomm) SessionEstablished(id SessionID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.session(id)
	return s != nil && s.established
}

// Sessions returns how many sessions are open and how many of these are
// half-open.
func (p *Protocomm) Sessions() (open, halfOpen int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sessions), p.halfOpen()
}

// session returns the open session with that id, or nil. mu is held.
func (p *Protocomm) session(id SessionID) *session {
	for _, s := range p.sessions {
		if s.id == id {
			return s
		}
	}
	return nil
}

// halfOpen counts the half-open sessions. mu is held.
func (p *Protocomm) halfOpen() int {
	n := 0
	for _, s := range p.sessions {
		if !s.established {
			n++
		}
	}
	return n
}

// use notes that s is in use. mu is held.
func (p *Protocomm) use(s *session) {
	p.clock++
	s.used = p.clock
}

// take takes s out of the table. mu is held.
func (p *Protocomm) take(s *session) {
	for i, other := range p.sessions {
		if other == s {
			copy(p.sessions[i:], p.sessions[i+1:])
			p.sessions[len(p.sessions)-1] = nil
			p.sessions = p.sessions[:len(p.sessions)-1]
			return
		}
	}
}

// detach ends s as far as the lock allows; finish does the rest. mu is held.
func (p *Protocomm) detach(s *session) *session {
	p.take(s)
	s.closed = true
	if s.tail-s.head > 1 {
		p.turn.Broadcast()
	}
	return s
}

// detachAll detaches all sessions. mu is held.
func (p *Protocomm) detachAll() (gone []*session) {
	for len(p.sessions) > 0 {
		gone = append(gone, p.detach(p.sessions[0]))
	}
	return gone
}

// finish wipes and announces detached sessions. mu is not held.
func (p *Protocomm) finish(gone []*session) {
	for _, s := range gone {
		p.mu.Lock()
		wipe := s.mayWipe()
		p.mu.Unlock()
		if wipe {
			s.sess.Close()
		}
	}
	if p.cfg.OnSessionClose != nil {
		for _, s := range gone {
			p.tellClosed(s.id)
		}
	}
}

// tellClosed calls OnSessionClose.
func (p *Protocomm) tellClosed(id SessionID) {
	defer p.rescueCallback("OnSessionClose")
	p.cfg.OnSessionClose(id)
}

// mayWipe reports whether the caller has to close s.sess, now that it is
// closed and nobody uses it. It says so once. mu is held.
func (s *session) mayWipe() bool {
	if !s.closed || s.crypto || s.wiped || s.sess == nil {
		return false
	}
	s.wiped = true
	return true
}

// failSession puts an error about a session together.
func failSession(op string, id SessionID, kind error, why string, cause error) error {
	return fail(op, strconv.FormatUint(uint64(id), 10), kind, why, cause)
}
