// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"bytes"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/protocomm"
)

// Exchange is a request and its answer in plain text. It may contain the passphrase
// of a network.
type Exchange struct {
	Time     time.Time
	Session  protocomm.SessionID // protocomm.NoSession for handshakes
	Endpoint string
	Request  []byte
	Answer   []byte
	Err      string // why there was no answer; "": there was one
}

// sessionEndpoint is where handshakes happen.
const sessionEndpoint = "prov-session"

// recording keeps the last exchanges and tells them.
type recording struct {
	tell func(Exchange)
	keep int

	mu   sync.Mutex
	kept []Exchange
}

func (r *recording) wanted() bool { return r.tell != nil || r.keep > 0 }

// add takes an exchange whose Request is the recording's own.
func (r *recording) add(e Exchange, err error) {
	e.Time = time.Now()
	e.Answer = bytes.Clone(e.Answer)
	if err != nil {
		e.Answer, e.Err = nil, err.Error()
	}
	if r.keep > 0 {
		r.mu.Lock()
		if len(r.kept) == r.keep {
			r.kept = append(r.kept[:0], r.kept[1:]...)
		}
		r.kept = append(r.kept, e)
		r.mu.Unlock()
	}
	if r.tell != nil {
		r.tell(e)
	}
}

// Exchanges returns the last exchanges, the oldest first, at most
// Config.KeepExchanges. proto-ver is not among them.
func (d *Device) Exchanges() []Exchange {
	d.record.mu.Lock()
	defer d.record.mu.Unlock()
	return append([]Exchange(nil), d.record.kept...)
}

// middleware lets a handler run while there is power, and records what it gets and
// answers.
func (b *Boot) middleware(name string, next protocomm.AppendHandler) protocomm.AppendHandler {
	r := &b.device.record
	return func(dst []byte, session protocomm.SessionID, req []byte) ([]byte, error) {
		if !b.begin() {
			return nil, ErrOff
		}
		defer b.handlers.Done()
		if !r.wanted() {
			return next(dst, session, req)
		}
		e := Exchange{Session: session, Endpoint: name, Request: bytes.Clone(req)}
		out, err := next(dst, session, req)
		if err == nil {
			e.Answer = out[len(dst):]
		}
		r.add(e, err)
		return out, err
	}
}

// begin counts a handler in, unless the power is gone.
func (b *Boot) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.off {
		b.handlers.Add(1)
	}
	return !b.off
}

// Security returns the device's half of its security, for Manager.StartProvisioning.
// Its sessions are recorded, and can be forgotten.
func (b *Boot) Security() (protocomm.Security, error) {
	s, err := b.device.cfg.Security.New()
	if err != nil {
		return nil, err
	}
	malleable, is := s.(protocomm.Malleable)
	return security{s, b, is && malleable.Malleable()}, nil
}

type security struct {
	protocomm.Security
	boot      *Boot
	malleable bool
}

// Malleable implements protocomm.Malleable.
func (s security) Malleable() bool { return s.malleable }

// NewSession implements protocomm.Security.
func (s security) NewSession() (protocomm.Session, error) {
	inner, err := s.Security.NewSession()
	if err != nil {
		return nil, err
	}
	return &session{Session: inner, boot: s.boot, number: s.boot.newSession()}, nil
}

type session struct {
	protocomm.Session
	boot   *Boot
	number uint64
}

// Handshake implements protocomm.Session.
func (s *session) Handshake(dst, req []byte) ([]byte, error) {
	if !s.boot.begin() {
		return nil, ErrOff
	}
	defer s.boot.handlers.Done()
	out, err := s.Session.Handshake(dst, req)
	if r := &s.boot.device.record; r.wanted() {
		e := Exchange{Session: protocomm.NoSession, Endpoint: sessionEndpoint, Request: bytes.Clone(req)}
		if err == nil {
			e.Answer = out[len(dst):]
		}
		r.add(e, err)
	}
	if err == nil && s.Session.Established() {
		s.number = s.boot.newSession()
	}
	return out, err
}

// Decrypt implements protocomm.Session.
func (s *session) Decrypt(req []byte) ([]byte, error) {
	if s.boot.forgot(s.number) {
		return nil, protocomm.ErrInvalidState
	}
	return s.Session.Decrypt(req)
}

// newSession returns the number of one more session.
func (b *Boot) newSession() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sessions++
	return b.sessions
}

// forgetSessions makes all sessions stale.
func (b *Boot) forgetSessions() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stale = b.sessions
}

func (b *Boot) forgot(number uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return number <= b.stale
}
