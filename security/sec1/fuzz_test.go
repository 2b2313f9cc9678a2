// SPDX-License-Identifier: Apache-2.0

package sec1

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
	f.Add(append([]byte{0, 41}, command0(bytes.Repeat([]byte{9}, keySize))...))
	f.Add(append([]byte{1, 0, 43}, command1(bytes.Repeat([]byte{9}, verifySize))...))
	f.Add([]byte{0, 4, 0x10, 1, 0x5a, 0, 0, 7, 0x5a, 5, 8, 2, 0xb2, 1, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		s := newSession(t, "pop", nil)
		var c *Client    // the honest client
		var proof []byte // its Command1, as long as the device waits for it
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
				require.Equal(t, session{params: s.params}, *s)
			default:
				require.Equal(t, before, *s)
				require.Equal(t, "dst", string(out))
			}
			if s.phase != frame.Cmd1 || s.key != before.key {
				proof = nil
			}
			return err
		}
		for len(script) > 0 {
			switch num() % 6 {
			case 0: // anything
				req := take(num())
				if play(req) == nil && s.Established() {
					require.Equal(t, proof, req)
				}
			case 1: // an honest Command0
				c = newClient(t, "pop")
				req, _, err := c.Step(nil)
				require.NoError(t, err)
				resp, err := s.Handshake(nil, req)
				require.NoError(t, err)
				proof, _, err = c.Step(resp)
				require.NoError(t, err)
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
				req := flip(proof, (num()<<8|num())%(8*len(proof)))
				_ = play(req)
				require.False(t, s.Established())
			case 4: // data from the honest client
				if s.Established() {
					exchange(t, s, c, num())
				}
			case 5: // data from anybody
				req := bytes.Clone(take(num()))
				if !s.Established() {
					_, err := s.Decrypt(req)
					require.ErrorIs(t, err, protocomm.ErrInvalidState)
				}
			}
		}
	})
}

// FuzzClient gives a client any answers. It never believes a device that
// does not know the proof of possession.
func FuzzClient(f *testing.F) {
	s := newSession(f, "", nil)
	c := newClient(f, "")
	req, _, _ := c.Step(nil)
	resp0, _ := s.Handshake(nil, req)
	req, _, _ = c.Step(resp0)
	resp1, _ := s.Handshake(nil, req)
	f.Add(resp0, resp1)
	f.Add(resp0, resp1[:len(resp1)-1])
	f.Add(resp1, resp0)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		c := newClient(t, "secret")
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
