// SPDX-License-Identifier: Apache-2.0

package transcript

import (
	"bytes"
	"errors"
	"io"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// Login is what a user knows about a device whose conversation was recorded.
type Login struct {
	PoP      hal.Secret
	Username string
	Password hal.Secret
	// DeviceRandom is what the device drew for its sessions, one after the other:
	// under security 1 private key and counter block, under security 2 private value
	// and nonce. Only a device made for tests tells it.
	DeviceRandom []byte
}

// half is one side of a session, which does again what it did when it was recorded.
type half interface {
	// handshake takes the next message of the handshake and its answer, which may be
	// nil. It fails with errKeys if this half would have said something else, and
	// otherwise if this half refuses what the other said.
	handshake(request, answer []byte) error
	// open decrypts the next message of either side.
	open(message []byte) ([]byte, error)
}

var errKeys = errors.New("the keys are not those of this session")

// clientHalf is the client, who draws the same numbers again.
type clientHalf struct {
	client  security.Client
	login   *Login // its secrets
	request []byte // the next one
}

// newClientHalf returns nil if the client cannot have been one with these keys.
func newClientHalf(mode, patch int, keys *Keys, login *Login) *clientHalf {
	var c security.Client
	var err error
	random := bytes.NewReader(keys.Random)
	if mode == 1 {
		c, err = sec1.NewClient(sec1.Config{PoP: login.PoP, Rand: random})
	} else {
		c, err = sec2.NewClient(sec2.ClientConfig{Username: login.Username, Password: login.Password, PatchVersion: patch, Rand: random})
	}
	if err != nil {
		return nil
	}
	request, _, err := c.Step(nil)
	if err != nil {
		return nil
	}
	return &clientHalf{c, login, request}
}

func (h *clientHalf) handshake(request, answer []byte) (err error) {
	if !bytes.Equal(h.request, request) {
		return errKeys
	}
	if answer != nil {
		h.request, _, err = h.client.Step(answer)
	}
	return err
}

// open decrypts requests, too, because both directions have one key stream or one
// sequence of nonces.
func (h *clientHalf) open(message []byte) ([]byte, error) { return h.client.Decrypt(nil, message) }

// deviceHalf is the device.
type deviceHalf struct {
	mode, patch int
	login       *Login
	random      io.Reader
	session     protocomm.Session // nil: the handshake has not begun
}

func (h *deviceHalf) handshake(request, answer []byte) (err error) {
	if answer == nil {
		return nil
	}
	if h.session == nil {
		if h.session, err = h.begin(answer); err != nil {
			return errKeys
		}
	}
	out, err := h.session.Handshake(nil, bytes.Clone(request))
	if err != nil || !bytes.Equal(out, answer) {
		return errKeys
	}
	return nil
}

// begin makes the session. The salt of security 2 is in its first answer.
func (h *deviceHalf) begin(answer []byte) (protocomm.Session, error) {
	if h.mode == 1 {
		s, err := sec1.New(sec1.Config{PoP: h.login.PoP, Rand: h.random})
		if err != nil {
			return nil, err
		}
		return s.NewSession()
	}
	var m pb.SessionData
	if err := m.Unmarshal(answer); err != nil {
		return nil, err
	}
	salt := bytes.Clone(m.Sec2.Sr0.DeviceSalt)
	verifier, err := sec2.Verifier(h.login.Username, h.login.Password, salt)
	if err != nil {
		return nil, err
	}
	s, err := sec2.New(sec2.Config{Salt: salt, Verifier: verifier, FixedNonce: h.patch != 1, Small: true, Rand: h.random})
	if err != nil {
		return nil, err
	}
	return s.NewSession()
}

func (h *deviceHalf) open(message []byte) ([]byte, error) {
	return h.session.Decrypt(bytes.Clone(message))
}

// session is what is known of a session.
type session struct {
	security   int
	open       bool   // the handshake is complete
	candidates []half // those that have said what was recorded; empty: the keys are unknown
	tried      bool   // there were candidates
}

// message decrypts a message; false: it cannot.
func (s *session) message(b []byte) (plain []byte, ok bool) {
	if s == nil || s.security == 0 {
		return b, true // also before any handshake, which no client does
	}
	if !s.open || len(s.candidates) == 0 {
		return nil, false
	}
	plain, err := s.candidates[0].open(b)
	return plain, err == nil
}

// login returns what the client of the session knew; nil: that is unknown.
func (s *session) login() *Login {
	if len(s.candidates) > 0 {
		if h, is := s.candidates[0].(*clientHalf); is {
			return h.login
		}
	}
	return nil
}

// handshake takes one more exchange of the handshake.
func (s *session) handshake(st *step, x *Exchange) {
	s.open = x.Answer != nil && answerOK(x.Answer) && (st.security == 0 || st.number == 1)
	kept := s.candidates[:0]
	for _, h := range s.candidates {
		if err := h.handshake(x.Request, x.Answer); err != errKeys {
			kept = append(kept, h)
			s.open = s.open && err == nil
		}
	}
	s.candidates = kept
}

// answerOK reports whether an answer in a handshake is not a refusal.
func answerOK(answer []byte) bool {
	var m pb.SessionData
	if m.Unmarshal(answer) != nil {
		return false
	}
	var status pb.Status
	switch m.WhichProto {
	case pb.SessionDataSec0:
		status = m.Sec0.Sr.Status
	case pb.SessionDataSec1:
		status = m.Sec1.Sr0.Status + m.Sec1.Sr1.Status
	case pb.SessionDataSec2:
		status = m.Sec2.Sr0.Status + m.Sec2.Sr1.Status
	default:
		return false
	}
	return status == pb.StatusSuccess
}
