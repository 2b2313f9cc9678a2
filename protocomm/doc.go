// SPDX-License-Identifier: Apache-2.0

// Package protocomm is the message layer of the provisioning service
// (docs/spec/protocomm.md): a table of named endpoints, the sessions of the peers
// that talk to them, and the path a request takes from a transport through
// decryption, handler and encryption back to the transport.
//
// A Protocomm has three kinds of endpoints. Request endpoints are the
// service's own; their bodies are encrypted when the security scheme in use
// does that. One security endpoint carries the scheme's handshake and one
// version endpoint answers a fixed text; both pass bodies as they are.
//
// Transports call OpenSession, Handle and CloseSession; the owner adds and
// removes endpoints. All methods may be called from any goroutine, from
// handlers and from callbacks. No lock is held while a handler, hook, callback
// or security scheme runs, and the package starts no goroutine.
//
// # Sessions
//
// Every peer has a session of its own; the C original keeps one for all. The
// transport chooses the ids, and keeps a Peer for each client. Requests of one session
// are answered one after another in the order in which they came, as the C original
// does for everybody: a request waits while an earlier one of its session is being
// answered. Requests of different sessions run in parallel, and the version
// endpoint never waits. A handler must not call Handle for its own session.
//
// A session is half-open until its handshake is complete. Config.MaxHalfOpen bounds
// the half-open sessions, Config.MaxSessions all of them. Opening one too many closes
// another:
//
//   - the oldest half-open one, if there are too many of these;
//   - otherwise one whose handshake has not begun, or the established one that was
//     used longest ago.
//
// The source (Source) with the most sessions gives one up before others do. So one
// source cannot end a handshake of another, however many sessions it opens, and it
// can end one established session at most. All sources together can end MaxHalfOpen
// of these. Strangers at MaxHalfOpen addresses can still end handshakes by being
// faster.
//
// A session may be closed while one of its requests is being handled. Its
// keys are wiped at once and the answer is dropped: Handle fails with
// ErrInvalidState when the handler returns.
//
// Under a security without integrity (Malleable) a request that does not decode
// ends its session.
//
// Under security 0, and with no security set, requests need no session. Those
// of a session that is open are still answered one after another.
//
// # Panics
//
// A panic of a handler is logged (Config.Logger) and refuses its request, whatever
// the transport; the session goes on. A handler that calls runtime.Goexit takes
// its goroutine with it, and leaves the session usable.
package protocomm
