// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/srp"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

func TestSecurityDescribesItself(t *testing.T) {
	require.Equal(t, 2, countingDevice().Version())
	require.Equal(t, 1, countingDevice().PatchVersion())
	require.Equal(t, 0, fixedDevice().PatchVersion())
	require.Empty(t, countingDevice().Capability())
	require.True(t, countingDevice().NeedsSession())
}

// inPhases runs fn on sessions in each phase; alive tells afterwards whether
// the session still is what it was.
func inPhases(t *testing.T, fn func(t *testing.T, s *session, alive func(t *testing.T))) {
	t.Run("CMD0", func(t *testing.T) {
		s := newSession(t)
		fn(t, s, func(t *testing.T) {
			require.Equal(t, frame.Cmd0, s.phase)
			require.Equal(t, session{security: s.security}, *s)
		})
	})
	t.Run("CMD1", func(t *testing.T) {
		s, c := newSession(t), newClient(t)
		proof := begin(t, s, c)
		fn(t, s, func(t *testing.T) {
			resp, err := s.Handshake(nil, proof)
			require.NoError(t, err)
			_, isDone, err := c.Step(resp)
			require.NoError(t, err)
			require.True(t, isDone)
		})
	})
	t.Run("DONE", func(t *testing.T) {
		s, c := newSession(t), newClient(t)
		establish(t, s, c)
		exchange(t, s, c, 21)
		fn(t, s, func(t *testing.T) { exchange(t, s, c, 7) })
	})
}

// refused checks that s gives no answer to req, with that error.
func refused(t *testing.T, s *session, req []byte, want error) {
	t.Helper()
	out, err := s.Handshake([]byte("dst"), req)
	require.ErrorIs(t, err, want)
	require.Equal(t, "dst", string(out))
}

func TestQP2_MessageAndPayloadMustAgree(t *testing.T) {
	encode := func(fn func(*pb.SessionData)) []byte {
		m := pb.SessionData{SecVer: pb.SecScheme2, WhichProto: pb.SessionDataSec2}
		m.Sec2.Sc0.ClientPubkey, m.Sec2.Sc0.ClientUsername = somePublic(), []byte(user)
		m.Sec2.Sc1.ClientProof = make([]byte, srp.HashSize)
		fn(&m)
		return m.AppendTo(nil)
	}
	params, arg := protocomm.ErrInvalidParams, protocomm.ErrInvalidArg
	cases := []struct {
		name string
		want error
		req  []byte
	}{
		{"Command0 with sc1", params, encode(func(m *pb.SessionData) { m.Sec2.WhichPayload = pb.Sec2PayloadSc1 })},
		{"Command0 with sr0", params, encode(func(m *pb.SessionData) { m.Sec2.WhichPayload = pb.Sec2PayloadSr0 })},
		{"Command0 without payload", params, encode(func(m *pb.SessionData) {})},
		{"Response0", arg, encode(func(m *pb.SessionData) {
			m.Sec2.Msg, m.Sec2.WhichPayload = pb.Sec2MsgTypeResponse0, pb.Sec2PayloadSr0
		})},
		{"Response1 with sc0", arg, encode(func(m *pb.SessionData) {
			m.Sec2.Msg, m.Sec2.WhichPayload = pb.Sec2MsgTypeResponse1, pb.Sec2PayloadSc0
		})},
		{"message 4", arg, encode(func(m *pb.SessionData) { m.Sec2.Msg, m.Sec2.WhichPayload = 4, pb.Sec2PayloadSc0 })},
		{"message -1", arg, encode(func(m *pb.SessionData) { m.Sec2.Msg, m.Sec2.WhichPayload = -1, pb.Sec2PayloadSc0 })},
		{"sec_ver 2 with sec1 member", arg, encode(func(m *pb.SessionData) { m.WhichProto = pb.SessionDataSec1 })},
		{"sec_ver 2 with sec0 member", arg, encode(func(m *pb.SessionData) { m.WhichProto = pb.SessionDataSec0 })},
		{"sec_ver 2 without member", arg, encode(func(m *pb.SessionData) { m.WhichProto = pb.SessionDataNone })},
		{"sec_ver 0", arg, encode(func(m *pb.SessionData) { m.SecVer, m.Sec2.WhichPayload = 0, pb.Sec2PayloadSc0 })},
		{"sec_ver 1", arg, encode(func(m *pb.SessionData) { m.SecVer, m.Sec2.WhichPayload = 1, pb.Sec2PayloadSc0 })},
		{"empty body", arg, nil},
		{"no message", arg, []byte{0xFF, 0xFF, 0xFF}},
		{"security 0's command", arg, unhex(t, "5203a20100")},
		{"security 1's command", arg, append(unhex(t, "10015a25a201220a20"), make([]byte, 32)...)},
	}
	inPhases(t, func(t *testing.T, s *session, alive func(*testing.T)) {
		for _, tc := range cases {
			refused(t, s, tc.req, tc.want)
			_, err := s.Handshake(nil, tc.req)
			require.NotErrorIs(t, err, protocomm.ErrMismatch, tc.name)
			if tc.want == params {
				require.ErrorContains(t, err, "its payload is missing", tc.name)
			} else {
				require.NotErrorIs(t, err, params, tc.name)
			}
		}
		alive(t)
	})

	// Command1 asks for its phase first, then for its payload.
	command1Without := encode(func(m *pb.SessionData) { m.Sec2.Msg = pb.Sec2MsgTypeCommand1 })
	command1WithSc0 := encode(func(m *pb.SessionData) {
		m.Sec2.Msg, m.Sec2.WhichPayload = pb.Sec2MsgTypeCommand1, pb.Sec2PayloadSc0
	})
	inPhases(t, func(t *testing.T, s *session, alive func(*testing.T)) {
		want := protocomm.ErrInvalidState
		if s.phase == frame.Cmd1 {
			want = protocomm.ErrInvalidParams
		}
		refused(t, s, command1Without, want)
		refused(t, s, command1WithSc0, want)
		alive(t)
	})
}

