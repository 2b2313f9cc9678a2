// SPDX-License-Identifier: Apache-2.0

package sec1

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

func TestSecurityDescribesItself(t *testing.T) {
	for pop, capability := range map[string]string{"": "no_pop", "abcd1234": "", "\x00": ""} {
		sec, err := New(Config{PoP: security.Secret(pop)})
		require.NoError(t, err)
		require.Equal(t, 1, sec.Version())
		require.Equal(t, 0, sec.PatchVersion())
		require.Equal(t, capability, sec.Capability())
		require.True(t, sec.NeedsSession())
	}
}

// inPhases runs fn on sessions in each phase; alive tells afterwards whether
// the session still is what it was.
func inPhases(t *testing.T, fn func(t *testing.T, s *session, alive func(t *testing.T))) {
	t.Run("CMD0", func(t *testing.T) {
		s := newSession(t, "pop", nil)
		fn(t, s, func(t *testing.T) {
			require.Equal(t, frame.Cmd0, s.phase)
			establish(t, s, newClient(t, "pop"))
		})
	})
	t.Run("CMD1", func(t *testing.T) {
		s, c := newSession(t, "pop", nil), newClient(t, "pop")
		req, _, err := c.Step(nil)
		require.NoError(t, err)
		resp, err := s.Handshake(nil, req)
		require.NoError(t, err)
		fn(t, s, func(t *testing.T) {
			req, _, err := c.Step(resp)
			require.NoError(t, err)
			resp, err := s.Handshake(nil, req)
			require.NoError(t, err)
			_, done, err := c.Step(resp)
			require.NoError(t, err)
			require.True(t, done)
		})
	})
	t.Run("DONE", func(t *testing.T) {
		s, c := newSession(t, "pop", nil), newClient(t, "pop")
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
		m := pb.SessionData{SecVer: pb.SecScheme1, WhichProto: pb.SessionDataSec1}
		m.Sec1.Sc0.ClientPubkey = make([]byte, keySize)
		m.Sec1.Sc1.ClientVerifyData = make([]byte, verifySize)
		fn(&m)
		return m.AppendTo(nil)
	}
	params, arg := protocomm.ErrInvalidParams, protocomm.ErrInvalidArg
	cases := []struct {
		name string
		want error
		req  []byte
	}{
		{"Command0 with sc1", params, encode(func(m *pb.SessionData) { m.Sec1.WhichPayload = pb.Sec1PayloadSc1 })},
		{"Command0 with sr0", params, encode(func(m *pb.SessionData) { m.Sec1.WhichPayload = pb.Sec1PayloadSr0 })},
		{"Command0 without payload", params, encode(func(m *pb.SessionData) {})},
		{"Response0", arg, encode(func(m *pb.SessionData) {
			m.Sec1.Msg, m.Sec1.WhichPayload = pb.Sec1MsgTypeResponse0, pb.Sec1PayloadSr0
		})},
		{"Response1 with sc0", arg, encode(func(m *pb.SessionData) {
			m.Sec1.Msg, m.Sec1.WhichPayload = pb.Sec1MsgTypeResponse1, pb.Sec1PayloadSc0
		})},
		{"message 4", arg, encode(func(m *pb.SessionData) { m.Sec1.Msg, m.Sec1.WhichPayload = 4, pb.Sec1PayloadSc0 })},
		{"message -1", arg, encode(func(m *pb.SessionData) { m.Sec1.Msg, m.Sec1.WhichPayload = -1, pb.Sec1PayloadSc0 })},
		{"sec_ver 1 with sec2 member", arg, encode(func(m *pb.SessionData) { m.WhichProto = pb.SessionDataSec2 })},
		{"sec_ver 1 with sec0 member", arg, encode(func(m *pb.SessionData) { m.WhichProto = pb.SessionDataSec0 })},
		{"sec_ver 1 without member", arg, encode(func(m *pb.SessionData) { m.WhichProto = pb.SessionDataNone })},
		{"sec_ver 0", arg, encode(func(m *pb.SessionData) { m.SecVer, m.Sec1.WhichPayload = 0, pb.Sec1PayloadSc0 })},
		{"sec_ver 2", arg, encode(func(m *pb.SessionData) { m.SecVer, m.Sec1.WhichPayload = 2, pb.Sec1PayloadSc0 })},
		{"empty body", arg, nil},
		{"cut short", arg, command0(make([]byte, keySize))[:30]},
		{"no message", arg, []byte{0xFF, 0xFF, 0xFF}},
		{"security 0's command", arg, unhex(t, "5203a20100")},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			inPhases(t, func(t *testing.T, s *session, alive func(*testing.T)) {
				refused(t, s, tc.req, tc.want)
				_, err := s.Handshake(nil, tc.req)
				require.NotErrorIs(t, err, protocomm.ErrMismatch)
				if tc.want == params {
					require.ErrorContains(t, err, "its payload is missing")
				} else {
					require.NotErrorIs(t, err, params)
				}
				alive(t)
			})
		})
	}

	// Command1 asks for its phase first, then for its payload.
	command1Without := encode(func(m *pb.SessionData) { m.Sec1.Msg = pb.Sec1MsgTypeCommand1 })
	command1WithSc0 := encode(func(m *pb.SessionData) {
		m.Sec1.Msg, m.Sec1.WhichPayload = pb.Sec1MsgTypeCommand1, pb.Sec1PayloadSc0
	})
	inPhases(t, func(t *testing.T, s *session, alive func(*testing.T)) {
		want := protocomm.ErrInvalidState
		if s.phase == frame.Cmd1 {
			want = protocomm.ErrInvalidParams
		}
		for _, req := range [][]byte{command1Without, command1WithSc0} {
			refused(t, s, req, want)
			if _, err := s.Handshake(nil, req); s.phase == frame.Cmd1 {
				require.ErrorContains(t, err, "its payload is missing")
			}
		}
		alive(t)
	})
}

