// SPDX-License-Identifier: Apache-2.0

package sec0

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
)

const (
	command  = "5203a20100"
	response = "52050801aa0100"
)

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func newSession(t testing.TB) protocomm.Session {
	s, err := New().NewSession()
	require.NoError(t, err)
	return s
}

func TestSecurityDescribesItself(t *testing.T) {
	sec := New()
	require.Equal(t, 0, sec.Version())
	require.Equal(t, 0, sec.PatchVersion())
	require.Equal(t, "no_sec", sec.Capability())
	require.False(t, sec.NeedsSession())
	require.True(t, newSession(t).Established())
}

func TestQP18_AnythingDecodableIsAnswered(t *testing.T) {
	s := newSession(t)
	for _, body := range []string{
		command,
		"",                           // empty
		response,                     // the wrong direction
		"5200",                       // no payload
		"1000",                       // sec_ver 0, written out
		"5a25a201220a20" + "00",      // not decodable: refused below
		"9a060361626372020801a20100", // unknown fields
		"5a0408011200",               // security 1's member with sec_ver 0
		"5a00",
	} {
		got, err := s.Handshake([]byte("dst"), unhex(t, body))
		if body == "5a25a201220a20"+"00" {
			require.ErrorIs(t, err, protocomm.ErrInvalidArg)
			require.Equal(t, "dst", string(got))
			continue
		}
		require.NoError(t, err, body)
		require.Equal(t, response, hex.EncodeToString(got[3:]), body)
	}
}

// A field whose wire type is another than its own counts as unknown, as protobuf
// has it, also where the original's decoder refuses the message.
func TestWrongWireTypesAreUnknownFields(t *testing.T) {
	s := newSession(t)
	for name, body := range map[string]string{
		"payload as number":    "5005",
		"version as bytes":     "120101",
		"version as 32 bits":   "1501000000",
		"message kind as text": "5203" + "0a0101",
	} {
		got, err := s.Handshake(nil, unhex(t, body))
		require.NoError(t, err, name)
		require.Equal(t, response, hex.EncodeToString(got), name)
	}
}

func TestHandshakeRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"security 1":     "10015a00",
		"security 2":     "1002",
		"sec_ver -1":     "10ffffffffffffffffff01",
		"cut short":      command[:8],
		"no message":     "ff",
		"field number 0": "0000",
	} {
		s := newSession(t)
		got, err := s.Handshake([]byte("dst"), unhex(t, body))
		require.ErrorIs(t, err, protocomm.ErrInvalidArg, name)
		require.NotErrorIs(t, err, protocomm.ErrInvalidParams, name)
		require.Equal(t, "dst", string(got), name)
	}
}

func TestRequestsPassAsTheyAre(t *testing.T) {
	s := newSession(t)
	plain, err := s.Decrypt([]byte("request"))
	require.NoError(t, err)
	require.Equal(t, "request", string(plain))
	cipher, err := s.Encrypt([]byte("dst"), []byte("answer"))
	require.NoError(t, err)
	require.Equal(t, "dstanswer", string(cipher))

	s.Close()
	s.Close()
	require.False(t, s.Established())
	_, err = s.Decrypt(nil)
	require.ErrorIs(t, err, protocomm.ErrInvalidState)
	_, err = s.Encrypt(nil, nil)
	require.ErrorIs(t, err, protocomm.ErrInvalidState)
	_, err = s.Handshake(nil, nil)
	require.ErrorIs(t, err, protocomm.ErrInvalidState)
}

func TestClient(t *testing.T) {
	c := NewClient()
	req, done, err := c.Step(nil)
	require.NoError(t, err)
	require.False(t, done)
	require.Equal(t, command, hex.EncodeToString(req))
	req, done, err = c.Step(unhex(t, response))
	require.NoError(t, err)
	require.True(t, done)
	require.Nil(t, req)
	_, _, err = c.Step(nil)
	require.ErrorIs(t, err, protocomm.ErrInvalidState)
	wire, err := c.Encrypt(nil, []byte("still works"))
	require.NoError(t, err)
	require.Equal(t, "still works", string(wire))
}

func TestClientRefusesMalformedAnswers(t *testing.T) {
	for name, body := range map[string]string{
		"empty":       "",
		"no message":  "ff",
		"security 1":  "10015a390801aa0100",
		"sec_ver 1":   "1001" + response,
		"own command": command,
		"no payload":  "52020801",
		"no msg":      "5203aa0100",
		"status":      "52070801aa01020805",
	} {
		c := NewClient()
		_, _, err := c.Step(nil)
		require.NoError(t, err)
		_, done, err := c.Step(unhex(t, body))
		require.ErrorIs(t, err, security.ErrResponse, name)
		require.NotErrorIs(t, err, security.ErrProof, name)
		require.False(t, done)
		_, err = c.Encrypt(nil, nil)
		require.ErrorIs(t, err, protocomm.ErrInvalidState)
		_, _, err = c.Step(unhex(t, response))
		require.ErrorIs(t, err, protocomm.ErrInvalidState)
	}
}

func FuzzHandshake(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add([]byte("\x52\x03\xa2\x01\x00"), []byte("\x52\x05\x08\x01\xaa\x01\x00"))
	f.Add([]byte("\x10\x01\x5a\x00"), []byte("\x52\x03\xa2\x01\x00"))
	f.Fuzz(func(t *testing.T, req, resp []byte) {
		got, err := newSession(t).Handshake(nil, bytes.Clone(req))
		if err == nil {
			require.Equal(t, response, hex.EncodeToString(got))
		} else {
			require.Empty(t, got)
		}
		c := NewClient()
		_, _, _ = c.Step(nil)
		_, done, err := c.Step(resp)
		require.Equal(t, err == nil, done)
	})
}

// A client that insists on a handshake.
func Example() {
	session, err := New().NewSession()
	if err != nil {
		panic(err)
	}
	client := NewClient()
	req, _, _ := client.Step(nil)
	resp, _ := session.Handshake(nil, req)
	_, done, _ := client.Step(resp)
	fmt.Printf("%x %x %v\n", req, resp, done)
	// Output: 5203a20100 52050801aa0100 true
}
