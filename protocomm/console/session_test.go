// SPDX-License-Identifier: Apache-2.0

package console

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// The session rules under a security that needs a handshake.
func TestSessionRules(t *testing.T) {
	bubble(t, Config{NoEcho: true}, toy{}, func(t *testing.T, r *rig) {
		r.start()
		require.Equal(t, none, r.ask("echo", 0, "s:x"), "no session yet")
		require.Equal(t, versionText, r.ask("proto-ver", 5, "x"))
		open, _ := r.pc.Sessions()
		require.Zero(t, open, "neither a request nor a question opens one")

		require.Equal(t, "hi", r.ask("prov-session", 0, "hello"))
		require.Equal(t, none, r.ask("echo", 0, "s:x"), "the handshake is not complete")
		require.Equal(t, "welcome", r.ask("prov-session", 0, "proof"))
		require.Equal(t, "s:x", r.ask("echo", 0, "s:x"))

		require.Equal(t, versionText, r.ask("proto-ver", 1, "x"))
		require.Equal(t, none, r.ask("echo", 1, "s:x"), "a request with another number")
		require.Equal(t, none, r.ask("nothing", 1, "s:x"))
		require.Equal(t, none, r.ask("fail", 0, "s:x"))
		require.Equal(t, "s:x", r.ask("echo", 0, "s:x"), "none of these disturbs the session")
		require.Empty(t, r.closedSessions())

		require.Equal(t, "hi", r.ask("prov-session", 1, "hello"), "another number begins a session")
		require.Equal(t, []protocomm.SessionID{0}, r.closedSessions(), "and ends the one before")
		require.Equal(t, none, r.ask("echo", 0, "s:x"))
		require.Equal(t, "welcome", r.ask("prov-session", 1, "proof"))
		require.Equal(t, "s:1", r.ask("who", 1, "s:x"))

		require.Equal(t, "hi", r.ask("prov-session", 1, "hello"), "the same number begins again")
		require.Equal(t, "welcome", r.ask("prov-session", 1, "proof"))
		require.Equal(t, "s:x", r.ask("echo", 1, "s:x"))
		open, _ = r.pc.Sessions()
		require.Equal(t, 1, open)
	})
}

// Under a security that needs no handshake any request opens the session.
func TestSessionWithoutHandshake(t *testing.T) {
	bubble(t, Config{NoEcho: true}, nil, func(t *testing.T, r *rig) {
		r.start()
		require.Equal(t, "3", r.ask("who", 3, "x"))
		require.True(t, r.pc.SessionEstablished(3))
		require.Equal(t, "4", r.ask("who", 4, "x"))
		require.Equal(t, []protocomm.SessionID{3}, r.closedSessions())
		must(t, r.server.Stop(r.pc))
		require.Equal(t, []protocomm.SessionID{4}, r.closedSessions())
	})
}

// A handshake goes on under the same number when the instance has closed the
// session; a message out of turn stays refused.
func TestClosedSessionComesBack(t *testing.T) {
	bubble(t, Config{NoEcho: true}, toy{}, func(t *testing.T, r *rig) {
		r.start()
		require.Equal(t, "hi", r.ask("prov-session", 0, "hello"))
		must(t, r.pc.CloseSession(0))
		require.Equal(t, none, r.ask("echo", 0, "s:x"))
		require.Equal(t, none, r.ask("prov-session", 0, "proof"))
		require.Equal(t, "hi", r.ask("prov-session", 0, "hello"))
		require.Equal(t, "welcome", r.ask("prov-session", 0, "proof"))
		require.Equal(t, none, r.ask("prov-session", 0, "proof"), "out of turn")
		require.Equal(t, "s:x", r.ask("echo", 0, "s:x"), "and harmless")
	})
}

// The end of the stream ends the session; the service can be stopped and
// started again.
func TestStreamEnds(t *testing.T) {
	bubble(t, Config{NoEcho: true}, toy{}, func(t *testing.T, r *rig) {
		for range 3 {
			r.start()
			require.Equal(t, "hi", r.ask("prov-session", 0, "hello"))
			require.Empty(t, r.line.say("echo 0 41")) // its end never comes
			r.line.Conn.Close()
			r.server.Wait()
			require.Equal(t, []protocomm.SessionID{0}, r.closedSessions())
			require.ErrorIs(t, r.server.Start(r.pc), protocomm.ErrInvalidState)
			must(t, r.server.Stop(r.pc))
			logs := r.logged()
			require.Len(t, logs, 1)
			require.Contains(t, logs[0], "stream ended")
			require.Empty(t, r.closedSessions())
		}
	})
}
