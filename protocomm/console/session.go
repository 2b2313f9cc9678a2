package console

import (
	"errors"

	"github.com/wifiprov/wifiprov/protocomm"
)

var (
	errUnknown   = errors.New("there is no endpoint of that name")
	errNoSession = errors.New("the request belongs to no session; shake hands first")
)

// service is what is served from Start to Stop, with the session of the line
// (transports.md 3.2). While a request is being handled it is the line's
// goroutine's, otherwise Server.mu guards it.
type service struct {
	pc      *protocomm.Protocomm
	line    *line
	id      protocomm.SessionID // the remembered one, or NoSession
	stopped bool                // guarded by Server.mu
}

// answer appends the answer to a command to dst.
func (s *service) answer(dst []byte, name string, id protocomm.SessionID, body []byte) ([]byte, error) {
	kind, known := s.pc.Kind(name)
	switch {
	case !known:
		return dst, errUnknown
	case kind == protocomm.KindVersion: // touches no session (Q-C9)
		return s.pc.Handle(dst, name, protocomm.NoSession, body)
	case id != s.id:
		if kind == protocomm.KindRequest && s.needsSession() {
			return dst, errNoSession
		}
		if err := s.open(id); err != nil {
			return dst, err
		}
	}
	out, err := s.pc.Handle(dst, name, id, body)
	if kind != protocomm.KindSecurity || !errors.Is(err, protocomm.ErrInvalidState) || s.pc.SessionEstablished(id) {
		return out, err
	}
	// Either the instance has closed the session, or the message is out of
	// turn in a session that has nothing to lose; in that case the second
	// attempt fails as well. Handshakes leave the body as it is.
	if err := s.pc.OpenSession(id); err != nil {
		return dst, err
	}
	return s.pc.Handle(dst, name, id, body)
}

// needsSession reports whether the security in use protects requests.
func (s *service) needsSession() bool {
	security, set := s.pc.Security()
	return set && security.NeedsSession()
}

// open begins the session id and ends the one before.
func (s *service) open(id protocomm.SessionID) error {
	if err := s.pc.OpenSession(id); err != nil {
		return err
	}
	before := s.takeSession()
	s.id = id
	s.close(before)
	return nil
}

// takeSession returns the session's id, or NoSession, and forgets it. The
// caller ends it with close.
func (s *service) takeSession() protocomm.SessionID {
	id := s.id
	s.id = protocomm.NoSession
	return id
}

// close ends the session id. It calls the application, so no lock may be held.
func (s *service) close(id protocomm.SessionID) {
	if id != protocomm.NoSession {
		_ = s.pc.CloseSession(id) // fails when the instance has closed it already
	}
}
