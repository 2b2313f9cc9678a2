// SPDX-License-Identifier: Apache-2.0

package transcript

import (
	"bytes"
	"cmp"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pbtext"
)

// Part is a request or an answer.
type Part struct {
	Wire    Bytes          // nil: there is none
	Plain   Bytes          // decrypted; nil if Locked
	Locked  bool           // encrypted, and the keys are unknown
	Masked  bool           // a part of it was masked
	Message pbtext.Message // what Plain says
}

// Explained is an exchange with what it means.
type Explained struct {
	*Exchange
	Number   int    // from 1
	Security int    // of the session; -1: none
	Means    string // in words: what was asked, and what came of it
	// Handshake reports whether the exchange belongs to one, of which it is the First or
	// after which the session is Open.
	Handshake, First, Open bool
	WrongKeys              bool // the keys do not belong to what was recorded
	Request, Answer        Part
}

// Explainer explains the exchanges of one file in their order.
type Explainer struct {
	login    Login
	secrets  bool
	number   int
	patch    int              // sec_patch_ver
	sessions map[int]*session // by connection
	last     *session         // the youngest
	random   [2]*bytes.Reader // what each kind of candidate has not yet drawn of Login.DeviceRandom
}

// NewExplainer returns an Explainer that decrypts with the keys of the file, or, where
// these are missing, with login. It shows passphrases if secrets is set.
func NewExplainer(login Login, secrets bool) *Explainer {
	e := &Explainer{login: login, secrets: secrets, sessions: map[int]*session{}}
	for i := range e.random {
		e.random[i] = bytes.NewReader(login.DeviceRandom)
	}
	return e
}

// maxConns is how many connections of a file are told apart.
const maxConns = 1000

// Explain explains the next exchange. It never fails: a device or a file may say anything.
func (e *Explainer) Explain(x *Exchange) *Explained {
	e.number++
	out := &Explained{Exchange: x, Number: e.number, Security: -1}
	out.Request = Part{Wire: x.Request, Plain: x.Request, Masked: len(x.Masked) > 0}
	out.Answer = Part{Wire: x.Answer, Plain: x.Answer}
	st := stepOf(x.Request)
	switch {
	case x.Endpoint == endpointVersion:
		e.patch = deviceVersion(x.Answer).SecPatchVersion
	case x.Endpoint == endpointSession && st != nil:
		out.Handshake, out.First = true, st.number == 0
		s := e.sessions[x.Conn]
		if out.First || s == nil {
			s = e.newSession(st.security, x.Keys)
		}
		if len(e.sessions) < maxConns {
			e.sessions[x.Conn] = s
		}
		e.last = s
		s.handshake(st, x)
		out.Security, out.Open = st.security, s.open
		out.WrongKeys = s.tried && len(s.candidates) == 0
	case x.Endpoint != endpointSession:
		s := cmp.Or(e.sessions[x.Conn], e.last)
		if s != nil {
			out.Security = s.security
		}
		out.Request.decrypt(s)
		out.Answer.decrypt(s)
	}
	out.Request.decode(x.Endpoint, pbtext.Request, e.secrets)
	out.Answer.decode(x.Endpoint, pbtext.Answer, e.secrets)
	out.Means = out.means(st)
	return out
}

// newSession begins a session, with all that its keys may be. A client that has a proof
// of possession uses none if the device says that it has none.
func (e *Explainer) newSession(mode int, keys *Keys) *session {
	s := &session{security: mode}
	if mode == 0 {
		return s
	}
	logins := []Login{e.login, e.login}
	if keys != nil {
		for i := range logins {
			logins[i].PoP = cmp.Or(hal.Secret(keys.PoP), logins[i].PoP)
			logins[i].Username = cmp.Or(string(keys.Username), logins[i].Username)
			logins[i].Password = cmp.Or(hal.Secret(keys.Password), logins[i].Password)
		}
	}
	logins[1].PoP = ""
	for i := range logins {
		switch {
		case keys != nil:
			if h := newClientHalf(mode, e.patch, keys, &logins[i]); h != nil {
				s.candidates = append(s.candidates, h)
			}
		case e.random[i].Len() > 0:
			s.candidates = append(s.candidates, &deviceHalf{mode: mode, patch: e.patch, login: &logins[i], random: e.random[i]})
		}
		if mode == 2 {
			break
		}
	}
	s.tried = len(s.candidates) > 0
	return s
}

// decrypt sets Plain.
func (p *Part) decrypt(s *session) {
	if p.Wire == nil || s == nil || s.security == 0 {
		return
	}
	plain, ok := s.message(p.Wire)
	if p.Plain = append(Bytes{}, plain...); !ok {
		p.Plain, p.Locked = nil, true
	}
}

// decode sets Message. Marks are no secret, and are not shown as one.
func (p *Part) decode(endpoint string, d pbtext.Direction, secrets bool) {
	if p.Plain == nil {
		return
	}
	plain := p.Plain
	if endpoint == endpointVersion {
		plain = compact(plain)
	}
	p.Message = pbtext.Decode(endpoint, d, plain, secrets && !p.Masked)
}
