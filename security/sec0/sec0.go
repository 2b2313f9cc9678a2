// SPDX-License-Identifier: Apache-2.0

// Package sec0 is security 0: no security (docs/spec/protocomm.md 3). Requests pass
// as they are and need no handshake; there is one for clients that insist.
//
// New makes the device's half, NewClient the client's.
package sec0

import (
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

// scheme is this security.
const scheme frame.Scheme = 0

// Security is the device's half. It has no state.
type Security struct{}

var _ protocomm.Security = (*Security)(nil)

// New returns the device's half.
func New() *Security { return &Security{} }

// Version returns 0.
func (*Security) Version() int { return 0 }

// PatchVersion returns 0.
func (*Security) PatchVersion() int { return 0 }

// Capability returns "no_sec".
func (*Security) Capability() string { return "no_sec" }

// NeedsSession returns false.
func (*Security) NeedsSession() bool { return false }

// NewSession returns a session. It counts as established from the beginning,
// since nothing has to be proved.
func (*Security) NewSession() (protocomm.Session, error) { return &session{}, nil }

// session is one peer's side.
type session struct{ closed bool }

// Handshake answers Success to everything that decodes as a message of security
// 0, whatever its payload, even to an empty body (Q-P18).
func (s *session) Handshake(dst, req []byte) ([]byte, error) {
	if s.closed {
		return dst, scheme.Fail("handshake", protocomm.ErrInvalidState, "the session is closed", nil)
	}
	var m pb.SessionData
	if err := scheme.Request(&m, req); err != nil {
		return dst, err
	}
	resp := pb.SessionData{WhichProto: pb.SessionDataSec0}
	resp.Sec0.Msg = pb.Sec0MsgTypeResponse
	resp.Sec0.WhichPayload = pb.Sec0PayloadSr
	return resp.AppendTo(dst), nil
}

// Established returns true until Close.
func (s *session) Established() bool { return !s.closed }

// Decrypt returns req.
func (s *session) Decrypt(req []byte) ([]byte, error) {
	if s.closed {
		return nil, scheme.Fail("decrypt", protocomm.ErrInvalidState, "the session is closed", nil)
	}
	return req, nil
}

// Encrypt appends resp.
func (s *session) Encrypt(dst, resp []byte) ([]byte, error) {
	if s.closed {
		return dst, scheme.Fail("encrypt", protocomm.ErrInvalidState, "the session is closed", nil)
	}
	return append(dst, resp...), nil
}

// Close ends the session.
func (s *session) Close() { s.closed = true }
