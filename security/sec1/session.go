// SPDX-License-Identifier: Apache-2.0

package sec1

import (
	"crypto/cipher"
	"crypto/subtle"
	"io"
	"strconv"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

// session is the device's side of one peer's session (protocomm.md 4.1).
type session struct {
	params *params
	phase  frame.Phase

	// In phase Cmd1:
	device  [keySize]byte // own public key
	client  [keySize]byte // the peer's public key
	key     [keySize]byte
	counter [randomSize]byte

	// In phase Done:
	stream cipher.Stream
}

// String returns a text without the keys.
func (*session) String() string { return "sec1 session" }

// GoString returns a text without the keys.
func (*session) GoString() string { return "sec1 session" }

// Handshake takes Command0 or Command1 (docs/spec/protocomm.md 4.2). A message
// that does not decode or does not belong into the phase changes nothing, and nor does
// a Command0 that cannot be answered (Q-P10). A wrong proof wipes the session (Q-P9).
func (s *session) Handshake(dst, req []byte) ([]byte, error) {
	const op = "handshake"
	if s.phase == frame.Closed {
		return dst, scheme.Fail(op, protocomm.ErrInvalidState, "the session is closed", nil)
	}
	var m pb.SessionData
	if err := scheme.Request(&m, req); err != nil {
		return dst, err
	}
	switch m.Sec1.Msg {
	case pb.Sec1MsgTypeCommand0:
		return s.command0(dst, &m.Sec1)
	case pb.Sec1MsgTypeCommand1:
		return s.command1(dst, &m.Sec1)
	}
	return dst, scheme.Fail(op, protocomm.ErrInvalidArg,
		"message number "+strconv.Itoa(int(m.Sec1.Msg))+" is not a command", nil)

}

func (s *session) command0(dst []byte, m *pb.Sec1Payload) ([]byte, error) {
	const op = "Command0"
	if m.WhichPayload != pb.Sec1PayloadSc0 {
		return dst, scheme.Fail(op, protocomm.ErrInvalidParams, "its payload is missing", nil)
	}
	peer := m.Sc0.ClientPubkey
	if len(peer) != keySize {
		return dst, scheme.Fail(op, protocomm.ErrInvalidParams,
			"the public key has "+strconv.Itoa(len(peer))+" bytes instead of 32", nil)

	}
	own, err := newKey(s.params.rand)
	if err != nil {
		return dst, err
	}
	defer own.Clear()
	var counter [randomSize]byte
	if _, err := io.ReadFull(s.params.rand, counter[:]); err != nil {
		return dst, scheme.Fail(op, protocomm.ErrFail, "no random numbers for the counter block", err)
	}
	var key [keySize]byte
	defer clear(key[:])
	if err := s.params.sessionKey(&key, own, (*[keySize]byte)(peer), protocomm.ErrInvalidParams); err != nil {
		return dst, err
	}

	s.wipe()
	s.phase = frame.Cmd1
	s.key = key
	s.counter = counter
	own.Public(&s.device)
	copy(s.client[:], peer)

	resp := pb.SessionData{SecVer: pb.SecScheme1, WhichProto: pb.SessionDataSec1}
	resp.Sec1.Msg = pb.Sec1MsgTypeResponse0
	resp.Sec1.WhichPayload = pb.Sec1PayloadSr0
	resp.Sec1.Sr0.DevicePubkey = s.device[:]
	resp.Sec1.Sr0.DeviceRandom = s.counter[:]
	return resp.AppendTo(dst), nil
}

func (s *session) command1(dst []byte, m *pb.Sec1Payload) ([]byte, error) {
	const op = "Command1"
	if s.phase != frame.Cmd1 {
		return dst, scheme.Fail(op, protocomm.ErrInvalidState, "it has to follow a Command0", nil)
	}
	if m.WhichPayload != pb.Sec1PayloadSc1 {
		return dst, scheme.Fail(op, protocomm.ErrInvalidParams, "its payload is missing", nil)
	}
	proof := m.Sc1.ClientVerifyData
	if len(proof) != verifySize {
		return dst, scheme.Fail(op, protocomm.ErrInvalidParams,
			"the proof has "+strconv.Itoa(len(proof))+" bytes instead of 32", nil)

	}
	stream, err := newStream(&s.key, &s.counter)
	if err != nil {
		return dst, err
	}
	var verify [verifySize]byte
	stream.XORKeyStream(verify[:], proof)
	if subtle.ConstantTimeCompare(verify[:], s.device[:]) != 1 {
		s.wipe()
		return dst, scheme.Fail(op, protocomm.ErrMismatch,
			"the peer's proof is wrong: probably another proof of possession", nil)

	}
	stream.XORKeyStream(verify[:], s.client[:])
	s.wipe()
	s.phase = frame.Done
	s.stream = stream

	resp := pb.SessionData{SecVer: pb.SecScheme1, WhichProto: pb.SessionDataSec1}
	resp.Sec1.Msg = pb.Sec1MsgTypeResponse1
	resp.Sec1.WhichPayload = pb.Sec1PayloadSr1
	resp.Sec1.Sr1.DeviceVerifyData = verify[:]
	return resp.AppendTo(dst), nil
}

// Established reports whether the handshake is complete.
func (s *session) Established() bool { return s.phase == frame.Done }

// Decrypt decrypts req in place.
func (s *session) Decrypt(req []byte) ([]byte, error) {
	if s.phase != frame.Done {
		return nil, notEstablished("decrypt")
	}
	s.stream.XORKeyStream(req, req)
	return req, nil
}

// Encrypt appends the encrypted resp to dst; an empty one gives nothing.
func (s *session) Encrypt(dst, resp []byte) ([]byte, error) {
	if s.phase != frame.Done {
		return dst, notEstablished("encrypt")
	}
	return appendXOR(s.stream, dst, resp), nil
}

// Close wipes the session. The expanded key inside the standard library's
// cipher cannot be overwritten; it is left to the garbage collector.
func (s *session) Close() {
	s.wipe()
	s.phase = frame.Closed
}

// wipe forgets all keys; the handshake has to begin anew.
func (s *session) wipe() {
	clear(s.device[:])
	clear(s.client[:])
	clear(s.key[:])
	clear(s.counter[:])
	s.stream = nil
	s.phase = frame.Cmd0
}

func notEstablished(op string) error {
	return scheme.Fail(op, protocomm.ErrInvalidState, "the handshake is not complete", nil)
}
