// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/srp"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

// clientIn returns a client in a phase, and the session at the other end.
func clientIn(t *testing.T, p frame.Phase) (c *Client, s *session) {
	s, c = newSession(t), newClient(t)
	var resp []byte
	for c.phase != p {
		req, _, err := c.Step(resp)
		require.NoError(t, err)
		if c.phase == frame.Done {
			break
		}
		resp, err = s.Handshake(nil, req)
		require.NoError(t, err)
	}
	return c, s
}

func response(fn func(*pb.SessionData)) []byte {
	m := pb.SessionData{SecVer: pb.SecScheme2, WhichProto: pb.SessionDataSec2}
	m.Sec2.Msg, m.Sec2.WhichPayload = pb.Sec2MsgTypeResponse0, pb.Sec2PayloadSr0
	m.Sec2.Sr0.DevicePubkey, m.Sec2.Sr0.DeviceSalt = somePublic(), []byte("salt")
	m.Sec2.Sr1.DeviceProof, m.Sec2.Sr1.DeviceNonce = make([]byte, srp.HashSize), make([]byte, 12)
	fn(&m)
	return m.AppendTo(nil)
}

func nop(*pb.SessionData) {}

func response1(fn func(*pb.SessionData)) []byte {
	return response(func(m *pb.SessionData) {
		m.Sec2.Msg, m.Sec2.WhichPayload = pb.Sec2MsgTypeResponse1, pb.Sec2PayloadSr1
		fn(m)
	})
}

func TestClientRefusesMalformedAnswers(t *testing.T) {
	public := func(b []byte) []byte {
		return response(func(m *pb.SessionData) { m.Sec2.Sr0.DevicePubkey = b })
	}
	proof := func(n int) []byte {
		return response1(func(m *pb.SessionData) { m.Sec2.Sr1.DeviceProof = make([]byte, n) })
	}
	nonce := func(n int) []byte {
		return response1(func(m *pb.SessionData) { m.Sec2.Sr1.DeviceNonce = make([]byte, n) })
	}
	try := func(p frame.Phase, answers map[string][]byte) {
		for name, resp := range answers {
			c, _ := clientIn(t, p)
			req, isDone, err := c.Step(resp)
			require.ErrorIs(t, err, security.ErrResponse, name)
			require.NotErrorIs(t, err, security.ErrProof, name)
			require.False(t, isDone)
			require.Nil(t, req)
			dead(t, c)
		}
	}
	try(frame.Cmd1, map[string][]byte{
		"empty":        nil,
		"no message":   {0xFF},
		"security 0":   unhex(t, "52050801aa0100"),
		"sec_ver 1":    response(func(m *pb.SessionData) { m.SecVer = 1 }),
		"no payload":   response(func(m *pb.SessionData) { m.Sec2.WhichPayload = 0 }),
		"Response1":    response1(func(*pb.SessionData) {}),
		"own Command0": command0(user, somePublic()),
		"status":       response(func(m *pb.SessionData) { m.Sec2.Sr0.Status = pb.StatusTooManySessions }),
		"no salt":      response(func(m *pb.SessionData) { m.Sec2.Sr0.DeviceSalt = nil }),
		"no B":         public(nil), "B long": public(bytes.Repeat([]byte{1}, 385)),
		"B = 0": public([]byte{0}), "B = 00": public(make([]byte, 384)), "B = N": public(modulusBytes(t)),
	})
	try(frame.Cmd2, map[string][]byte{
		"empty":      nil,
		"no message": {0xFF},
		"Response0":  response(func(*pb.SessionData) {}),
		"no payload": response1(func(m *pb.SessionData) { m.Sec2.WhichPayload = 0 }),
		"status":     response1(func(m *pb.SessionData) { m.Sec2.Sr1.Status = pb.StatusCryptoError }),
		"proof 0":    proof(0), "proof 63": proof(63), "proof 65": proof(65),
		"nonce 0": nonce(0), "nonce 11": nonce(11), "nonce 16 by patch 1": nonce(16),
	})
}

// dead checks that nothing is left of a client.
func dead(t *testing.T, c *Client) {
	t.Helper()
	require.Nil(t, c.srp)
	require.Empty(t, string(c.password))
	require.Zero(t, c.proofs)
	require.Equal(t, box{}, c.box)
	require.False(t, c.Proving())
	_, _, err := c.Step(nil)
	require.ErrorIs(t, err, protocomm.ErrInvalidState)
	_, err = c.Encrypt(nil, []byte("x"))
	require.ErrorIs(t, err, protocomm.ErrInvalidState)
	_, err = c.Decrypt(nil, make([]byte, 20))
	require.ErrorIs(t, err, protocomm.ErrInvalidState)
}