func TestQP3_Command1LengthIsChecked(t *testing.T) {
	for _, n := range []int{0, 1, 31, 33, 64, 4096} {
		inPhases(t, func(t *testing.T, s *session, alive func(*testing.T)) {
			want := protocomm.ErrInvalidState
			if s.phase == frame.Cmd1 {
				want = protocomm.ErrInvalidParams
			}
			refused(t, s, command1(make([]byte, n)), want)
			alive(t)
		})
	}
}

func TestQP9_WrongProofWipes(t *testing.T) {
	s, c := newSession(t, "abcd1234", nil), newClient(t, "abcd1234")
	req, _, err := c.Step(nil)
	require.NoError(t, err)
	resp, err := s.Handshake(nil, req)
	require.NoError(t, err)
	right, _, err := c.Step(resp)
	require.NoError(t, err)

	wrong := bytes.Clone(right)
	wrong[len(wrong)-1] ^= 1
	_, err = s.Handshake(nil, wrong)
	require.ErrorIs(t, err, protocomm.ErrMismatch)
	require.ErrorIs(t, err, protocomm.ErrFail)
	require.Equal(t, protocomm.CodeFail, protocomm.ErrorCode(err))
	require.Equal(t, session{params: s.params}, *s, "something was not wiped")

	refused(t, s, right, protocomm.ErrInvalidState)
	establish(t, s, newClient(t, "abcd1234"))
}

func TestWrongPoP(t *testing.T) {
	pops := []string{"abcd1234", "", "abcd1235", "abcd123", "abcd1234\x00", "ABCD1234"}
	for _, device := range pops {
		for _, client := range pops {
			s, c := newSession(t, device, nil), newClient(t, client)
			req, _, err := c.Step(nil)
			require.NoError(t, err)
			resp, err := s.Handshake(nil, req)
			require.NoError(t, err)
			req, _, err = c.Step(resp)
			require.NoError(t, err)
			_, err = s.Handshake(nil, req)
			if device == client {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, protocomm.ErrMismatch)
				require.False(t, s.Established())
			}
		}
	}
}

func TestQP10_MalformedCommand0ChangesNothing(t *testing.T) {
	for _, n := range []int{0, 1, 31, 33, 64} {
		inPhases(t, func(t *testing.T, s *session, alive func(*testing.T)) {
			refused(t, s, command0(bytes.Repeat([]byte{9}, n)), protocomm.ErrInvalidParams)
			alive(t)
		})
	}
}

func TestLowOrderKeysAreRefused(t *testing.T) {
	for _, key := range lowOrder {
		inPhases(t, func(t *testing.T, s *session, alive func(*testing.T)) {
			refused(t, s, command0(unhex(t, key)), protocomm.ErrInvalidParams)
			alive(t)
		})
	}
}

