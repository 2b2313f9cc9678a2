// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// shake sends a handshake message of the fake security.
func shake(p *protocomm.Protocomm, id protocomm.SessionID, msg string) error {
	_, err := p.Handle(nil, secEndpoint, id, []byte(msg))
	return err
}

// After a wrong proof all handshakes are refused for exactly the delay; the
// messages refused change nothing and do not prolong it (Q-P17).
func TestQP17_DelayAfterWrongProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []protocomm.SessionEvent
		p := newWith(t, protocomm.Config{
			MismatchDelay:  10 * time.Second,
			OnSessionEvent: func(_ protocomm.SessionID, e protocomm.SessionEvent) { events = append(events, e) },
		}, &fake{t: t})
		openFake(t, p, 1)
		for id := range protocomm.SessionID(3) {
			require.NoError(t, p.OpenSession(2+id))
		}
		require.NoError(t, shake(p, 3, "hello"))
		require.ErrorIs(t, shake(p, 2, "params"), protocomm.ErrInvalidArg)
		require.NoError(t, shake(p, 2, "hello"), "another failure began the delay")
		require.ErrorIs(t, shake(p, 2, "mismatch"), protocomm.ErrMismatch)
		for range 9 {
			for id, msg := range map[protocomm.SessionID]string{1: "hello", 2: "proof", 3: "proof", 4: "mismatch"} {
				err := shake(p, id, msg)
				code(t, protocomm.ErrInvalidState, err)
				require.ErrorContains(t, err, "refused for another")
			}
			time.Sleep(time.Second)
		}
		time.Sleep(time.Second - 1)
		require.Error(t, shake(p, 3, "proof"))
		require.True(t, p.SessionEstablished(1))
		require.False(t, p.SessionEstablished(3))
		time.Sleep(1)
		require.NoError(t, shake(p, 3, "proof"))
		require.True(t, p.SessionEstablished(3))
		require.Equal(t, []protocomm.SessionEvent{
			protocomm.SessionSetupOK, protocomm.SessionInvalidParams, protocomm.SessionMismatch, protocomm.SessionSetupOK,
		}, events)
	})
}

// Strangers who guess all the time do not disturb who has a session, in the
// delay or out of it, and nobody waits for it.
func TestDelayLeavesEstablishedSessionsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newSec1(t, protocomm.Config{MismatchDelay: 5 * time.Second})
		c := connect(t, p, 1)
		begin := time.Now()
		for i := range protocomm.SessionID(100) {
			guess, err := sec1.NewClient(sec1.Config{PoP: security.Secret("wrong")})
			require.NoError(t, err)
			require.NoError(t, p.OpenSession(2+i))
			stranger := &client{Client: guess, p: p, id: 2 + i}
			for err = nil; err == nil && !stranger.done; {
				err = stranger.step(t)
			}
			require.Error(t, err)
			c.works(t)
		}
		require.Zero(t, time.Since(begin), "somebody waited")
	})
}

// Proofs that arrive at the same moment are tried one after the other, so that
// the first wrong one shuts out the others.
func TestDelayAllowsOneProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sec := &fake{t: t, gate: func() { time.Sleep(time.Second) }}
		p := newWith(t, protocomm.Config{MaxHalfOpen: 8, MismatchDelay: time.Minute}, sec)
		mismatches, refusals := make(chan error, 8), make(chan error, 8)
		for id := range protocomm.SessionID(8) {
			require.NoError(t, p.OpenSession(1+id))
			go func() {
				if err := shake(p, 1+id, "mismatch"); protocomm.ErrorCode(err) == protocomm.CodeFail {
					mismatches <- err
				} else {
					refusals <- err
				}
			}()
		}
		time.Sleep(time.Hour)
		require.Len(t, mismatches, 1)
		require.Len(t, refusals, 7)
	})
}

// A session that is closed while its message waits for another's leaves no
// trace: the next message is handled.
func TestDelayAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sec := &fake{t: t, gate: func() { time.Sleep(time.Second) }}
		p := newWith(t, protocomm.Config{MismatchDelay: time.Minute}, sec)
		for id := range protocomm.SessionID(3) {
			require.NoError(t, p.OpenSession(1+id))
		}
		go func() { require.NoError(t, shake(p, 1, "hello")) }()
		synctest.Wait()
		go func() { code(t, protocomm.ErrInvalidState, shake(p, 2, "hello")) }()
		synctest.Wait()
		require.NoError(t, p.CloseSession(2))
		time.Sleep(2 * time.Second)
		begin := time.Now()
		require.NoError(t, shake(p, 3, "proof"))
		require.Equal(t, time.Second, time.Since(begin))
	})
}