func TestClientSeesAWrongProof(t *testing.T) {
	c, _ := clientIn(t, frame.Cmd2)
	_, isDone, err := c.Step(response1(func(*pb.SessionData) {}))
	require.ErrorIs(t, err, security.ErrProof)
	require.ErrorIs(t, err, protocomm.ErrMismatch)
	require.False(t, isDone)
	dead(t, c)
	// Its own proof sent back is none.
	c, _ = clientIn(t, frame.Cmd2)
	_, _, err = c.Step(response1(func(m *pb.SessionData) { m.Sec2.Sr1.DeviceProof = bytes.Clone(c.proofs.Client[:]) }))
	require.ErrorIs(t, err, security.ErrProof)
}

// TestClientTakesAnyFixedNonce: by the rules of patch 0 its length is free.
func TestClientTakesAnyFixedNonce(t *testing.T) {
	for _, patch := range []int{0, 2, -1} {
		for _, n := range []int{12, 13, 16, 17, 64, 200} {
			c, s := clientIn(t, frame.Cmd2)
			c.rules = clientWith(t, user, password, patch).rules
			require.Equal(t, fixed, c.rules)
			nonce := bytes.Repeat([]byte{5}, n)
			resp := response1(func(m *pb.SessionData) {
				m.Sec2.Sr1.DeviceProof, m.Sec2.Sr1.DeviceNonce = bytes.Clone(c.proofs.Device[:]), nonce
			})
			require.NoError(t, s.box.set(fixed, c.proofs.K[:], nonce))
			_, isDone, err := c.Step(resp)
			require.NoError(t, err)
			require.True(t, isDone)
			exchange(t, s, c, 30)
			exchange(t, s, c, 30)
		}
	}
}

func TestClientPhases(t *testing.T) {
	for _, p := range []frame.Phase{frame.Cmd0, frame.Cmd1, frame.Cmd2} {
		c, _ := clientIn(t, p)
		require.Equal(t, p == frame.Cmd2, c.Proving())
		_, err := c.Encrypt(nil, []byte("x"))
		require.ErrorIs(t, err, protocomm.ErrInvalidState)
		out, err := c.Decrypt([]byte("dst"), make([]byte, 20))
		require.ErrorIs(t, err, protocomm.ErrInvalidState)
		require.Equal(t, "dst", string(out))
		c.Close()
		c.Close()
		dead(t, c)
	}
	c, s := clientIn(t, frame.Done)
	require.False(t, c.Proving())
	_, _, err := c.Step(nil)
	require.ErrorIs(t, err, protocomm.ErrInvalidState)
	exchange(t, s, c, 12) // a Step too many does no harm
	c.Close()
	dead(t, c)
}

func TestQP25_NothingSecretIsPrinted(t *testing.T) {
	const word = "correct horse"
	v, err := Verifier(user, word, theSalt())
	require.NoError(t, err)
	cfg := Config{Salt: theSalt(), Verifier: v, Rand: pinned{bytes.Repeat([]byte{0x5A}, 32), make([]byte, 16)}}
	sec, err := New(cfg)
	require.NoError(t, err)
	s := sessionOf(t, sec)
	clientCfg := ClientConfig{Username: user, Password: word}
	c, err := NewClient(clientCfg)
	require.NoError(t, err)
	half, c2 := sessionOf(t, sec), clientWith(t, user, word, 1)
	begin(t, half, c2)
	proofs := half.proofs
	c.rules = counting
	establish(t, s, c)

	var shown strings.Builder
	for _, v := range []any{cfg, &cfg, clientCfg, &clientCfg, struct{ C Config }{cfg}, sec, s, half, c, *c, c2, *c2} {
		fmt.Fprintf(&shown, "%v\n%+v\n%#v\n%s\n", v, v, v, v)
	}
	_, err = New(Config{Salt: theSalt(), Verifier: append(v, v...)})
	shown.WriteString(err.Error())
	_, err = half.Handshake(nil, command1(make([]byte, srp.HashSize)))
	shown.WriteString(err.Error())
	for _, secret := range [][]byte{[]byte(word), v[:4], proofs.K[:4], proofs.Client[:4], {0x5A, 0x5A, 0x5A, 0x5A}} {
		require.NotContains(t, shown.String(), string(secret))
		require.NotContains(t, shown.String(), hex.EncodeToString(secret))
		require.NotContains(t, shown.String(), strings.Trim(fmt.Sprint(secret), "[]"))
		require.NotContains(t, shown.String(), strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", secret), "[]byte{"), "}"))
	}
}
