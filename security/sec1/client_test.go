// SPDX-License-Identifier: Apache-2.0

package sec1

import (
	"bytes"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

// answers are what a device said in a handshake with c up to there.
func clientIn(t *testing.T, p frame.Phase) (c *Client, s *session, resp []byte) {
	s, c = newSession(t, "pop", nil), newClient(t, "pop")
	for c.phase != p {
		req, _, err := c.Step(resp)
		require.NoError(t, err)
		if c.phase == frame.Done {
			break
		}
		resp, err = s.Handshake(nil, req)
		require.NoError(t, err)
	}
	return c, s, resp
}

func response(fn func(*pb.SessionData)) []byte {
	m := pb.SessionData{SecVer: pb.SecScheme1, WhichProto: pb.SessionDataSec1}
	m.Sec1.Msg, m.Sec1.WhichPayload = pb.Sec1MsgTypeResponse0, pb.Sec1PayloadSr0
	m.Sec1.Sr0.DevicePubkey = bytes.Repeat([]byte{9}, keySize)
	m.Sec1.Sr0.DeviceRandom = make([]byte, randomSize)
	m.Sec1.Sr1.DeviceVerifyData = make([]byte, verifySize)
	fn(&m)
	return m.AppendTo(nil)
}

func response1(fn func(*pb.SessionData)) []byte {
	return response(func(m *pb.SessionData) {
		m.Sec1.Msg, m.Sec1.WhichPayload = pb.Sec1MsgTypeResponse1, pb.Sec1PayloadSr1
		fn(m)
	})
}

func TestClientRefusesMalformedAnswers(t *testing.T) {
	pubkey := func(key []byte) []byte {
		return response(func(m *pb.SessionData) { m.Sec1.Sr0.DevicePubkey = key })
	}
	random := func(n int) []byte {
		return response(func(m *pb.SessionData) { m.Sec1.Sr0.DeviceRandom = make([]byte, n) })
	}
	proof := func(n int) []byte {
		return response1(func(m *pb.SessionData) { m.Sec1.Sr1.DeviceVerifyData = make([]byte, n) })
	}
	bad0 := map[string][]byte{
		"empty":        nil,
		"no message":   {0xFF},
		"security 0":   unhex(t, "52050801aa0100"),
		"sec_ver 2":    response(func(m *pb.SessionData) { m.SecVer = 2 }),
		"no payload":   response(func(m *pb.SessionData) { m.Sec1.WhichPayload = 0 }),
		"Response1":    response1(func(*pb.SessionData) {}),
		"own Command0": command0(bytes.Repeat([]byte{9}, keySize)),
		"status":       response(func(m *pb.SessionData) { m.Sec1.Sr0.Status = pb.StatusTooManySessions }),
		"no key":       pubkey(nil), "key 31": pubkey(make([]byte, 31)), "key 33": pubkey(make([]byte, 33)),
		"random 0": random(0), "random 15": random(15), "random 17": random(17),
	}
	for i, key := range lowOrder {
		bad0[fmt.Sprint("low order ", i)] = pubkey(unhex(t, key))
	}
	bad1 := map[string][]byte{
		"empty":      nil,
		"no message": {0xFF},
		"Response0":  response(func(*pb.SessionData) {}),
		"no payload": response1(func(m *pb.SessionData) { m.Sec1.WhichPayload = 0 }),
		"status":     response1(func(m *pb.SessionData) { m.Sec1.Sr1.Status = pb.StatusCryptoError }),
		"proof 0":    proof(0), "proof 31": proof(31), "proof 33": proof(33),
	}
	try := func(p frame.Phase, answers map[string][]byte) {
		for name, resp := range answers {
			c, _, _ := clientIn(t, p)
			req, isDone, err := c.Step(resp)
			require.ErrorIs(t, err, security.ErrResponse, name)
			require.NotErrorIs(t, err, security.ErrProof, name)
			require.False(t, isDone)
			require.Nil(t, req)
			dead(t, c)
		}
	}
	try(frame.Cmd1, bad0)
	try(frame.Cmd2, bad1)
}

// dead checks that nothing is left of a client.
func dead(t *testing.T, c *Client) {
	t.Helper()
	require.Nil(t, c.own)
	require.Nil(t, c.stream)
	require.Zero(t, c.public)
	require.Zero(t, c.params.pop)
	require.False(t, c.Proving())
	_, _, err := c.Step(nil)
	require.ErrorIs(t, err, protocomm.ErrInvalidState)
	_, err = c.Encrypt(nil, []byte("x"))
	require.ErrorIs(t, err, protocomm.ErrInvalidState)
	_, err = c.Decrypt(nil, []byte("x"))
	require.ErrorIs(t, err, protocomm.ErrInvalidState)
}

func TestClientSeesAWrongProof(t *testing.T) {
	c, _, _ := clientIn(t, frame.Cmd2)
	_, isDone, err := c.Step(response1(func(*pb.SessionData) {}))
	require.ErrorIs(t, err, security.ErrProof)
	require.ErrorIs(t, err, protocomm.ErrMismatch)
	require.NotErrorIs(t, err, security.ErrResponse)
	require.False(t, isDone)
	dead(t, c)
}

// TestClientRefusesItsOwnProof: sending the client's message back is no proof.
func TestClientRefusesItsOwnProof(t *testing.T) {
	s, c := newSession(t, "", nil), newClient(t, "")
	req, _, err := c.Step(nil)
	require.NoError(t, err)
	resp, err := s.Handshake(nil, req)
	require.NoError(t, err)
	req, _, err = c.Step(resp)
	require.NoError(t, err)
	_, _, err = c.Step(response1(func(m *pb.SessionData) { m.Sec1.Sr1.DeviceVerifyData = req[len(req)-verifySize:] }))
	require.ErrorIs(t, err, security.ErrProof)
}

func TestClientPhases(t *testing.T) {
	for _, p := range []frame.Phase{frame.Cmd0, frame.Cmd1, frame.Cmd2} {
		c, _, _ := clientIn(t, p)
		require.Equal(t, p == frame.Cmd2, c.Proving())
		_, err := c.Encrypt(nil, []byte("x"))
		require.ErrorIs(t, err, protocomm.ErrInvalidState)
		out, err := c.Decrypt([]byte("dst"), []byte("x"))
		require.ErrorIs(t, err, protocomm.ErrInvalidState)
		require.Equal(t, "dst", string(out))
		c.Close()
		c.Close()
		dead(t, c)
	}
	c, s, _ := clientIn(t, frame.Done)
	require.False(t, c.Proving())
	_, _, err := c.Step(nil)
	require.ErrorIs(t, err, protocomm.ErrInvalidState)
	exchange(t, s, c, 12) // a Step too many does no harm
	c.Close()
	dead(t, c)
}

func TestQP25_NothingSecretIsPrinted(t *testing.T) {
	const pop = "correct horse"
	cfg := Config{PoP: security.Secret(pop), Rand: bytes.NewReader(bytes.Repeat([]byte{0x5A}, 96))}
	sec, err := New(cfg)
	require.NoError(t, err)
	s, err := sec.NewSession()
	require.NoError(t, err)
	c := newClient(t, pop)
	establish(t, s.(*session), c)
	half, err := sec.NewSession()
	require.NoError(t, err)
	c2, err := NewClient(Config{PoP: security.Secret(pop)})
	require.NoError(t, err)
	req, _, err := c2.Step(nil)
	require.NoError(t, err)
	_, _ = half.Handshake(nil, req)

	var shown strings.Builder
	for _, v := range []any{cfg, &cfg, cfg.PoP, struct{ C Config }{cfg}, sec, *sec, s, half, c, *c, c2, *c2} {
		fmt.Fprintf(&shown, "%v\n%+v\n%#v\n%s\n", v, v, v, v)
	}
	fmt.Fprintf(&shown, "%q\n%x\n", cfg.PoP, cfg.PoP)
	text, err := json.Marshal(cfg.PoP)
	require.NoError(t, err)
	shown.Write(text)
	require.Implements(t, (*encoding.TextMarshaler)(nil), cfg.PoP)
	_, err = New(Config{PoP: security.Secret(make([]byte, MaxPoP+1))})
	shown.WriteString(err.Error())

	hash := sec.params.pop[:]
	for _, secret := range []string{
		pop, hex.EncodeToString([]byte(pop)), fmt.Sprint([]byte(pop)), fmt.Sprintf("%#v", []byte(pop)[0]) + ", ",
		hex.EncodeToString(hash[:4]), fmt.Sprint(hash[0], " ", hash[1]), fmt.Sprintf("%#v, %#v", hash[0], hash[1]), "90 90 90", "0x5a, 0x5a", "5a5a5a",
	} {
		require.NotContains(t, shown.String(), secret)
	}
}
