// SPDX-License-Identifier: Apache-2.0

package gatt

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// More clients at once than half-open sessions: the instance closes the oldest
// session, and its client, which cannot know, shakes hands all the same. Nothing
// is left of it when it goes in the middle.
func TestMoreClientsThanHalfOpenSessions(t *testing.T) {
	one, err := sec1.New(sec1.Config{PoP: "abcd1234"})
	require.NoError(t, err)
	bubble(t, one, func(r *rig) {
		conns := []ble.Conn{r.start()}
		for range 2 * protocomm.DefaultMaxHalfOpen {
			conns = append(conns, r.connect())
		}
		for _, c := range conns[:protocomm.DefaultMaxSessions] {
			phone, err := sec1.NewClient(sec1.Config{PoP: "abcd1234"})
			require.NoError(t, err)
			req, _, err := phone.Step(nil)
			require.NoError(t, err)
			require.NoError(t, r.p.Write(c, charSession, req))
			req, _, err = phone.Step([]byte(r.read(c, charSession)))
			require.NoError(t, err)
			require.NoError(t, r.p.Write(c, charSession, req))
			require.True(t, r.pc.SessionEstablished(session(c)))
			require.ErrorIs(t, r.p.Write(c, charSession, req), ble.ATTInvalidPDU, "Command1 again")
		}
		open, half := r.pc.Sessions()
		require.Equal(t, []int{protocomm.DefaultMaxSessions, 0}, []int{open, half})
	})
}

// late is a security whose sessions take their time to begin.
type late struct {
	protocomm.Security
	hook func()
}

func (l *late) NewSession() (protocomm.Session, error) {
	if l.hook != nil {
		l.hook()
	}
	return l.Security.NewSession()
}

// A client that goes while a fresh session begins for its handshake leaves none.
func TestGoneWhenASessionBeginsAgain(t *testing.T) {
	one, err := sec1.New(sec1.Config{PoP: "abcd1234"})
	require.NoError(t, err)
	sec := &late{Security: one}
	bubble(t, sec, func(r *rig) {
		c := r.start()
		require.NoError(t, r.pc.CloseSession(session(c))) // as if to make room
		phone, err := sec1.NewClient(sec1.Config{PoP: "abcd1234"})
		require.NoError(t, err)
		req, _, err := phone.Step(nil)
		require.NoError(t, err)
		release := make(chan struct{})
		sec.hook = func() { <-release }
		go func() { _ = r.p.Write(c, charSession, req) }()
		synctest.Wait()
		r.p.HangUp(c, ble.ReasonRemoteUser)
		close(release)
		r.s.Wait()
		open, _ := r.pc.Sessions()
		require.Zero(t, open)
	})
}
