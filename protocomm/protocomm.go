// SPDX-License-Identifier: Apache-2.0

package protocomm

import (
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// SessionID names a session. The transport chooses it: a connection handle,
// a random number in a cookie, what the peer typed.
type SessionID uint32

// NoSession is the id that no session has.
const NoSession SessionID = 0xFFFFFFFF

// Source says where a peer is, in a form that its transport chooses: an address
// that several sessions may come from. Sessions of one source compete for places with
// each other, not with those of other sources.
type Source string

// Bounds on sessions that a zero Config stands for.
const (
	DefaultMaxSessions = 8
	DefaultMaxHalfOpen = 4
)

// Handler answers one request of a request endpoint. req is the plaintext; it
// is valid during the call only and may be overwritten. The slice returned may
// be empty; it is neither changed nor kept, and is read before Handle returns,
// hence before the next call for the same session.
//
// Calls for different sessions overlap, and so do calls that belong to no open
// session (security 0), whatever their id. A Handler that blocks holds up its
// own session only. An error means that the peer gets no answer, and so does a
// panic, which is logged. An error that is ErrDecode ends the session if the
// security is Malleable.
type Handler func(session SessionID, req []byte) (resp []byte, err error)

// AppendHandler is a Handler that appends its answer to dst, whose memory serves
// the session again, so that an answer costs none. dst's spare capacity is no
// part of req.
type AppendHandler func(dst []byte, session SessionID, req []byte) ([]byte, error)

// Config holds the settings of a Protocomm. The zero value is usable.
type Config struct {
	// MaxSessions bounds the open sessions; 0 or less: DefaultMaxSessions.
	MaxSessions int

	// MaxHalfOpen bounds the sessions whose handshake is not complete,
	// which count as sessions too; 0 or less: DefaultMaxHalfOpen. It is lowered to
	// MaxSessions-1, but not below 1. The difference is how many established
	// sessions are safe from peers that only begin handshakes.
	MaxHalfOpen int

	// MismatchDelay is how long after a wrong proof (ErrMismatch) the messages of
	// all handshakes are refused with ErrInvalidState. A refused message changes
	// nothing. With a delay, handshake messages of all sessions are handled one at a
	// time, so that one proof is all that can be tried in that time. Requests of
	// established sessions are not affected, and nothing waits for the delay to
	// pass. 0 or less: no delay.
	MismatchDelay time.Duration

	// OnSessionClose, unless nil, is told of every session that ended:
	// closed by the transport, replaced by a new one under its id, evicted
	// to make room, or ended by UnsetSecurity or Close. It is called once
	// for each; a request of the session may still be in its handler. When
	// a session replaces another under the same id, the call comes before
	// the new one is usable.
	OnSessionClose func(SessionID)

	// OnSessionEvent, unless nil, is told how handshakes went.
	OnSessionEvent func(SessionID, SessionEvent)

	// Middleware, unless nil, is given the handler of each request endpoint that is
	// added, and returns what is called in its place: a handler that may do
	// something before and after next, or without it. It sees requests and answers
	// in plain text, secrets included.
	Middleware func(endpoint string, next AppendHandler) AppendHandler

	// Logger is told of handlers and callbacks that panicked; nil is silent.
	Logger hal.Logger
}

// SessionEvent is what a handshake led to. The numbers are
// those of the C original plus one.
type SessionEvent uint8

// Session events. Securities 1 and 2 cause them, security 0 does not.
const (
	// SessionSetupOK: the handshake is complete.
	SessionSetupOK SessionEvent = iota + 1
	// SessionInvalidParams: a handshake message lacked its payload, or
	// something in it had a wrong length (ErrInvalidParams).
	SessionInvalidParams
	// SessionMismatch: the peer's proof is wrong, probably because of a
	// wrong proof of possession or password (ErrMismatch).
	SessionMismatch
)

// String returns the name without the type.
func (e SessionEvent) String() string {
	switch e {
	case SessionSetupOK:
		return "SetupOK"
	case SessionInvalidParams:
		return "InvalidParams"
	case SessionMismatch:
		return "Mismatch"
	}
	return "unknown"
}

// Protocomm is one instance of the message layer. New makes it.
type Protocomm struct {
	cfg Config

	mu        sync.Mutex // guards what follows
	turn      sync.Cond  // broadcast when a waiting request may have its turn
	closed    bool
	hooks     Hooks
	endpoints []*endpoint // in the order of their adding
	security  *endpoint   // the security endpoint that serves, or nil
	sessions  []*session  // in the order in which they became half-open
	clock     uint64      // counts uses of sessions
	delay     *delay      // with MismatchDelay
}

// delay is the state of MismatchDelay.
type delay struct {
	shaking bool // a handshake message is being handled
	// left is for how long handshakes are refused; nil: they are not. It is a
	// function because a time.Time that can be reached from an interface would
	// keep the printing of times, 15 KB, in a TinyGo program.
	left func() time.Duration
}

// New returns an instance without endpoints.
func New(cfg Config) *Protocomm {
	if cfg.MaxSessions <= 0 {
		cfg.MaxSessions = DefaultMaxSessions
	}
	if cfg.MaxHalfOpen <= 0 {
		cfg.MaxHalfOpen = DefaultMaxHalfOpen
	}
	cfg.MaxHalfOpen = min(cfg.MaxHalfOpen, max(1, cfg.MaxSessions-1))
	p := &Protocomm{cfg: cfg}
	if cfg.MismatchDelay > 0 {
		p.delay = &delay{}
	}
	p.turn.L = &p.mu
	return p
}

// Close ends the instance: it closes all sessions
// and drops all endpoints without calling the transport's hooks. Afterwards
// Handle fails with ErrNotFound, and what would add something with
// ErrInvalidState. Close does not wait for handlers that are running, so they
// may call it. Closing twice is allowed.
func (p *Protocomm) Close() {
	p.mu.Lock()
	p.closed = true
	p.hooks = Hooks{}
	for _, ep := range p.endpoints {
		ep.ready = false
	}
	p.endpoints = nil
	p.security = nil
	gone := p.detachAll()
	p.mu.Unlock()
	p.finish(gone)
}
