// SPDX-License-Identifier: Apache-2.0

package protocomm

import (
	"errors"
	"strconv"
	"time"

	"github.com/wifiprov/wifiprov/internal/quote"
)

// maxQuoted is how much of a name that a peer sent goes into an error.
const maxQuoted = 64

// Handle answers one request for the endpoint name in the session id, and appends the
// answer to dst. req may be overwritten, and must
// not overlap dst or its spare capacity. After an error dst is returned as it
// was, and the transport tells the peer that there is no answer.
//
// Handle waits while an earlier request of the same session is being answered,
// unless name is the version endpoint.
//
// Errors: ErrInvalidArg for an empty name, ErrNotFound for an unknown one,
// ErrInvalidState when the security needs a session and none is open under id,
// its handshake is not complete, or it was closed while the request waited or
// was handled; otherwise what the security or the handler reports. A handler
// that panics is an ErrFail, and the panic is logged; if it calls runtime.Goexit
// Handle does not return, but the session goes on.
func (p *Protocomm) Handle(dst []byte, name string, id SessionID, req []byte) ([]byte, error) {
	if err := checkName("request to", name); err != nil {
		return dst, err
	}
	p.mu.Lock()
	ep := p.find(name)
	if ep == nil {
		p.mu.Unlock()
		return dst, unknown(name)
	}
	out, err, returned := p.handle(dst, ep, id, req)
	if !returned {
		return dst, fail("request to", ep.name, ErrFail, "the handler panicked", nil)
	}
	return out, err
}

// handle answers a request to ep, and reports whether it returned: it did not if
// the handler or the security panicked. mu is held when it begins, and released.
func (p *Protocomm) handle(dst []byte, ep *endpoint, id SessionID, req []byte) ([]byte, error, bool) {
	defer p.rescue(ep.name)
	out, err := p.route(dst, ep, id, req)
	return out, err, true
}

// route answers a request as its endpoint's kind wants it. mu is held when it
// begins, and released.
func (p *Protocomm) route(dst []byte, ep *endpoint, id SessionID, req []byte) ([]byte, error) {
	switch {
	case ep.kind == KindVersion:
		p.mu.Unlock()
		return append(dst, ep.text...), nil
	case ep.kind == KindSecurity:
		return p.handshake(dst, ep, id, req)
	case p.security != nil && p.security.needs:
		return p.protected(dst, ep, id, req)
	}
	return p.plain(dst, ep, id, req)
}

// protected answers a request through the session's cipher. mu is held when it
// begins, and released.
func (p *Protocomm) protected(dst []byte, ep *endpoint, id SessionID, req []byte) ([]byte, error) {
	const op = "request to"
	security, strict := p.security.name, p.security.strict
	s := p.acquire(id)
	if s == nil {
		p.mu.Unlock()
		return dst, fail(op, ep.name, ErrInvalidState,
			"session "+strconv.FormatUint(uint64(id), 10)+" is not open; open it and shake hands on "+security, nil)

	}
	if !ep.ready {
		p.mu.Unlock()
		p.release(s)
		return dst, unknown(ep.name)
	}
	s.crypto = true
	p.mu.Unlock()
	defer p.release(s)

	plain, err := s.sess.Decrypt(req)
	if err != nil {
		return dst, fail(op, ep.name, nil, "not decrypted", err)
	}
	if !p.leaveCrypto(s) {
		return dst, closedMeanwhile(op, ep.name)
	}
	resp, err := ep.answer(s, id, plain)
	if err != nil {
		if strict && errors.Is(err, ErrDecode) {
			p.end(s)
			return dst, fail(op, ep.name, nil, "the session is over, for somebody else may have sent this", err)
		}
		return dst, fail(op, ep.name, nil, "the handler failed", err)
	}
	if ep.appends != nil {
		defer clear(resp) // it may be secret, and its memory stays
	}
	if !p.enterCrypto(s) {
		return dst, closedMeanwhile(op, ep.name)
	}
	out, err := s.sess.Encrypt(dst, resp)
	if err != nil {
		return dst, fail(op, ep.name, nil, "the answer was not encrypted", err)
	}
	return out, nil
}

