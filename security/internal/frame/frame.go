// SPDX-License-Identifier: Apache-2.0

// Package frame is what the handshakes of the securities have in common: the
// message around what each of them says, and the phases of 1 and 2.
package frame

import (
	"strconv"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
)

// Phase is where a session's handshake stands.
//
//	device: Cmd0 ─Command0→ Cmd1 ─Command1→ Done; Command0 leads to Cmd1 from
//	everywhere, a wrong proof back to Cmd0
//	client: Cmd0 → Cmd1 → Cmd2 → Done, without a way back
type Phase uint8

// Phases.
const (
	Cmd0   Phase = iota // waits for Command0 (client: has to send it)
	Cmd1                // waits for Command1 (client: for Response0)
	Cmd2                // (client: for Response1)
	Done                // established
	Closed              // of no use any more
)

// Scheme is a security by its number.
type Scheme int

// Fail returns an error of the security's.
func (s Scheme) Fail(op string, kind error, why string, cause error) error {
	return protocomm.Fail("sec"+strconv.Itoa(int(s))+": "+op, kind, why, cause)
}

// Request decodes a client's message and checks that it is one of this security.
// Security 0 takes any payload, or none (Q-P18).
func (s Scheme) Request(m *pb.SessionData, req []byte) error {
	const op = "handshake"
	if err := m.Unmarshal(req); err != nil {
		return s.Fail(op, protocomm.ErrInvalidArg, "not a session message", err)
	}
	number := strconv.Itoa(int(s))
	switch {
	case int(m.SecVer) != int(s):
		return s.Fail(op, protocomm.ErrInvalidArg, "the peer speaks security "+strconv.Itoa(int(m.SecVer))+
			", this device security "+number, nil)
	case s > 0 && !s.has(m):
		return s.Fail(op, protocomm.ErrInvalidArg, "the message has no security "+number+" payload", nil)
	}
	return nil
}

// has reports whether the message has a payload of this security.
func (s Scheme) has(m *pb.SessionData) bool {
	return int(m.WhichProto) == int(pb.SessionDataSec0)+int(s)
}

// Answer decodes a device's answer and checks that it has this number among the
// messages of the security, and status success.
func (s Scheme) Answer(m *pb.SessionData, op string, resp []byte, number int) error {
	if err := m.Unmarshal(resp); err != nil {
		return s.Fail(op, security.ErrResponse, "the answer is not a session message", err)
	}
	if int(m.SecVer) != int(s) || !s.has(m) {
		return s.Fail(op, security.ErrResponse, "the device speaks another security than "+strconv.Itoa(int(s)), nil)
	}
	msg, payload, status := int(m.Sec0.Msg), int(m.Sec0.WhichPayload), m.Sec0.Sr.Status
	switch s { // one answer at most is not empty
	case 1:
		msg, payload, status = int(m.Sec1.Msg), int(m.Sec1.WhichPayload), m.Sec1.Sr0.Status|m.Sec1.Sr1.Status
	case 2:
		msg, payload, status = int(m.Sec2.Msg), int(m.Sec2.WhichPayload), m.Sec2.Sr0.Status|m.Sec2.Sr1.Status
	}
	switch {
	case msg != number || payload != int(pb.Sec0PayloadSc)+number:
		return s.Fail(op, security.ErrResponse, "the answer is of another kind than the request", nil)
	case status != pb.StatusSuccess:
		return s.Fail(op, security.ErrResponse, "the device says "+status.String(), nil)
	}
	return nil
}

// Step makes the step of a client's handshake that is due in this phase, see
// security.Client: it sends Command0, answers Response0 or takes Response1.
func (s Scheme) Step(phase Phase, resp []byte, command0 func() ([]byte, error),
	response0 func(resp []byte) ([]byte, error), response1 func(resp []byte) error,
) (req []byte, isDone bool, err error) {
	switch phase {
	case Cmd0:
		req, err = command0()
	case Cmd1:
		req, err = response0(resp)
	case Cmd2:
		err = response1(resp)
		isDone = err == nil
	default:
		err = s.Fail("handshake", protocomm.ErrInvalidState, "it is over; begin with a new client", nil)
	}
	return req, isDone, err
}
