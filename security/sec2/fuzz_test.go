// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

// FuzzHandshake plays any messages, those of an honest client and damaged
// ones among them, to a device's session, and checks it against a model:
// without the honest client's proof nobody gets in, and what is refused
// changes nothing, except that a wrong proof of the right form starts over.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte{1, 2, 4, 3, 5, 9, 9})
	f.Add([]byte{1, 3, 7, 40, 2, 1, 2, 4, 1, 2})
	f.Add(append([]byte{0, 200, 206}, command0(user, somePublic())...))
	f.Add(append([]byte{1, 0, 0, 75}, command1(bytes.Repeat([]byte{9}, 64))...))
	f.Add([]byte{0, 0, 4, 0x10, 2, 0x62, 0, 0, 0, 7, 0x62, 5, 8, 2, 0xb2, 1, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		s := newSession(t)
		var c *Client    // the honest client
		var proof []byte // its Command1, as long as the device waits for it
		honest := 0
		take := func(n int) []byte {
			n = min(n, len(script))
			b := script[:n]
			script = script[n:]
			return b
		}
		num := func() int {
			if b := take(1); len(b) == 1 {
				return int(b[0])
			}
			return 0
		}
		play := func(req []byte) error {
			before := *s
			out, err := s.Handshake([]byte("dst"), bytes.Clone(req))
			switch {
			case err == nil:
				require.Equal(t, "dst", string(out[:3]))
			case s.phase != before.phase:
				require.Equal(t, frame.Cmd1, before.phase)
				require.ErrorIs(t, err, protocomm.ErrMismatch)
				require.Equal(t, session{security: s.security}, *s)
			default:
				require.Equal(t, before, *s)
				require.Equal(t, "dst", string(out))
			}
			if s.phase != frame.Cmd1 || s.proofs != before.proofs {
				proof = nil
			}
			return err
		}
		for len(script) > 0 {
			switch num() % 6 {
			case 0: // anything
				sent := proof
				req := take(num() + num())
				if wasDone := s.Established(); play(req) == nil && s.Established() && !wasDone {
					require.Equal(t, sent, req)
				}
			case 1: // an honest Command0
				if honest++; honest > 3 {
					continue // they take long
				}
				c = newClient(t)
				proof = begin(t, s, c)
			case 2: // an honest Command1
				if proof == nil {
					continue
				}
				resp, err := s.Handshake(nil, proof)
				require.NoError(t, err)
				_, isDone, err := c.Step(resp)
				require.NoError(t, err)
				require.True(t, isDone && s.Established())
				proof = nil
			case 3: // a damaged Command1
				if proof == nil {
					continue
				}
				_ = play(flip(proof, (num()<<8|num())%(8*len(proof))))
				require.False(t, s.Established())
			case 4: // data from the honest client
				if s.Established() {
					exchange(t, s, c, num())
				}
			case 5: // data from anybody
				before := bytes.Clone(s.box.nonce)
				_, err := s.Decrypt(bytes.Clone(take(num())))
				require.Error(t, err)
				require.True(t, bytes.Equal(before, s.box.nonce))
			}
		}
	})
}

// FuzzClient gives a client any answers. It never believes a device that
// does not know the password's verifier.
func FuzzClient(f *testing.F) {
	s, c := newSession(f), newClient(f)
	req, _, _ := c.Step(nil)
	resp0, _ := s.Handshake(nil, req)
	req, _, _ = c.Step(resp0)
	resp1, _ := s.Handshake(nil, req)
	f.Add(resp0, resp1)
	f.Add(resp0, resp1[:len(resp1)-1])
	f.Add(resp1, resp0)
	f.Add(response(nop), response1(nop))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		c := clientWith(t, user, "another", 1)
		_, _, err := c.Step(nil)
		require.NoError(t, err)
		for _, resp := range [][]byte{first, second, second} {
			sent := bytes.Clone(resp)
			req, isDone, err := c.Step(resp)
			require.False(t, isDone)
			require.True(t, bytes.Equal(sent, resp))
			require.Equal(t, err != nil, req == nil)
			if err != nil {
				dead(t, c)
			}
		}
	})
}

// FuzzData gives established sessions of both kinds any ciphertext.
func FuzzData(f *testing.F) {
	counting, fixed := newSession(f), sessionOf(f, fixedDevice())
	a, b := newClient(f), clientWith(f, user, password, 0)
	establish(f, counting, a)
	establish(f, fixed, b)
	f.Add([]byte("text"), uint16(3))
	f.Add([]byte{}, uint16(0))
	f.Add(make([]byte, 16), uint16(127))
	f.Fuzz(func(t *testing.T, data []byte, bit uint16) {
		for _, pair := range []struct {
			s *session
			c *Client
		}{{counting, a}, {fixed, b}} {
			_, err := pair.s.Decrypt(bytes.Clone(data))
			require.Error(t, err)
			_, err = pair.c.Decrypt(nil, data)
			require.Error(t, err)
			wire, err := pair.c.Encrypt(nil, data)
			require.NoError(t, err)
			_, err = pair.s.Decrypt(flip(wire, int(bit)%(8*len(wire))))
			require.ErrorIs(t, err, protocomm.ErrFail)
			plain, err := pair.s.Decrypt(wire)
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, plain))
		}
	})
}
