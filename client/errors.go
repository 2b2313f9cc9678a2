// SPDX-License-Identifier: Apache-2.0

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
	// ErrSessionLost: the session is lost; call Connect to start over. The
	// error of the call that lost it matches, and those of later calls.
	ErrSessionLost = errors.New("session lost: call Connect again")
	// ErrClosed: the client or the transport is closed, or the stream of a
	// Console has ended.
	ErrClosed = errors.New("closed")
	// ErrNoEndpoint: the device has no such endpoint.
	ErrNoEndpoint = errors.New("device has no such endpoint")
	// ErrRefused: the device took the request and ended the exchange without
	// an answer. A device reports each of its own errors in this way. Over HTTP
	// it closes the connection, which also happens when its service ends.
	ErrRefused = errors.New("device refused the request")
	// ErrNoAnswer: the link broke before the answer arrived, and nothing says
	// that the device refused. The device may or may not have seen the request.
	ErrNoAnswer = errors.New("the link ended without an answer")
	// ErrHungUp: the device ended the link instead of answering. Some devices
	// refuse requests in this way. It matches ErrNoAnswer.
	ErrHungUp error = &kindError{"the device ended the link without an answer", []error{ErrNoAnswer}}
	// ErrUnreachable: there is no connection to the device. Nothing was sent.
	ErrUnreachable = errors.New("device cannot be reached")
	// ErrEmptyBody: the transport cannot carry an empty body. Nothing was
	// sent, and the session is unharmed.
	ErrEmptyBody = errors.New("the transport cannot carry an empty request")
	// ErrBadAnswer: the protocol does not allow the device's answer.
	ErrBadAnswer = errors.New("device's answer makes no sense")
	// ErrTimeout: a time limit of this package was reached: the one for a
	// request, the one for a scan, or Config.PollTimeout. When the caller's
	// context ends, the context's error is returned instead.
	ErrTimeout = errors.New("timed out")

	// ErrPoP: device and client do not have the same proof of possession.
	ErrPoP = errors.New("wrong proof of possession")
	// ErrPassword: device and client do not have the same user name and
	// password (security 2). Which of the two differs is not known. It matches
	// ErrPoP, too.
	ErrPassword error = &kindError{"wrong user name or password", []error{ErrPoP}}
	// ErrUsername: security 2 is used and Config.Username is empty or too
	// long.
	ErrUsername = errors.New("security 2 needs a user name")
	// ErrSecurity: the security mode is unknown here.
	ErrSecurity = errors.New("security not supported")
	// ErrDowngrade: the device announces less security than Config has secrets
	// for, and Config.Security is SecurityAuto. It matches ErrSecurity, too.
	ErrDowngrade error = &kindError{"device asks for less security than is configured", []error{ErrSecurity}}
	// ErrCredentials: the credentials are invalid, and were not sent.
	ErrCredentials = errors.New("invalid credentials")

	// ErrConnectionFailed: the device could not join the network. ErrAuth,
	// ErrNetworkNotFound and ErrDisconnected match it, too.
	ErrConnectionFailed = errors.New("device could not join the network")
	// ErrAuth: the network refused the device, usually because of a wrong
	// passphrase.
	ErrAuth = fmt.Errorf("%w: %v", ErrConnectionFailed, ReasonAuthError)
	// ErrNetworkNotFound: the device did not find the network.
	ErrNetworkNotFound = fmt.Errorf("%w: %v", ErrConnectionFailed, ReasonAPNotFound)
	// ErrDisconnected: the device is not connected and does not try, or does
	// not know whether it is connected.
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
	// Details say how the device failed to join its network; nil: it told no
	// details.
	Details *Details
	// Hint says what to do about the failure; it may be empty.
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

// Unwrap returns the cause and, if the session is lost, [ErrSessionLost].
func (e *Error) Unwrap() []error {
	if e.SessionLost {
		return []error{e.Err, ErrSessionLost}
	}
	return []error{e.Err}
}

// StatusCode is the result in a device's answer, with the protocol's numbers.
type StatusCode = pb.Status

// Status codes.
const (
	StatusInvalidSecScheme = pb.StatusInvalidSecScheme
	StatusInvalidProto     = pb.StatusInvalidProto
	StatusTooManySessions  = pb.StatusTooManySessions
	StatusInvalidArgument  = pb.StatusInvalidArgument
	StatusInternalError    = pb.StatusInternalError
	StatusCryptoError      = pb.StatusCryptoError
	StatusInvalidSession   = pb.StatusInvalidSession
)

// StatusError is the answer of a device that has not done what the client asked
// for. The session goes on.
type StatusError struct {
	Code StatusCode // never 0, which is success
}

// Error names the code.
func (e *StatusError) Error() string { return "device answered " + e.Code.String() }

// checkStatus returns the error for a status; nil for success.
func checkStatus(s pb.Status) error {
	if s == pb.StatusSuccess {
		return nil
	}
	return &StatusError{s}
}

// kindError is an error that matches several others.
type kindError struct {
	text  string
	kinds []error
}

func (e *kindError) Error() string   { return e.text }
func (e *kindError) Unwrap() []error { return e.kinds }

// badAnswer returns an ErrBadAnswer that says more.
func badAnswer(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBadAnswer, fmt.Sprintf(format, args...))
}

// opError wraps err in an Error, unless an inner operation has done so.
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
