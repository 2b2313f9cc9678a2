// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec1"
)

const (
	secEndpoint = "prov-session"
	verEndpoint = "proto-ver"
	pop         = "abcd1234"
)

// echo answers with the request, in upper case so that mixing them up shows.
func echo(_ protocomm.SessionID, req []byte) ([]byte, error) { return bytes.ToUpper(req), nil }

// newSec1 returns an instance with security 1 and an endpoint "echo".
func newSec1(t testing.TB, cfg protocomm.Config) *protocomm.Protocomm {
	t.Helper()
	sec, err := sec1.New(sec1.Config{PoP: security.Secret(pop)})
	require.NoError(t, err)
	return newWith(t, cfg, sec)
}

func newWith(t testing.TB, cfg protocomm.Config, sec protocomm.Security) *protocomm.Protocomm {
	t.Helper()
	p := protocomm.New(cfg)
	require.NoError(t, p.SetSecurity(secEndpoint, sec))
	require.NoError(t, p.SetVersion(verEndpoint, "v1"))
	require.NoError(t, p.AddEndpoint("echo", echo))
	return p
}

// client is an honest client in its own session.
type client struct {
	*sec1.Client
	p    *protocomm.Protocomm
	id   protocomm.SessionID
	resp []byte
	done bool
}

func newClient(t testing.TB, p *protocomm.Protocomm, id protocomm.SessionID) *client {
	t.Helper()
	c, err := sec1.NewClient(sec1.Config{PoP: security.Secret(pop)})
	require.NoError(t, err)
	return &client{Client: c, p: p, id: id}
}

// connect opens a session and shakes hands.
func connect(t testing.TB, p *protocomm.Protocomm, id protocomm.SessionID) *client {
	t.Helper()
	c := newClient(t, p, id)
	require.NoError(t, p.OpenSession(id))
	for !c.done {
		require.NoError(t, c.step(t))
	}
	require.True(t, p.SessionEstablished(id))
	return c
}

// step takes one step of the handshake; the error is the device's.
func (c *client) step(t testing.TB) error {
	t.Helper()
	req, done, err := c.Step(c.resp)
	require.NoError(t, err)
	if c.done = done; done {
		return nil
	}
	c.resp, err = c.p.Handle(nil, secEndpoint, c.id, req)
	return err
}

// ask sends one request; the error is the device's.
func (c *client) ask(t testing.TB, name, text string) (string, error) {
	t.Helper()
	wire, err := c.Encrypt(nil, []byte(text))
	require.NoError(t, err)
	wire, err = c.p.Handle(nil, name, c.id, wire)
	if err != nil {
		return "", err
	}
	plain, err := c.Decrypt(nil, wire)
	require.NoError(t, err)
	return string(plain), nil
}

// works checks that the session is alive.
func (c *client) works(t testing.TB) {
	t.Helper()
	got, err := c.ask(t, "echo", "hello there")
	require.NoError(t, err)
	require.Equal(t, "HELLO THERE", got)
}

// fake is a Security whose handshake is plain text: "hello" leaves half-open,
// "proof" establishes, the names of errors fail. It checks how it is used.
type fake struct {
	t      testing.TB
	err    error  // of NewSession
	onNew  func() // called in NewSession
	gate   func() // called in Handshake, Decrypt and Encrypt, may block
	live   atomic.Int32
	mu     sync.Mutex
	closed []*fakeSession
}

type fakeSession struct {
	of          *fake
	busy        atomic.Bool
	established bool
	ended       bool
}

func (f *fake) Version() int       { return 7 }
func (f *fake) PatchVersion() int  { return 3 }
func (f *fake) Capability() string { return "fake" }
func (f *fake) NeedsSession() bool { return true }
func (f *fake) NewSession() (protocomm.Session, error) {
	if f.err != nil {
		return nil, f.err
	}
	if f.onNew != nil {
		f.onNew()
	}
	f.live.Add(1)
	return &fakeSession{of: f}, nil
}

func (f *fake) wiped() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.closed)
}

func (s *fakeSession) enter() func() {
	if s.busy.Swap(true) {
		s.of.t.Error("two methods of a session at once")
	}
	if s.ended {
		s.of.t.Error("a session is used after Close")
	}
	if s.of.gate != nil {
		s.of.gate()
	}
	return func() { s.busy.Store(false) }
}

func (s *fakeSession) Handshake(dst, req []byte) ([]byte, error) {
	defer s.enter()()
	switch string(req) {
	case "hello":
		s.established = false
	case "proof":
		s.established = true
	case "mismatch":
		return dst, protocomm.ErrMismatch
	case "params":
		return dst, protocomm.ErrInvalidParams
	default:
		return dst, protocomm.ErrInvalidArg
	}
	return append(append(dst, "re:"...), req...), nil
}

func (s *fakeSession) Established() bool {
	if s.busy.Load() {
		s.of.t.Error("Established called during another method")
	}
	return s.established
}

func (s *fakeSession) Decrypt(req []byte) ([]byte, error) {
	defer s.enter()()
	if !s.established {
		return nil, protocomm.ErrInvalidState
	}
	if string(req) == "tampered" {
		return nil, protocomm.ErrFail
	}
	return req, nil
}

var errEncrypt = errors.New("cannot encrypt")

func (s *fakeSession) Encrypt(dst, resp []byte) ([]byte, error) {
	defer s.enter()()
	if string(resp) == "UNENCRYPTABLE" {
		return append(dst, "junk"...), errEncrypt
	}
	return append(append(dst, '#'), resp...), nil
}

func (s *fakeSession) Close() {
	if s.busy.Swap(true) {
		s.of.t.Error("Close called during another method")
	}
	if !s.ended {
		s.of.live.Add(-1)
	}
	s.ended = true
	s.of.mu.Lock()
	s.of.closed = append(s.of.closed, s)
	s.of.mu.Unlock()
	s.busy.Store(false)
}

// openFake opens a session and establishes it.
func openFake(t testing.TB, p *protocomm.Protocomm, ids ...protocomm.SessionID) {
	t.Helper()
	for _, id := range ids {
		require.NoError(t, p.OpenSession(id))
		_, err := p.Handle(nil, secEndpoint, id, []byte("proof"))
		require.NoError(t, err)
	}
}
