// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

// guarded returns devices of both modes with a proof, and how to recognise it.
func guarded(t *testing.T) map[string]struct {
	d       *device
	cfg     Config
	isProof func([]byte) bool
	wrong   error
} {
	type row = struct {
		d       *device
		cfg     Config
		isProof func([]byte) bool
		wrong   error
	}
	return map[string]row{
		"1": {sec1Device(t, "pop"), Config{PoP: "pop"}, isProof, ErrPoP},
		"2": {sec2Device(t, 1), Config{Username: "wifiprov", Password: "abcd1234"}, func(b []byte) bool { return len(b) > 3 && len(b) < 100 }, ErrPassword},
	}
}

// A half-open session that the device drops to make room looks like a refused
// proof: the handshake is done once more from the start.
func TestHandshakeIsTriedAgain(t *testing.T) {
	for _, mode := range []string{"1", "2"} {
		for name, end := range map[string]error{
			"refused": errHangUp, "hung up": fmt.Errorf("%w: link lost", ErrHungUp),
		} {
			t.Run(mode+" "+name, func(t *testing.T) {
				g := guarded(t)[mode]
				evictions := 1
				g.d.raw = func(endpoint string, body []byte) ([]byte, error) {
					if endpoint == endpointSession && g.isProof(body) && evictions > 0 {
						evictions--
						g.d.session = nil // somebody else's now
						return nil, end
					}
					return nil, errPass
				}
				asked := 0
				g.cfg.AskPoP = func(context.Context) (hal.Secret, error) { asked++; return g.cfg.PoP, nil }
				c := newClient(t, newWire(g.d), g.cfg)
				defer c.Close()
				require.NoError(t, c.Connect(t.Context()))
				require.Equal(t, 4, count(g.d.requests(), endpointSession))
				require.Equal(t, 1, count(g.d.requests(), endpointVersion))
				_, err := c.Status(t.Context())
				require.NoError(t, err)

				// Twice is too often.
				evictions = 1000
				err = c.Connect(t.Context())
				require.Equal(t, 8, count(g.d.requests(), endpointSession))
				require.ErrorIs(t, err, g.wrong)
				require.ErrorContains(t, err, "another client may have pushed this one out")
				require.Equal(t, name == "refused", errors.Is(err, ErrRefused))
			})
		}
	}
}

// A wrong proof costs two attempts and no more, and is said to be one: also of a
// device that makes everybody wait after it, or that cannot be reached again.
func TestWrongProofIsTriedTwice(t *testing.T) {
	for name, second := range map[string]error{
		"": nil, "waits": errHangUp, "unreachable": fmt.Errorf("%w: gone", ErrUnreachable), "no device": ErrNoDevice, "breaks": ErrNoAnswer,
	} {
		t.Run(name, func(t *testing.T) {
			d := sec1Device(t, "pop")
			d.raw = func(endpoint string, _ []byte) ([]byte, error) {
				if second != nil && count(d.log, endpointSession) >= 2 && endpoint == endpointSession {
					return nil, second
				}
				return nil, errPass
			}
			c := newClient(t, newWire(d), Config{PoP: "wrong"})
			defer c.Close()
			err := c.Connect(t.Context())
			require.ErrorIs(t, err, ErrPoP)
			require.ErrorIs(t, err, ErrRefused)
			require.ErrorContains(t, err, "device refused the proof of possession (check the PoP; if right, another client")
			sent := 4
			if second != nil {
				sent = 3
			}
			require.Equal(t, sent, count(d.requests(), endpointSession))
		})
	}
	t.Run("the caller gives up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := sec1Device(t, "pop")
			ctx, cancel := context.WithCancel(t.Context())
			d.raw = func(_ string, body []byte) ([]byte, error) {
				if isProof(body) {
					cancel()
				}
				return nil, errPass
			}
			w := newWire(d)
			w.delay = 1
			c := newClient(t, w, Config{Security: Security1, PoP: "wrong"})
			defer c.Close()
			err := c.Connect(ctx)
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, ErrPoP)
		})
	})
	// A second try that fails in another way says so.
	for name, tc := range map[string]struct {
		answer []byte
		err    error
	}{
		"wrong proof of the device": {unhex("10015a270803ba01221a20" + strings.Repeat("00", 32)), ErrPoP},
		"nonsense":                  {[]byte("\xff"), ErrBadAnswer},
	} {
		d := sec1Device(t, "pop")
		proofs := 0
		d.raw = func(_ string, body []byte) ([]byte, error) {
			if isProof(body) {
				if proofs++; proofs == 2 {
					return tc.answer, nil
				}
				return nil, errHangUp
			}
			return nil, errPass
		}
		c := newClient(t, newWire(d), Config{Security: Security1, PoP: "pop"})
		defer c.Close()
		err := c.Connect(t.Context())
		require.ErrorIs(t, err, tc.err, name)
		require.NotErrorIs(t, err, ErrRefused, name)
		require.NotContains(t, err.Error(), "another client", name)
	}
	// A link that breaks at the proof is no refusal, and the first message has no
	// half-open session before it: neither is tried again.
	d := sec1Device(t, "pop")
	d.raw = func(_ string, body []byte) ([]byte, error) {
		if isProof(body) {
			return nil, ErrNoAnswer
		}
		return nil, errPass
	}
	broken := newClient(t, newWire(d), Config{Security: Security1, PoP: "pop"})
	defer broken.Close()
	err := broken.Connect(t.Context())
	require.ErrorIs(t, err, ErrNoAnswer)
	require.NotErrorIs(t, err, ErrPoP)
	require.Len(t, d.requests(), 2)
	d = sec1Device(t, "pop")
	d.raw = func(endpoint string, _ []byte) ([]byte, error) { return nil, errHangUp }
	c := newClient(t, newWire(d), Config{Security: Security1, PoP: "pop"})
	defer c.Close()
	err = c.Connect(t.Context())
	require.ErrorIs(t, err, ErrRefused)
	require.NotErrorIs(t, err, ErrPoP)
	require.Len(t, d.requests(), 1)
}
