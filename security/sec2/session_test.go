// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/srp"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

func TestQP16_WrongUsername(t *testing.T) {
	for _, pair := range [][2]string{
		{"wifiprow", password}, {"wifipro", password}, {"wifiprov ", password}, {"WIFIPROV", password},
		{user, "abcd1235"}, {user, ""}, {user, password + "\x00"}, {password, user}, {user + ":" + password, ""},
	} {
		s, c := newSession(t), clientWith(t, pair[0], pair[1], 1)
		refused(t, s, begin(t, s, c), protocomm.ErrMismatch)
		require.False(t, s.Established())
		require.True(t, c.Proving())
	}
}

func TestQP17_WrongProofWipes(t *testing.T) {
	s, c := newSession(t), newClient(t)
	right := begin(t, s, c)
	_, err := s.Handshake(nil, flip(right, 8*len(right)-1))
	require.ErrorIs(t, err, protocomm.ErrMismatch)
	require.ErrorIs(t, err, protocomm.ErrFail)
	require.Equal(t, protocomm.CodeFail, protocomm.ErrorCode(err))
	require.Equal(t, session{security: s.security}, *s, "something was not wiped")
	refused(t, s, right, protocomm.ErrInvalidState)
	establish(t, s, newClient(t))
}

func TestQP20_Command0RestartsInEveryPhase(t *testing.T) {
	inPhases(t, func(t *testing.T, s *session, _ func(*testing.T)) {
		for range 2 {
			begin(t, s, newClient(t))
			require.False(t, s.Established())
			_, err := s.Decrypt(make([]byte, 20))
			require.ErrorIs(t, err, protocomm.ErrInvalidState)
			require.Nil(t, s.box.aead)
		}
		c := newClient(t)
		establish(t, s, c)
		exchange(t, s, c, 40)
	})
}

// TestReplay: yesterday's messages open nothing.
func TestReplay(t *testing.T) {
	s, c := newSession(t), newClient(t)
	cmd0, _, err := c.Step(nil)
	require.NoError(t, err)
	resp0, err := s.Handshake(nil, cmd0)
	require.NoError(t, err)
	cmd1, _, err := c.Step(resp0)
	require.NoError(t, err)
	resp1, err := s.Handshake(nil, cmd1)
	require.NoError(t, err)

	again := newSession(t)
	resp, err := again.Handshake(nil, cmd0)
	require.NoError(t, err)
	require.NotEqual(t, resp0, resp)
	refused(t, again, cmd1, protocomm.ErrMismatch)

	// A device that only repeats what it heard is found out.
	victim := newClient(t)
	_, _, err = victim.Step(nil)
	require.NoError(t, err)
	_, _, err = victim.Step(resp0)
	require.NoError(t, err)
	_, _, err = victim.Step(resp1)
	require.Error(t, err)
	require.Nil(t, victim.box.aead)
}

func TestNothingBeforeTheHandshakeOrAfterClose(t *testing.T) {
	closedFails := func(t *testing.T, s *session) {
		_, err := s.Decrypt(make([]byte, 30))
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
		require.Equal(t, session{security: s.security, phase: frame.Closed}, *s, "something was not wiped")
		refused(t, s, command0(user, somePublic()), protocomm.ErrInvalidState)
	})
}

func TestNoRandomNumbers(t *testing.T) {
	for _, n := range []int{0, srp.PrivateSize - 1} {
		s := sessionOf(t, device(deadRand(n), false))
		_, err := s.Handshake(nil, command0(user, somePublic()))
		require.ErrorIs(t, err, protocomm.ErrFail)
		require.ErrorIs(t, err, errNoise)
		require.Equal(t, frame.Cmd0, s.phase)
		c, err := NewClient(ClientConfig{Username: user, Rand: deadRand(n)})
		require.NoError(t, err)
		_, _, err = c.Step(nil)
		require.ErrorIs(t, err, errNoise)
		dead(t, c)
	}
	// The nonce's are missing: the proof may come again.
	for _, fixedNonce := range []bool{false, true} {
		random := &switched{Reader: noNonces{}}
		s, c := sessionOf(t, device(random, fixedNonce)), newClient(t)
		proof := begin(t, s, c)
		_, err := s.Handshake(nil, proof)
		require.ErrorIs(t, err, errNoise)
		require.False(t, s.Established())
		random.Reader = pinned{nonce: make([]byte, 16)}
		_, err = s.Handshake(nil, proof)
		require.NoError(t, err)
	}
}

type switched struct{ io.Reader }

// noNonces gives as many private values as the device draws (Q-P14), but no
// nonce.
type noNonces struct{}

func (noNonces) Read(b []byte) (int, error) {
	if len(b) == srp.PrivateSize {
		return pinned{private: bytes.Repeat([]byte{7}, srp.PrivateSize)}.Read(b)
	}
	return 0, errNoise
}

func TestConfigBounds(t *testing.T) {
	salt, v := theSalt(), theVerifier()
	for name, cfg := range map[string]Config{
		"no salt":     {Verifier: v},
		"no verifier": {Salt: salt},
		"salt":        {Salt: make([]byte, MaxSalt+1), Verifier: v},
		"zero":        {Salt: salt, Verifier: []byte{0}},
		"one":         {Salt: salt, Verifier: []byte{1}},
		"N":           {Salt: salt, Verifier: modulusBytes(t)},
		"long":        {Salt: salt, Verifier: bytes.Repeat([]byte{1}, MaxVerifier+1)},
	} {
		_, err := New(cfg)
		require.ErrorIs(t, err, protocomm.ErrInvalidArg, name)
	}
	_, err := New(Config{Salt: bytes.Repeat([]byte{0}, MaxSalt), Verifier: v})
	require.NoError(t, err)
}

func TestQP27_OneSessionsKeysAreNotAnothers(t *testing.T) {
	var sessions []*session
	var clients []*Client
	for range 3 {
		sessions = append(sessions, newSession(t))
		clients = append(clients, newClient(t))
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

// Handshakes of one Security from several goroutines.
func TestConcurrentHandshakes(t *testing.T) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, c := newSession(t), newClient(t)
			establish(t, s, c)
			exchange(t, s, c, 50)
		})
	}
	wg.Wait()
}

// TestSessionSize holds the memory of a half-open session to what the package's
// documentation says, however long the user name.
func TestSessionSize(t *testing.T) {
	require.Less(t, unsafe.Sizeof(session{}), uintptr(1024))
	s := newSession(t)
	_, err := s.Handshake(nil, command0(strings.Repeat("u", MaxUsername), somePublic()))
	require.NoError(t, err)
	require.Nil(t, s.box.aead)
	require.Nil(t, s.box.nonce)
}