// Command1 out of turn, and proofs of another length (protocomm.md 5.3, 6).
func TestCommand1LengthAndTurn(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 4096} {
		inPhases(t, func(t *testing.T, s *session, alive func(*testing.T)) {
			switch {
			case s.phase != frame.Cmd1:
				refused(t, s, command1(make([]byte, n)), protocomm.ErrInvalidState)
			case n != srp.HashSize:
				refused(t, s, command1(make([]byte, n)), protocomm.ErrFail)
				_, err := s.Handshake(nil, command1(make([]byte, n)))
				require.NotErrorIs(t, err, protocomm.ErrMismatch)
			default:
				return // a wrong proof: TestQP17_WrongProofWipes
			}
			alive(t)
		})
	}
}

func TestQP4_PublicValueZero(t *testing.T) {
	n := unhex(t, strings.Repeat("0", 2*srp.Size))
	modulus := modulusBytes(t)
	inPhases(t, func(t *testing.T, s *session, alive func(*testing.T)) {
		refused(t, s, command0(user, n), protocomm.ErrInvalidParams)
		refused(t, s, command0(user, modulus), protocomm.ErrInvalidParams)
		alive(t)
	})
	// The attack itself: with A = 0 or N the key is H("") for everybody.
	s := newSession(t)
	_, err := s.Handshake(nil, command0(user, modulus))
	require.ErrorContains(t, err, "would make the secret known to everybody")
	refused(t, s, command1(make([]byte, srp.HashSize)), protocomm.ErrInvalidState)
}