func TestNoRandomNumbers(t *testing.T) {
	for _, n := range []int{0, keySize - 1, keySize, keySize + randomSize - 1} {
		sec, err := New(Config{Rand: deadRand(n)})
		require.NoError(t, err)
		s, err := sec.NewSession()
		require.NoError(t, err)
		req, _, err := newClient(t, "").Step(nil)
		require.NoError(t, err)
		_, err = s.Handshake(nil, req)
		require.ErrorIs(t, err, protocomm.ErrFail)
		require.ErrorIs(t, err, errNoise)
		require.NotErrorIs(t, err, protocomm.ErrMismatch)

		c, err := NewClient(Config{Rand: deadRand(min(n, keySize-1))})
		require.NoError(t, err)
		_, _, err = c.Step(nil)
		require.ErrorIs(t, err, errNoise)
	}
}

func TestQP20_Command0RestartsInEveryPhase(t *testing.T) {
	inPhases(t, func(t *testing.T, s *session, _ func(*testing.T)) {
		before := newClient(t, "pop")
		for range 3 {
			c := newClient(t, "pop")
			req, _, err := c.Step(nil)
			require.NoError(t, err)
			_, err = s.Handshake(nil, req)
			require.NoError(t, err)
			require.False(t, s.Established())
			_, err = s.Decrypt(make([]byte, 5))
			require.ErrorIs(t, err, protocomm.ErrInvalidState)
			require.Nil(t, s.stream)
		}
		establish(t, s, before)
		exchange(t, s, before, 40)
	})
}

func TestQP23_LengthOfPoP(t *testing.T) {
	longest := security.Secret(bytes.Repeat([]byte{0xA5}, MaxPoP))
	_, err := New(Config{PoP: longest})
	require.NoError(t, err)
	establish(t, newSession(t, string(longest), nil), newClient(t, string(longest)))
	for _, n := range []int{MaxPoP + 1, MaxPoP + 5, 1 << 20} {
		pop := security.Secret(make([]byte, n))
		_, err = New(Config{PoP: pop})
		require.ErrorIs(t, err, protocomm.ErrInvalidArg)
		_, err = NewClient(Config{PoP: pop})
		require.ErrorIs(t, err, protocomm.ErrInvalidArg)
	}
}

func TestQP26_FlippedBitsArrive(t *testing.T) {
	s, c := newSession(t, "", nil), newClient(t, "")
	establish(t, s, c)
	wire, err := c.Encrypt(nil, []byte("join home"))
	require.NoError(t, err)
	wire[0] ^= 'j' ^ 'J'
	plain, err := s.Decrypt(wire)
	require.NoError(t, err)
	require.Equal(t, "Join home", string(plain))
}

func TestNothingBeforeTheHandshakeOrAfterClose(t *testing.T) {
	closedFails := func(t *testing.T, s *session) {
		_, err := s.Decrypt([]byte("x"))
		require.ErrorIs(t, err, protocomm.ErrInvalidState)
		out, err := s.Encrypt([]byte("dst"), []byte("x"))
		require.ErrorIs(t, err, protocomm.ErrInvalidState)
		require.Equal(t, "dst", string(out))
	}
	inPhases(t, func(t *testing.T, s *session, _ func(*testing.T)) {
		if s.phase != frame.Done {
			closedFails(t, s)
		}
		s.Close()
		s.Close()
		closedFails(t, s)
		require.False(t, s.Established())
		require.Equal(t, session{params: s.params, phase: frame.Closed}, *s, "something was not wiped")
		refused(t, s, command0(bytes.Repeat([]byte{9}, keySize)), protocomm.ErrInvalidState)
	})
}

func TestEmptyMessages(t *testing.T) {
	s, c := newSession(t, "", nil), newClient(t, "")
	establish(t, s, c)
	plain, err := s.Decrypt(nil)
	require.NoError(t, err)
	require.Empty(t, plain)
	wire, err := s.Encrypt(nil, nil)
	require.NoError(t, err)
	require.Empty(t, wire)
	exchange(t, s, c, 0)
	exchange(t, s, c, 100)
}

func TestOneSessionsKeysAreNotAnothers(t *testing.T) {
	sec, err := New(Config{PoP: "pop"})
	require.NoError(t, err)
	var sessions []*session
	var clients []*Client
	for range 3 {
		s, err := sec.NewSession()
		require.NoError(t, err)
		sessions = append(sessions, s.(*session))
		clients = append(clients, newClient(t, "pop"))
	}
	for i := range sessions {
		establish(t, sessions[i], clients[i])
	}
	for i := range sessions {
		exchange(t, sessions[i], clients[i], 33)
	}
	sessions[1].Close()
	exchange(t, sessions[0], clients[0], 5)
	exchange(t, sessions[2], clients[2], 5)
}
