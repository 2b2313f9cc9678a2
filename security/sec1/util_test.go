// SPDX-License-Identifier: Apache-2.0

package sec1

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/security"
)

// newSession returns a device's session with a proof of possession and, unless
// random is nil, those random numbers only.
func newSession(t testing.TB, pop string, random []byte) *session {
	t.Helper()
	cfg := Config{PoP: security.Secret(pop)}
	if random != nil {
		cfg.Rand = bytes.NewReader(random)
	}
	sec, err := New(cfg)
	require.NoError(t, err)
	s, err := sec.NewSession()
	require.NoError(t, err)
	return s.(*session)
}

func newClient(t testing.TB, pop string) *Client {
	t.Helper()
	c, err := NewClient(Config{PoP: security.Secret(pop)})
	require.NoError(t, err)
	return c
}

// handshakeGives checks the answer to one handshake message.
func handshakeGives(t testing.TB, s *session, req, want []byte) {
	t.Helper()
	sent := bytes.Clone(req)
	got, err := s.Handshake([]byte("before"), req)
	require.NoError(t, err)
	require.Equal(t, "before"+string(want), string(got))
	require.Equal(t, sent, req, "request changed")
}

// stepGives checks the next request of a client.
func stepGives(t testing.TB, c *Client, resp, want []byte) {
	t.Helper()
	req, done, err := c.Step(resp)
	require.NoError(t, err)
	require.False(t, done)
	require.Equal(t, want, req)
}

// establish runs the whole handshake.
func establish(t testing.TB, s *session, c *Client) {
	t.Helper()
	var resp []byte
	for {
		req, done, err := c.Step(resp)
		require.NoError(t, err)
		if done {
			return
		}
		resp, err = s.Handshake(nil, req)
		require.NoError(t, err)
	}
}

// exchange sends one request and one answer through both ciphers.
func exchange(t testing.TB, s *session, c *Client, n int) {
	t.Helper()
	request, answer := bytes.Repeat([]byte("q"), n), bytes.Repeat([]byte("a"), n+3)
	wire, err := c.Encrypt(nil, request)
	require.NoError(t, err)
	require.Len(t, wire, n)
	got, err := s.Decrypt(wire)
	require.NoError(t, err)
	require.Equal(t, string(request), string(got))
	wire, err = s.Encrypt(nil, answer)
	require.NoError(t, err)
	got, err = c.Decrypt(nil, wire)
	require.NoError(t, err)
	require.Equal(t, string(answer), string(got))
}

// command0 and command1 are messages with a public key and a proof.
func command0(key []byte) []byte {
	m := pb.SessionData{SecVer: pb.SecScheme1, WhichProto: pb.SessionDataSec1}
	m.Sec1.WhichPayload = pb.Sec1PayloadSc0
	m.Sec1.Sc0.ClientPubkey = key
	return m.AppendTo(nil)
}

func command1(proof []byte) []byte {
	m := pb.SessionData{SecVer: pb.SecScheme1, WhichProto: pb.SessionDataSec1}
	m.Sec1.Msg = pb.Sec1MsgTypeCommand1
	m.Sec1.WhichPayload = pb.Sec1PayloadSc1
	m.Sec1.Sc1.ClientVerifyData = proof
	return m.AppendTo(nil)
}

var errNoise = errors.New("noise source is dead")

// deadRand gives n bytes and then fails.
func deadRand(n int) io.Reader {
	return io.MultiReader(bytes.NewReader(bytes.Repeat([]byte{7}, n)), failingReader{})
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errNoise }
