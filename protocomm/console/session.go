// SPDX-License-Identifier: Apache-2.0

package console

import (
	"errors"

	"github.com/wifiprov/wifiprov/protocomm"
)

var (
	errUnknown   = errors.New("there is no endpoint of that name")
	errNoSession = errors.New("the request belongs to no session; shake hands first")
)

// service is what is served from Start to Stop, with the client of the line
// (transports.md 3.2). It belongs to the line's goroutine while a request is being
// handled; otherwise Server.mu guards it.
type service struct {
	pc      *protocomm.Protocomm
	line    *line
	peer    *protocomm.Peer // with the remembered session, or nil
	stopped bool            // guarded by Server.mu
}

// answer appends the answer to a command to dst.
func (s *service) answer(dst []byte, name string, id protocomm.SessionID, body []byte) ([]byte, error) {
	kind, known := s.pc.Kind(name)
	switch {
	case !known:
		return dst, errUnknown
	case kind == protocomm.KindVersion: // touches no session (Q-C9)
		return s.pc.Handle(dst, name, protocomm.NoSession, body)
	case s.peer == nil || s.peer.ID() != id:
		if !s.pc.Opens(kind) {
			return dst, errNoSession
		}
		if err := s.open(id); err != nil {
			return dst, err
		}
	}
	return s.peer.Handle(dst, name, body)
}

// open begins the session id and closes the one before.
func (s *service) open(id protocomm.SessionID) error {
	peer := s.pc.NewPeer(id, "")
	if err := peer.Open(); err != nil {
		return err
	}
	before := s.takePeer()
	s.peer = peer
	end(before)
	return nil
}

// takePeer returns the peer, or nil, and forgets it. The caller passes it to end.
func (s *service) takePeer() *protocomm.Peer {
	peer := s.peer
	s.peer = nil
	return peer
}

// end closes a peer's session. It calls the application, so no lock may be held.
func end(peer *protocomm.Peer) {
	if peer != nil {
		peer.Close()
	}
}
