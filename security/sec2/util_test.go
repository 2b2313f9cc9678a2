// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/srp"
	"github.com/wifiprov/wifiprov/security"
)

const (
	user     = "wifiprov"
	password = "abcd1234"
)

// theSalt and theVerifier are those of user and password.
var theSalt, theVerifier = sync.OnceValue(func() []byte { return []byte("\xb5salt of 16 byte") }),
	sync.OnceValue(func() []byte {
		v, err := Verifier(user, password, theSalt())
		if err != nil {
			panic(err)
		}
		return v
	})

var countingDevice, fixedDevice = sync.OnceValue(func() *Security { return device(nil, false) }),
	sync.OnceValue(func() *Security { return device(nil, true) })

func device(random io.Reader, fixedNonce bool) *Security {
	s, err := New(Config{Salt: theSalt(), Verifier: theVerifier(), Rand: random, FixedNonce: fixedNonce})
	if err != nil {
		panic(err)
	}
	return s
}

// newSession returns a session of a device with user and password.
func newSession(t testing.TB) *session { return sessionOf(t, countingDevice()) }

func sessionOf(t testing.TB, sec *Security) *session {
	t.Helper()
	s, err := sec.NewSession()
	require.NoError(t, err)
	return s.(*session)
}

func newClient(t testing.TB) *Client { return clientWith(t, user, password, 1) }

func clientWith(t testing.TB, name, word string, patch int) *Client {
	t.Helper()
	c, err := NewClient(ClientConfig{Username: name, Password: security.Secret(word), PatchVersion: patch})
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
	req, isDone, err := c.Step(resp)
	require.NoError(t, err)
	require.False(t, isDone)
	require.Equal(t, want, req)
}

// establish runs the whole handshake.
func establish(t testing.TB, s *session, c *Client) {
	t.Helper()
	var resp []byte
	for {
		req, isDone, err := c.Step(resp)
		require.NoError(t, err)
		if isDone {
			return
		}
		resp, err = s.Handshake(nil, req)
		require.NoError(t, err)
	}
}

// begin does Command0 and returns the client's Command1.
func begin(t testing.TB, s *session, c *Client) []byte {
	t.Helper()
	req, _, err := c.Step(nil)
	require.NoError(t, err)
	resp, err := s.Handshake(nil, req)
	require.NoError(t, err)
	req, _, err = c.Step(resp)
	require.NoError(t, err)
	return req
}

// exchange sends one request and one answer through both ciphers.
func exchange(t testing.TB, s *session, c *Client, n int) {
	t.Helper()
	request, answer := bytes.Repeat([]byte("q"), n), bytes.Repeat([]byte("a"), n+3)
	wire, err := c.Encrypt(nil, request)
	require.NoError(t, err)
	require.Len(t, wire, n+tagSize)
	got, err := s.Decrypt(wire)
	require.NoError(t, err)
	require.Equal(t, string(request), string(got))
	wire, err = s.Encrypt(nil, answer)
	require.NoError(t, err)
	got, err = c.Decrypt(nil, wire)
	require.NoError(t, err)
	require.Equal(t, string(answer), string(got))
}

// command0 and command1 are messages with a public value and a proof.
func command0(name string, a []byte) []byte {
	m := pb.SessionData{SecVer: pb.SecScheme2, WhichProto: pb.SessionDataSec2}
	m.Sec2.WhichPayload = pb.Sec2PayloadSc0
	m.Sec2.Sc0.ClientUsername, m.Sec2.Sc0.ClientPubkey = []byte(name), a
	return m.AppendTo(nil)
}

func command1(proof []byte) []byte {
	m := pb.SessionData{SecVer: pb.SecScheme2, WhichProto: pb.SessionDataSec2}
	m.Sec2.Msg, m.Sec2.WhichPayload = pb.Sec2MsgTypeCommand1, pb.Sec2PayloadSc1
	m.Sec2.Sc1.ClientProof = proof
	return m.AppendTo(nil)
}

// somePublic is a public value that is of use.
func somePublic() []byte { return bytes.Repeat([]byte{9}, srp.Size) }

var errNoise = errors.New("noise source is dead")

// deadRand gives n bytes and then fails.
func deadRand(n int) io.Reader {
	return io.MultiReader(bytes.NewReader(bytes.Repeat([]byte{7}, n)), failingReader{})
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errNoise }

// pinned gives private to whoever wants a private value, again and again, and
// nonce to whoever wants anything else.
type pinned struct{ private, nonce []byte }

func (p pinned) Read(b []byte) (int, error) {
	if len(b) == srp.PrivateSize {
		return copy(b, p.private), nil
	}
	return copy(b, p.nonce), nil
}

func flip(b []byte, bit int) []byte {
	b = bytes.Clone(b)
	b[bit/8] ^= 1 << (bit % 8)
	return b
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}