// plain answers a request that needs no session. mu is held when it begins,
// and released.
func (p *Protocomm) plain(dst []byte, ep *endpoint, id SessionID, req []byte) ([]byte, error) {
	s := p.acquire(id)
	ready := ep.ready
	p.mu.Unlock()
	if s != nil {
		defer p.release(s)
	}
	if !ready {
		return dst, unknown(ep.name)
	}
	out, err := ep.appendAnswer(dst, id, req)
	if err != nil {
		return dst, fail("request to", ep.name, nil, "the handler failed", err)
	}
	return out, nil
}

// appendAnswer appends the handler's answer to dst.
func (ep *endpoint) appendAnswer(dst []byte, id SessionID, req []byte) ([]byte, error) {
	if ep.appends != nil {
		return ep.appends(dst, id, req)
	}
	return ep.handler.append(dst, id, req)
}

// append makes an AppendHandler of h.
func (h Handler) append(dst []byte, id SessionID, req []byte) ([]byte, error) {
	resp, err := h(id, req)
	return append(dst, resp...), err
}

// answer returns the handler's answer in a session whose turn it is.
func (ep *endpoint) answer(s *session, id SessionID, req []byte) ([]byte, error) {
	if ep.appends == nil {
		return ep.handler(id, req)
	}
	s.unclean = true
	resp, err := ep.appends(s.answer[:0], id, req)
	if err == nil {
		s.answer, s.unclean = resp[:0], false
	}
	return resp, err
}

// end closes s, whose turn it is.
func (p *Protocomm) end(s *session) {
	p.mu.Lock()
	if s.closed {
		p.mu.Unlock()
		return
	}
	p.detach(s)
	p.mu.Unlock()
	p.finish([]*session{s})
}

// handshake passes a message to the session's handshake. mu is held when it
// begins, and released.
func (p *Protocomm) handshake(dst []byte, ep *endpoint, id SessionID, req []byte) ([]byte, error) {
	const op = "handshake on"
	s := p.acquire(id)
	if !ep.ready {
		p.mu.Unlock()
		if s != nil {
			p.release(s)
		}
		return dst, unknown(ep.name)
	}
	if s == nil {
		p.mu.Unlock()
		if !ep.needs {
			return handshakeAlone(dst, ep, req)
		}
		return dst, fail(op, ep.name, ErrInvalidState,
			"session "+strconv.FormatUint(uint64(id), 10)+" is not open", nil)

	}
	if left := p.enterHandshake(); left > 0 {
		p.mu.Unlock()
		p.release(s)
		return dst, fail(op, ep.name, ErrInvalidState,
			"refused for another "+left.String()+", because somebody's proof was wrong", nil)

	}
	if s.closed {
		p.mu.Unlock()
		p.leaveHandshake(nil)
		p.release(s)
		return dst, closedMeanwhile(op, ep.name)
	}
	s.crypto = true
	was := s.established
	p.mu.Unlock()
	defer p.release(s)

	out, err := p.shake(s, dst, req)
	established := s.sess.Established()
	p.mu.Lock()
	s.started = s.started || err == nil
	gone := p.settle(s, established)
	open := !s.closed
	p.mu.Unlock()
	p.finish(gone)
	if err == nil && !open {
		return dst, closedMeanwhile(op, ep.name)
	}
	p.announce(id, err, established && !was)
	if err != nil {
		return dst, fail(op, ep.name, nil, "refused", err)
	}
	return out, nil
}

// enterHandshake waits until no other handshake message is being handled, and
// returns for how long they are all refused. If it is 0, leaveHandshake must be
// called. Without a MismatchDelay both do nothing. mu is held, but not while
// waiting.
func (p *Protocomm) enterHandshake() (left time.Duration) {
	d := p.delay
	if d == nil {
		return 0
	}
	for d.shaking {
		p.turn.Wait()
	}
	if d.left != nil {
		left = d.left()
	}
	if left > 0 {
		return left
	}
	d.shaking = true
	return 0
}

