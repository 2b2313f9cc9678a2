package client

import (
	"errors"
	"fmt"

	"github.com/wifiprov/wifiprov/internal/pb"
)

// Errors that callers branch on with errors.Is.
var (
	// ErrNotConnected: there has been no Connect yet.
	ErrNotConnected = errors.New("no session: call Connect first")
	// ErrSessionLost: the session is gone; call Connect to start over. The
	// call that lost it and those after it match.
	ErrSessionLost = errors.New("session lost: call Connect again")
	// ErrClosed: the client or the transport was closed, or the stream of a
	// Console has ended.
	ErrClosed = errors.New("closed")
	// ErrNoEndpoint: the device has no such endpoint.
	ErrNoEndpoint = errors.New("device has no such endpoint")
	// ErrRefused: the device took the request and ended the exchange without
	// an answer. That is how it reports every error of its own: over HTTP it
	// closes the connection (spec/transports.md 1.3), which also happens when
	// its service ends.
	ErrRefused = errors.New("device refused the request")
	// ErrNoAnswer: the link broke before the answer was there, and nothing
	// says that the device refused. It may or may not have seen the request.
	ErrNoAnswer = errors.New("the link ended without an answer")
	// ErrHungUp: the device itself ended the link instead of answering, which
	// some use to refuse (spec/transports.md 2.6). It matches ErrNoAnswer.
	ErrHungUp error = &kindError{"the device ended the link without an answer", []error{ErrNoAnswer}}
	// ErrUnreachable: there is no connection to the device. Nothing was sent.
	ErrUnreachable = errors.New("device cannot be reached")
	// ErrEmptyBody: the transport cannot carry an empty body; nothing was
	// sent and the session is unharmed.
	ErrEmptyBody = errors.New("the transport cannot carry an empty request")
	// ErrBadAnswer: the device's answer is not one the protocol allows.
	ErrBadAnswer = errors.New("device's answer makes no sense")
	// ErrTimeout: a limit of this package was reached: the time for one
	// request, for a scan, or Config.PollTimeout. When the caller's own
	// context ends, its error is found instead.
	ErrTimeout = errors.New("timed out")

	// ErrPoP: the device and the client do not have the same proof of
	// possession.
	ErrPoP = errors.New("wrong proof of possession")
	// ErrPassword: the device and the client do not have the same user name
	// and password (security 2); nobody learns which of them differs. It
	// matches ErrPoP as well.
	ErrPassword error = &kindError{"wrong user name or password", []error{ErrPoP}}
	// ErrUsername: security 2 is used and Config.Username is empty or too
	// long.
	ErrUsername = errors.New("security 2 needs a user name")
	// ErrSecurity: the security mode is one that cannot be used.
	ErrSecurity = errors.New("security not supported")
	// ErrDowngrade: with SecurityAuto the device asks for less security than
	// Config has secrets for. It matches ErrSecurity as well.
	ErrDowngrade error = &kindError{"device asks for less security than is configured", []error{ErrSecurity}}
	// ErrCredentials: the credentials cannot be sent; nothing was.
	ErrCredentials = errors.New("invalid credentials")

	// ErrConnectionFailed: the device could not join the network. ErrAuth,
	// ErrNetworkNotFound and ErrDisconnected match it as well.
	ErrConnectionFailed = errors.New("device could not join the network")
	// ErrAuth: the network refused the device, usually because of a wrong
	// passphrase.
	ErrAuth = fmt.Errorf("%w: authentication failed", ErrConnectionFailed)
	// ErrNetworkNotFound: the device does not find the network.
	ErrNetworkNotFound = fmt.Errorf("%w: network not found", ErrConnectionFailed)
	// ErrDisconnected: the device does not try to join, or cannot tell
	// (Q-E1).
	ErrDisconnected = fmt.Errorf("%w: not connected", ErrConnectionFailed)
)

// Error is an operation that failed.
type Error struct {
	// Op is the operation: "version", "connect", "scan", "configure",
	// "apply", "status", "wait", "custom", "reset", "reprovision" or "details".
	Op string
	// Endpoint is the endpoint that was asked; empty when none was.
	Endpoint string
	// Err is what happened.
	Err error
	// SessionLost says that Connect is needed before the next request.
	SessionLost bool
	// Details say how the device failed to join its network, if it told; nil:
	// it did not.
	Details *Details
	// Hint is what to do about it; may be empty.
	Hint string
}

// Error puts the parts together: "client: scan: prov-scan: cause: details (hint)".
func (e *Error) Error() string {
	s := "client: " + e.Op
	if e.Endpoint != "" {
		s += ": " + e.Endpoint
	}
	s += ": " + e.Err.Error()
	if e.Details != nil {
		s += ": " + e.Details.String()
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap gives errors.Is and errors.As the cause and, where it applies,
// [ErrSessionLost].
func (e *Error) Unwrap() []error {
	if e.SessionLost {
		return []error{e.Err, ErrSessionLost}
	}
	return []error{e.Err}
}

// StatusCode is the result a device puts in its answer, with the protocol's
// numbers (spec/protocomm.md 2.1).
type StatusCode int32

// Status codes.
const (
	StatusInvalidSecScheme = StatusCode(pb.StatusInvalidSecScheme)
	StatusInvalidProto     = StatusCode(pb.StatusInvalidProto)
	StatusTooManySessions  = StatusCode(pb.StatusTooManySessions)
	StatusInvalidArgument  = StatusCode(pb.StatusInvalidArgument)
	StatusInternalError    = StatusCode(pb.StatusInternalError)
	StatusCryptoError      = StatusCode(pb.StatusCryptoError)
	StatusInvalidSession   = StatusCode(pb.StatusInvalidSession)
)

// String returns the code's name, or its number when it has none.
func (s StatusCode) String() string { return pb.Status(s).String() }

// StatusError is a device's answer that it did not do what was asked. The
// session goes on.
type StatusError struct {
	Code StatusCode // never 0, which is success
}

// Error names the code.
func (e *StatusError) Error() string { return "device answered " + e.Code.String() }

// checkStatus turns a status into an error.
func checkStatus(s pb.Status) error {
	if s == pb.StatusSuccess {
		return nil
	}
	return &StatusError{StatusCode(s)}
}

// kindError says one thing and matches several.
type kindError struct {
	text  string
	kinds []error
}

func (e *kindError) Error() string   { return e.text }
func (e *kindError) Unwrap() []error { return e.kinds }

// badAnswer is an ErrBadAnswer that says more.
func badAnswer(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBadAnswer, fmt.Sprintf(format, args...))
}

// opError wraps err unless an inner operation has done so.
func opError(op, endpoint string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Op: op, Endpoint: endpoint, Err: err}
}
