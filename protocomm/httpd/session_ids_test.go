// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// Without a security that protects requests any request opens a session, the
// version request excepted.
func TestOpenSessions(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().open().start()
		p := r.dial()
		require.Equal(t, "200 "+versionText, p.outcome(post("/proto-ver", "x")))
		require.Equal(t, "closed", p.outcome(post("/fail", "x")))
		require.Equal(t, "200 session=2 2", r.dial().outcome(post("/who", "x")))
		require.Equal(t, "200 2", r.dial().outcome(post("/who", "x", cookie(2))))
		p = r.dial()
		require.Equal(t, "200 session=3 R\x05\b\x01\xaa\x01\x00", p.outcome(post("/prov-session", "R\x03\xa2\x01\x00")))
		require.Equal(t, "200 3", p.outcome(post("/who", "x")))

		must(t, r.pc.UnsetSecurity("prov-session")) // no security at all
		require.Equal(t, "200 session=4 4", r.dial().outcome(post("/who", "x")))
	})
}

// A client whose half-open session was closed to make room goes on with its
// cookie.
func TestEvictedHalfOpenSessionRevives(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig(func(_ *rig, c *protocomm.Config, _ *Config) { c.MaxHalfOpen = 2 }).start()
		first := r.dial()
		require.Equal(t, "200 session=1 hi", first.outcome(hello()))
		for i := 2; i < 5; i++ {
			require.Contains(t, r.dial().outcome(hello()), " hi")
		}
		require.Equal(t, "200 hi", first.outcome(hello(cookie(1))))
		require.Equal(t, "200 welcome", first.outcome(password(cookie(1))))
		require.Equal(t, "200 s:x", first.outcome(echo(cookie(1))))
	})
}

// Ids: the one that means none is never used, nor is one in use.
func TestSessionIDs(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig(func(_ *rig, _ *protocomm.Config, c *Config) {
			c.Random = io.MultiReader(strings.NewReader("\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xfe"),
				iotestErr{})
		}).start()
		require.Equal(t, "200 session=0 hi", r.dial().outcome(hello()))
		require.Equal(t, "200 session=4294967294 hi", r.dial().outcome(hello()))
		require.Equal(t, "closed", r.dial().outcome(hello()), "no randomness left")
		require.Contains(t, r.logged(), "the dice are lost")
		require.Equal(t, "200 welcome", r.dial().outcome(password(cookie(0))))
	})
}

func TestSessionIDsRunOut(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig(func(_ *rig, _ *protocomm.Config, c *Config) { c.Random = zeros{} }).start()
		require.Equal(t, "200 session=0 hi", r.dial().outcome(hello()))
		require.Equal(t, "closed", r.dial().outcome(hello()))
		require.Contains(t, r.logged(), "repeats itself")
	})
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, errors.New("the dice are lost") }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// The default ids are random.
func TestSessionIDsRandom(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, func(_ *rig, _ *protocomm.Config, c *Config) { c.Random = nil }).start()
		seen := map[string]bool{}
		for range 20 {
			_, after, _ := strings.Cut(r.dial().outcome(hello()), "session=")
			seen[after] = true
		}
		require.Len(t, seen, 20)
	})
}

// Two requests of one session never overlap, whatever connections they come on.
func TestRequestsOfOneSessionTakeTurns(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		a, b, c := r.dial(), r.dial(), r.dial()
		a.outcome(hello())
		a.outcome(password())
		require.Empty(t, a.outcome(post("/block", "s:", cookie(1))))
		require.Empty(t, b.outcome(post("/echo", "s:b", cookie(1))))
		require.Equal(t, "block", r.called())
		// Others are not held up.
		require.Equal(t, "200 session=2 hi", c.outcome(hello()))
		r.release <- struct{}{}
		synctest.Wait()
		require.Equal(t, "block echo", r.called())
		require.Contains(t, a.got(), "s:done")
		require.Contains(t, b.got(), "s:b")
	})
}

// However many strangers open sessions, what is remembered is bounded, and
// established sessions stay.
func TestSessionTableBounded(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t)
		c := newCore(r.pc, &ids{random: &counter{}}, nil)
		ask := func(ids ...protocomm.SessionID) func(body string) error {
			req := request{name: "prov-session", kind: protocomm.KindSecurity, conn: new(int)}
			for _, id := range ids {
				req.cookies.ids[0], req.cookies.n, req.cookies.present = id, 1, true
			}
			return func(body string) error {
				req.body = []byte(body)
				_, err := c.serve(nil, req)
				return err
			}
		}
		client := ask()
		must(t, client("hello"))
		must(t, client("password"))
		for range 1000 {
			must(t, ask()("hello"))
		}
		require.LessOrEqual(t, len(c.sessions.byID), maxKnown+1)
		require.LessOrEqual(t, len(c.sessions.byConn), maxKnown+1)
		open, halfOpen := r.pc.Sessions()
		require.LessOrEqual(t, open, protocomm.DefaultMaxSessions)
		require.LessOrEqual(t, halfOpen, protocomm.DefaultMaxHalfOpen)
		require.True(t, r.pc.SessionEstablished(1))
		must(t, client("hello")) // still its session: no other id was drawn
		require.NotNil(t, c.sessions.byID[1])
		c.stop()
		open, _ = r.pc.Sessions()
		require.Zero(t, open)
		require.Empty(t, c.sessions.byID)
		require.Empty(t, c.sessions.byConn)
	})
}

// The application may do anything when it is told that a session ended.
func TestSessionCloseCallbackMayStop(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		var r *rig
		r = newRig(func(_ *rig, c *protocomm.Config, _ *Config) {
			c.OnSessionClose = func(protocomm.SessionID) { _ = r.server.Stop(r.pc) }
		}).start()
		r.dial().outcome(post("/prov-session", "wrong"))
		r.server.Wait()
		require.Nil(t, r.server.Addr())
	})
}
