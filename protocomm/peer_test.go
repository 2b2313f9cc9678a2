// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// says asks a peer and returns the answer, or "" after an error.
func says(peer *protocomm.Peer, name, req string) string {
	out, err := peer.Handle(nil, name, []byte(req))
	if err != nil {
		return ""
	}
	return string(out)
}

func openSessions(p *protocomm.Protocomm) int {
	open, _ := p.Sessions()
	return open
}

func TestOpens(t *testing.T) {
	p := protocomm.New(protocomm.Config{})
	require.True(t, p.Opens(protocomm.KindRequest), "no security")
	require.NoError(t, p.SetSecurity(secEndpoint, sec0.New()))
	require.True(t, p.Opens(protocomm.KindRequest), "security 0")
	require.False(t, p.Opens(protocomm.KindVersion))
	p = newWith(t, protocomm.Config{}, &fake{t: t})
	require.True(t, p.Opens(protocomm.KindSecurity))
	require.False(t, p.Opens(protocomm.KindRequest))
}

// A peer whose session was closed shakes hands again; its other requests are refused.
func TestPeerShakesHandsAgain(t *testing.T) {
	closed := 0
	p := newWith(t, protocomm.Config{OnSessionClose: func(protocomm.SessionID) { closed++ }}, &fake{t: t})
	peer := p.NewPeer(1, "phone")
	require.Equal(t, protocomm.SessionID(1), peer.ID())
	require.Empty(t, says(peer, "echo", "x"))
	require.Zero(t, openSessions(p), "a request opens nothing")
	require.NoError(t, peer.Open())
	require.Equal(t, "re:proof", says(peer, secEndpoint, "proof"))
	require.Equal(t, "#X", says(peer, "echo", "x"))
	require.True(t, peer.Established())
	require.NoError(t, p.CloseSession(1))
	require.Empty(t, says(peer, "echo", "x"))
	require.False(t, peer.Established())
	require.Equal(t, "v1", says(peer, verEndpoint, ""))
	require.Equal(t, "re:hello", says(peer, secEndpoint, "hello"))
	require.Equal(t, 1, closed)
	require.Empty(t, says(peer, secEndpoint, "nonsense"), "an open session is kept")
	require.Equal(t, 1, closed)
	peer.Close()
	peer.Close()
	require.Empty(t, says(peer, secEndpoint, "hello"))
	require.ErrorIs(t, peer.Open(), protocomm.ErrInvalidState)
	require.Zero(t, openSessions(p))
}

// A handshake that the delay refuses leaves the session as it is.
func TestPeerInMismatchDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := 0
		p := newWith(t, protocomm.Config{
			MismatchDelay: time.Second, OnSessionClose: func(protocomm.SessionID) { closed++ },
		}, &fake{t: t})
		peer := p.NewPeer(1, "")
		require.NoError(t, peer.Open())
		require.Empty(t, says(peer, secEndpoint, "mismatch"))
		require.Empty(t, says(peer, secEndpoint, "proof"))
		time.Sleep(time.Second)
		require.Equal(t, "re:proof", says(peer, secEndpoint, "proof"))
		require.Zero(t, closed)
	})
}

// A peer that ends while its session begins leaves none.
func TestPeerEndsWhileItsSessionBegins(t *testing.T) {
	for _, end := range []func(*protocomm.Peer){(*protocomm.Peer).End, (*protocomm.Peer).Close} {
		sec := &fake{t: t}
		p := newWith(t, protocomm.Config{}, sec)
		peer := p.NewPeer(1, "")
		sec.onNew = func() { end(peer) }
		require.ErrorIs(t, peer.Open(), protocomm.ErrInvalidState)
		require.Zero(t, openSessions(p))
		require.Zero(t, sec.live.Load())
	}
}

// Requests enter one after another. After End and Close no other one does; the one
// that is being handled is answered after End alone.
func TestPeerTurns(t *testing.T) {
	for name, tt := range map[string]struct {
		end    func(*protocomm.Peer)
		answer string
		open   int // sessions, until the request is over
	}{
		"End":   {(*protocomm.Peer).End, "#DONE", 1},
		"Close": {(*protocomm.Peer).Close, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newWith(t, protocomm.Config{}, &fake{t: t})
				var order strings.Builder
				release := make(chan struct{})
				require.NoError(t, p.AddEndpoint("block", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
					order.Write(req)
					<-release
					return []byte("DONE"), nil
				}))
				peer := p.NewPeer(1, "")
				require.NoError(t, peer.Open())
				require.Equal(t, "re:proof", says(peer, secEndpoint, "proof"))
				answers := make([]string, 4)
				for i := range answers {
					go func() {
						if !peer.Enter() {
							answers[i] = "ended"
							return
						}
						defer peer.Leave()
						answers[i] = says(peer, "block", string(rune('a'+i)))
					}()
					synctest.Wait()
				}
				require.True(t, peer.Busy())
				require.Equal(t, "a", order.String())
				release <- struct{}{}
				synctest.Wait()
				require.Equal(t, "ab", order.String())
				tt.end(peer)
				synctest.Wait()
				require.Equal(t, []string{"#DONE", "", "ended", "ended"}, answers)
				require.Equal(t, tt.open, openSessions(p))
				release <- struct{}{}
				synctest.Wait()
				require.Equal(t, tt.answer, answers[1])
				require.Equal(t, "ab", order.String())
				require.False(t, peer.Busy())
				require.False(t, peer.Enter())
				require.Zero(t, openSessions(p))
			})
		})
	}
}