func TestQP5_NoncesDiffer(t *testing.T) {
	s, c := newSession(t), newClient(t)
	establish(t, s, c)
	require.Len(t, s.box.nonce, 12)
	seen := map[string]bool{}
	for range 20 {
		seen[string(s.box.nonce)] = true
		first, err := c.Encrypt(nil, []byte("the same text"))
		require.NoError(t, err)
		_, err = s.Decrypt(bytes.Clone(first))
		require.NoError(t, err)
		seen[string(s.box.nonce)] = true
		second, err := s.Encrypt(nil, []byte("the same text"))
		require.NoError(t, err)
		_, err = c.Decrypt(nil, second)
		require.NoError(t, err)
		require.NotEqual(t, first, second)
	}
	require.Len(t, seen, 40)

	// Devices before the fix used one for all; a client follows.
	s, c = sessionOf(t, fixedDevice()), clientWith(t, user, password, 0)
	establish(t, s, c)
	require.Len(t, s.box.nonce, 16)
	before := bytes.Clone(s.box.nonce)
	exchange(t, s, c, 40)
	exchange(t, s, c, 0)
	require.Equal(t, before, s.box.nonce)
	require.Equal(t, before, c.box.nonce)
}

// TestCounterWraps: the last nonce is used, then nothing goes any more.
func TestCounterWraps(t *testing.T) {
	s, c := newSession(t), newClient(t)
	establish(t, s, c)
	require.Equal(t, uint32(1), binary.BigEndian.Uint32(s.box.nonce[8:]))
	for _, b := range []*box{&s.box, &c.box} {
		binary.BigEndian.PutUint32(b.nonce[8:], 0xFFFFFFFE)
	}
	exchange(t, s, c, 5) // FFFFFFFE and FFFFFFFF
	spent := func() {
		_, err := c.Encrypt(nil, []byte("x"))
		require.ErrorIs(t, err, protocomm.ErrInvalidState)
		_, err = c.Decrypt(nil, make([]byte, 20))
		require.ErrorIs(t, err, protocomm.ErrInvalidState)
		_, err = s.Decrypt(make([]byte, 20))
		require.ErrorIs(t, err, protocomm.ErrInvalidState)
		out, err := s.Encrypt([]byte("dst"), []byte("x"))
		require.ErrorIs(t, err, protocomm.ErrInvalidState)
		require.ErrorContains(t, err, "begin a new one")
		require.Equal(t, "dst", string(out))
	}
	spent()
	spent()
	require.True(t, s.Established())
	// A new handshake helps.
	c = newClient(t)
	establish(t, s, c)
	exchange(t, s, c, 5)
	// Under the old rules nothing wraps.
	s, c = sessionOf(t, fixedDevice()), clientWith(t, user, password, 0)
	establish(t, s, c)
	for _, b := range []*box{&s.box, &c.box} {
		copy(b.nonce, bytes.Repeat([]byte{0xFF}, 16))
	}
	exchange(t, s, c, 5)
	exchange(t, s, c, 5)
}

func TestQP6_LongUsernames(t *testing.T) {
	for _, n := range []int{0, 65536, 65540, 1 << 20} {
		inPhases(t, func(t *testing.T, s *session, alive func(*testing.T)) {
			refused(t, s, command0(strings.Repeat("u", n), somePublic()), protocomm.ErrInvalidParams)
			alive(t)
		})
		_, err := NewClient(ClientConfig{Username: strings.Repeat("u", n), Password: password})
		require.ErrorIs(t, err, protocomm.ErrInvalidArg)
	}
	longest := strings.Repeat("u", MaxUsername)
	v, err := Verifier(longest, password, theSalt())
	require.NoError(t, err)
	sec, err := New(Config{Salt: theSalt(), Verifier: v})
	require.NoError(t, err)
	s, c := sessionOf(t, sec), clientWith(t, longest, password, 1)
	establish(t, s, c)
	exchange(t, s, c, 9)
	// All of it counts.
	s, c = sessionOf(t, sec), clientWith(t, longest[:MaxUsername-1]+"v", password, 1)
	refused(t, s, begin(t, s, c), protocomm.ErrMismatch)
}