// leaveHandshake begins the delay if err is a mismatch, and lets the next handshake
// message enter. mu is not held.
func (p *Protocomm) leaveHandshake(err error) {
	d := p.delay
	if d == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(err, ErrMismatch) {
		until := time.Now().Add(p.cfg.MismatchDelay)
		d.left = func() time.Duration { return time.Until(until) }
	}
	d.shaking = false
	p.turn.Broadcast()
}

// shake handles one message between enterHandshake and leaveHandshake.
func (p *Protocomm) shake(s *session, dst, req []byte) (out []byte, err error) {
	defer func() { p.leaveHandshake(err) }() // also when it panics
	return s.sess.Handshake(dst, req)
}

// handshakeAlone answers a handshake message outside any session, which only
// security 0 allows.
func handshakeAlone(dst []byte, ep *endpoint, req []byte) ([]byte, error) {
	const op = "handshake on"
	sess, err := ep.sec.NewSession()
	if err != nil {
		return dst, fail(op, ep.name, nil, "the security made no session", err)
	}
	defer sess.Close()
	out, err := sess.Handshake(dst, req)
	if err != nil {
		return dst, fail(op, ep.name, nil, "refused", err)
	}
	return out, nil
}

// announce reports what a handshake message led to.
func (p *Protocomm) announce(id SessionID, err error, complete bool) {
	if p.cfg.OnSessionEvent == nil {
		return
	}
	defer p.rescueCallback("OnSessionEvent")
	switch {
	case err == nil && complete:
		p.cfg.OnSessionEvent(id, SessionSetupOK)
	case errors.Is(err, ErrInvalidParams):
		p.cfg.OnSessionEvent(id, SessionInvalidParams)
	case errors.Is(err, ErrMismatch):
		p.cfg.OnSessionEvent(id, SessionMismatch)
	}
}

// acquire waits for a request's turn in the session id and returns the
// session; nil when none is open under id or it closed while waiting. After
// a session was returned, release must be called. mu is held, but not while
// waiting.
func (p *Protocomm) acquire(id SessionID) *session {
	s := p.session(id)
	if s == nil || !p.wait(&s.queue, &s.closed) {
		return nil
	}
	p.use(s)
	return s
}

// release ends a request's turn. mu is not held.
func (p *Protocomm) release(s *session) {
	if s.unclean { // of a handler that failed or panicked
		clear(s.answer[:cap(s.answer)])
		s.unclean = false
	}
	p.mu.Lock()
	s.crypto = false
	p.use(s)
	p.pass(&s.queue)
	wipe := s.mayWipe()
	p.mu.Unlock()
	if wipe {
		s.sess.Close()
	}
}

// leaveCrypto notes that no method of s.sess runs any more, and reports
// whether s is still open.
func (p *Protocomm) leaveCrypto(s *session) (open bool) {
	p.mu.Lock()
	s.crypto = false
	open = !s.closed
	wipe := s.mayWipe()
	p.mu.Unlock()
	if wipe {
		s.sess.Close()
	}
	return open
}

// enterCrypto reports whether s is still open; if so, s.sess is the
// caller's until release.
func (p *Protocomm) enterCrypto(s *session) (open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.crypto = !s.closed
	return s.crypto
}

// unknown is the error for a name that is not served.
func unknown(name string) error {
	if len(name) > maxQuoted {
		name = name[:maxQuoted] + "…"
	}
	return fail("request to", quote.Text(name), ErrNotFound, "no such endpoint", nil)
}

// closedMeanwhile is the error for an answer that came too late.
func closedMeanwhile(op, name string) error {
	return fail(op, name, ErrInvalidState, "the session was closed meanwhile; the answer is dropped", nil)
}
