// SPDX-License-Identifier: Apache-2.0

package protocomm

import "github.com/wifiprov/wifiprov/internal/fair"

// makeRoom detaches and returns the session, if any, that has to go before one more,
// half-open or not, can be added for a peer at from. mu is held.
func (p *Protocomm) makeRoom(from Source, halfOpen bool) (gone []*session) {
	switch {
	case halfOpen && p.halfOpen() >= p.cfg.MaxHalfOpen:
		gone = append(gone, p.detach(p.loser(from, true)))
	case len(p.sessions) >= p.cfg.MaxSessions:
		gone = append(gone, p.detach(p.loser(from, false)))
	}
	return gone
}

// loser returns the session that has to go for a peer at from. It belongs to the source
// that has the most sessions (package fair); among those it is the one that goesBefore
// the others. With halfOpen, half-open sessions alone count, and the oldest goes. mu is
// held, and there is at least one session that counts.
func (p *Protocomm) loser(from Source, halfOpen bool) *session {
	var found *session
	highest := -1
	own := p.held(from, halfOpen)
	for _, s := range p.sessions {
		if halfOpen && s.established {
			continue
		}
		same := from != "" && s.source == from
		held := 1
		if s.source != "" {
			held = p.held(s.source, halfOpen)
		}
		weight := fair.Weight(held, own, same)
		if weight > highest || found != nil && weight == highest && !halfOpen && s.goesBefore(found) {
			found, highest = s, weight
		}
	}
	return found
}

// held counts the sessions of a source; "" has none. mu is held.
func (p *Protocomm) held(by Source, halfOpen bool) int {
	n := 0
	for _, s := range p.sessions {
		if by != "" && s.source == by && !(halfOpen && s.established) {
			n++
		}
	}
	return n
}

// goesBefore orders sessions of equal sources: first those whose handshake has not
// begun, which a fresh session can replace; then the established ones, those used
// longest ago first; then those in the middle of a handshake, in the order of the
// table. mu is held.
func (s *session) goesBefore(other *session) bool {
	if a, b := s.class(), other.class(); a != b {
		return a < b
	}
	return s.established && s.used < other.used
}

func (s *session) class() int {
	switch {
	case s.established:
		return 1
	case s.started:
		return 2
	}
	return 0
}

// settle records whether s is established after a handshake message. A session that
// fell back to half-open counts as opened now, and settle returns the one that may
// have to go for it. mu is held.
func (p *Protocomm) settle(s *session, established bool) (gone []*session) {
	was := s.established
	s.established = established
	if !was || established || s.closed {
		return nil
	}
	p.take(s)
	gone = p.makeRoom(s.source, true)
	p.sessions = append(p.sessions, s)
	return gone
}