func TestQP7_BadCommand0ThenClose(t *testing.T) {
	inPhases(t, func(t *testing.T, s *session, _ func(*testing.T)) {
		for range 3 {
			refused(t, s, command0(user, make([]byte, srp.Size)), protocomm.ErrInvalidParams)
		}
		s.Close()
		s.Close()
		refused(t, s, command0(user, somePublic()), protocomm.ErrInvalidState)
	})
}

func TestQP10_MalformedCommand0ChangesNothing(t *testing.T) {
	for _, n := range []int{0, 1, 383, 385, 768} {
		inPhases(t, func(t *testing.T, s *session, alive func(*testing.T)) {
			refused(t, s, command0(user, bytes.Repeat([]byte{9}, n)), protocomm.ErrInvalidParams)
			alive(t)
		})
	}
}

func TestQP11_ShortCiphertexts(t *testing.T) {
	s, c := newSession(t), newClient(t)
	establish(t, s, c)
	for _, n := range []int{0, 1, 15} {
		_, err := s.Decrypt(make([]byte, n))
		require.ErrorIs(t, err, protocomm.ErrInvalidArg, "%d bytes", n)
		out, err := c.Decrypt([]byte("dst"), make([]byte, n))
		require.ErrorIs(t, err, protocomm.ErrInvalidArg)
		require.Equal(t, "dst", string(out))
	}
	_, err := s.Decrypt(make([]byte, 16))
	require.ErrorIs(t, err, protocomm.ErrFail)
	// 16 bytes are an empty message, in both directions.
	wire, err := c.Encrypt(nil, nil)
	require.NoError(t, err)
	require.Len(t, wire, 16)
	plain, err := s.Decrypt(wire)
	require.NoError(t, err)
	require.Empty(t, plain)
	wire, err = s.Encrypt(nil, nil)
	require.NoError(t, err)
	require.Len(t, wire, 16)
	plain, err = c.Decrypt(nil, wire)
	require.NoError(t, err)
	require.Empty(t, plain)
}

func TestQP12_WrongTagRepeatedly(t *testing.T) {
	s, c := newSession(t), newClient(t)
	establish(t, s, c)
	wire, err := c.Encrypt(nil, []byte("request"))
	require.NoError(t, err)
	for bit := range 8 * len(wire) {
		_, err := s.Decrypt(flip(wire, bit))
		require.ErrorIs(t, err, protocomm.ErrFail)
	}
	plain, err := s.Decrypt(wire)
	require.NoError(t, err)
	require.Equal(t, "request", string(plain))
	wire, err = s.Encrypt(nil, []byte("answer"))
	require.NoError(t, err)
	for bit := range 8 * len(wire) {
		_, err := c.Decrypt(nil, flip(wire, bit))
		require.ErrorIs(t, err, protocomm.ErrFail)
	}
	_, err = c.Decrypt(nil, wire)
	require.NoError(t, err)
}

func TestQP13_FailedDecryptionLeavesTheCounter(t *testing.T) {
	s, c := newSession(t), newClient(t)
	establish(t, s, c)
	before := bytes.Clone(s.box.nonce)
	lost, err := c.Encrypt(nil, []byte("one"))
	require.NoError(t, err)
	_, err = s.Decrypt(flip(lost, 3))
	require.ErrorIs(t, err, protocomm.ErrFail)
	require.Equal(t, before, s.box.nonce)
	// The client has moved on: the session is of no use to it.
	wire, err := c.Encrypt(nil, []byte("two"))
	require.NoError(t, err)
	_, err = s.Decrypt(wire)
	require.ErrorIs(t, err, protocomm.ErrFail)
	// A message a second time: neither.
	s, c = newSession(t), newClient(t)
	establish(t, s, c)
	wire, err = c.Encrypt(nil, []byte("one"))
	require.NoError(t, err)
	_, err = s.Decrypt(bytes.Clone(wire))
	require.NoError(t, err)
	_, err = s.Decrypt(wire)
	require.ErrorIs(t, err, protocomm.ErrFail)
}
