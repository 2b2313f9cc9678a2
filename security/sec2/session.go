// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"crypto/subtle"
	"errors"
	"io"
	"strconv"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/srp"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

// session is the device's side of one peer's session (protocomm.md 5.3). A half-open
// session holds the proofs alone, however long the user name of its Command0 was.
type session struct {
	security *Security
	phase    frame.Phase
	proofs   srp.Proofs // in phase Cmd1
	box      box        // in phase Done
}

// String returns a text without the keys.
func (*session) String() string { return "sec2 session" }

// GoString returns a text without the keys.
func (*session) GoString() string { return "sec2 session" }

// Handshake takes Command0 or Command1 (docs/spec/protocomm.md 5.3). A message
// that does not decode or does not belong into the phase changes nothing, and nor does
// a Command0 that cannot be answered (Q-P10). A wrong proof wipes the session (Q-P17).
func (s *session) Handshake(dst, req []byte) ([]byte, error) {
	const op = "handshake"
	if s.phase == frame.Closed {
		return dst, scheme.Fail(op, protocomm.ErrInvalidState, "the session is closed", nil)
	}
	var m pb.SessionData
	if err := scheme.Request(&m, req); err != nil {
		return dst, err
	}
	switch m.Sec2.Msg {
	case pb.Sec2MsgTypeCommand0:
		return s.command0(dst, &m.Sec2)
	case pb.Sec2MsgTypeCommand1:
		return s.command1(dst, &m.Sec2)
	}
	return dst, scheme.Fail(op, protocomm.ErrInvalidArg,
		"message number "+strconv.Itoa(int(m.Sec2.Msg))+" is not a command", nil)

}

func (s *session) command0(dst []byte, m *pb.Sec2Payload) ([]byte, error) {
	const op = "Command0"
	if m.WhichPayload != pb.Sec2PayloadSc0 {
		return dst, scheme.Fail(op, protocomm.ErrInvalidParams, "its payload is missing", nil)
	}
	user, a := m.Sc0.ClientUsername, m.Sc0.ClientPubkey
	switch {
	case len(a) != srp.Size:
		return dst, scheme.Fail(op, protocomm.ErrInvalidParams,
			"the public value has "+strconv.Itoa(len(a))+" bytes instead of 384", nil)

	case len(user) == 0:
		return dst, scheme.Fail(op, protocomm.ErrInvalidParams, "the user name is missing", nil)
	case len(user) > MaxUsername:
		return dst, scheme.Fail(op, protocomm.ErrInvalidParams, "the user name has "+strconv.Itoa(len(user))+
			" bytes; at most "+strconv.Itoa(MaxUsername)+" are allowed", nil)

	}
	answer := new(struct {
		proofs srp.Proofs
		public [srp.Size]byte
	})
	defer clear(answer.proofs.K[:])
	public, err := s.security.srp.Answer(&answer.proofs, &answer.public, user, a, s.security.rand)
	switch {
	case errors.Is(err, srp.ErrPublic):
		return dst, scheme.Fail(op, protocomm.ErrInvalidParams,
			"the public value would make the secret known to everybody", err)

	case err != nil:
		return dst, scheme.Fail(op, protocomm.ErrFail, "no random numbers for a private value", err)
	}

	s.wipe()
	s.phase = frame.Cmd1
	s.proofs.Copy(&answer.proofs)

	resp := pb.SessionData{SecVer: pb.SecScheme2, WhichProto: pb.SessionDataSec2}
	resp.Sec2.Msg = pb.Sec2MsgTypeResponse0
	resp.Sec2.WhichPayload = pb.Sec2PayloadSr0
	resp.Sec2.Sr0.DevicePubkey = public
	resp.Sec2.Sr0.DeviceSalt = s.security.srp.Salt()
	return resp.AppendTo(dst), nil
}

func (s *session) command1(dst []byte, m *pb.Sec2Payload) ([]byte, error) {
	const op = "Command1"
	if s.phase != frame.Cmd1 {
		return dst, scheme.Fail(op, protocomm.ErrInvalidState, "it has to follow a Command0", nil)
	}
	if m.WhichPayload != pb.Sec2PayloadSc1 {
		return dst, scheme.Fail(op, protocomm.ErrInvalidParams, "its payload is missing", nil)
	}
	proof := m.Sc1.ClientProof
	if len(proof) != srp.HashSize {
		return dst, scheme.Fail(op, protocomm.ErrFail,
			"the proof has "+strconv.Itoa(len(proof))+" bytes instead of 64", nil)

	}
	if subtle.ConstantTimeCompare(proof, s.proofs.Client[:]) != 1 {
		s.wipe()
		return dst, scheme.Fail(op, protocomm.ErrMismatch,
			"the peer's proof is wrong: another user name or password", nil)

	}
	nonce := make([]byte, fixedNonce)
	if s.security.rules == counting {
		nonce = nonce[:countNonce]
		nonce[countNonce-1] = 1
	}
	random := nonce[:]
	if s.security.rules == counting {
		random = nonce[:countPrefix]
	}
	if _, err := io.ReadFull(s.security.rand, random); err != nil {
		return dst, scheme.Fail(op, protocomm.ErrFail, "no random numbers for the nonce", err)
	}
	if err := s.box.set(s.security.rules, s.proofs.K[:], nonce); err != nil {
		return dst, err
	}

	resp := pb.SessionData{SecVer: pb.SecScheme2, WhichProto: pb.SessionDataSec2}
	resp.Sec2.Msg = pb.Sec2MsgTypeResponse1
	resp.Sec2.WhichPayload = pb.Sec2PayloadSr1
	resp.Sec2.Sr1.DeviceProof = s.proofs.Device[:]
	resp.Sec2.Sr1.DeviceNonce = nonce
	dst = resp.AppendTo(dst)
	s.proofs = srp.Proofs{}
	s.phase = frame.Done
	return dst, nil
}

// Established reports whether the handshake is complete.
func (s *session) Established() bool { return s.phase == frame.Done }

// Decrypt checks and decrypts req in place. A message that fails changes
// nothing (Q-P13).
func (s *session) Decrypt(req []byte) ([]byte, error) {
	plain, err := s.box.open(req[:0], req)
	if err != nil {
		return nil, err
	}
	return plain, nil
}

// Encrypt appends the encrypted resp and its tag to dst; an empty one gives the
// tag alone.
func (s *session) Encrypt(dst, resp []byte) ([]byte, error) { return s.box.seal(dst, resp) }

// Close wipes the session.
func (s *session) Close() {
	s.wipe()
	s.phase = frame.Closed
}

// wipe forgets all keys; the handshake has to begin anew.
func (s *session) wipe() {
	s.proofs = srp.Proofs{}
	s.box.wipe()
	s.phase = frame.Cmd0
}
