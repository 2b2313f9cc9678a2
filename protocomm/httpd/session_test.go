// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// The rules of docs/spec/transports.md 1.4, with the deviations of Q-T2 and Q-T3,
// for both fronts.

// hello and password are the toy security's handshake.
func hello(headers ...string) string    { return post("/prov-session", "hello", headers...) }
func password(headers ...string) string { return post("/prov-session", "password", headers...) }
func echo(headers ...string) string     { return post("/echo", "s:x", headers...) }

func TestSessionByConnection(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		p := r.dial()
		require.Equal(t, "200 session=1 hi", p.outcome(hello()))
		require.Equal(t, "200 welcome", p.outcome(password()))
		require.Equal(t, "200 s:x", p.outcome(echo()))
		require.Equal(t, "200 s:1", p.outcome(post("/who", "s:")))
		// Nobody else profits.
		require.Equal(t, "closed", r.dial().outcome(echo()))
		require.Equal(t, "200 s:x", p.outcome(echo()))
	})
}

func TestSessionByCookie(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		require.Equal(t, "200 session=1 hi", r.dial().outcome(hello()))
		require.Equal(t, "200 welcome", r.dial().outcome(password(cookie(1))))
		p := r.dial()
		require.Equal(t, "200 s:x", p.outcome(echo(cookie(1))))
		require.Equal(t, "closed", p.outcome(echo())) // the cookie did not tie the connection to the session
	})
}

// Once a client shows that it knows cookies, its connection stands for nothing.
func TestCookieUsedForgetsConnection(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		p := newRig().start().dial()
		require.Equal(t, "200 session=1 hi", p.outcome(hello()))
		require.Equal(t, "200 welcome", p.outcome(password(cookie(1))))
		require.Equal(t, "200 s:x", p.outcome(echo(cookie(1))))
		require.Equal(t, "200 session=2 hi", p.outcome(hello()))
	})
}

// A connection that opened a second session stands for that one.
func TestSecondSessionOnConnection(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		p := newRig().start().dial()
		require.Equal(t, "200 session=1 hi", p.outcome(hello()))
		require.Equal(t, "200 welcome", p.outcome(password()))
		require.Equal(t, "200 session=2 hi", p.outcome(hello(cookie(99))))
		require.Equal(t, "200 welcome", p.outcome(password()))
		require.Equal(t, "200 s:2", p.outcome(post("/who", "s:")))
		require.Equal(t, "200 s:1", p.outcome(post("/who", "s:", cookie(1))))
		require.Equal(t, "200 s:2", p.outcome(post("/who", "s:")))
	})
}

// Every protocomm error closes the connection without a word.
func TestQT1_ErrorsClose(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		established := func() *peer {
			p := r.dial()
			require.Contains(t, p.outcome(hello()), " hi")
			require.Equal(t, "200 welcome", p.outcome(password()))
			return p
		}
		require.Equal(t, "closed", r.dial().outcome(echo()), "no session")
		require.Equal(t, "closed", r.dial().outcome(post("/prov-session", "wrong")), "handshake failed")
		require.Equal(t, "closed", r.dial().outcome(post("/prov-session", "?")), "handshake malformed")
		require.Equal(t, "closed", r.dial().outcome(password()), "handshake out of turn")
		require.Equal(t, "closed", established().outcome(post("/echo", "plain")), "decryption failed")
		require.Equal(t, "closed", established().outcome(post("/fail", "s:x")), "handler failed")
		halfOpen := r.dial()
		require.Contains(t, halfOpen.outcome(hello()), " hi")
		require.Equal(t, "closed", halfOpen.outcome(echo()), "handshake not complete")
		require.Equal(t, "fail", r.called())
	})
}

// A session survives its failures: the client goes on with its cookie.
func TestSessionGoesOnAfterFailure(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		p := r.dial()
		p.outcome(hello())
		p.outcome(password())
		require.Equal(t, "closed", p.outcome(post("/fail", "s:x")))
		require.Equal(t, "200 s:x", r.dial().outcome(echo(cookie(1))))
	})
}

// Nobody can name a session whose first request failed, so it does not stay.
func TestFailedFirstRequestLeavesNothing(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		var ended []protocomm.SessionID
		r := newRig(func(_ *rig, c *protocomm.Config, _ *Config) {
			c.OnSessionClose = func(id protocomm.SessionID) { ended = append(ended, id) }
		}).start()
		require.Equal(t, "closed", r.dial().outcome(password()))
		require.Equal(t, []protocomm.SessionID{1}, ended)
		open, _ := r.pc.Sessions()
		require.Zero(t, open)
		require.Equal(t, "200 session=2 hi", r.dial().outcome(hello()))
	})
}

// A TCP close does not end a session.
func TestCloseKeepsSession(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		p := r.dial()
		p.outcome(hello())
		p.outcome(password())
		p.nc.Close()
		synctest.Wait()
		if f, ok := r.server.front.(*listenFront); ok {
			require.Empty(t, f.core.sessions.byConn)
		}
		require.Equal(t, "200 s:x", r.dial().outcome(echo(cookie(1))))
	})
}

func TestQT2_StrangersDoNotDisturb(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		first := r.dial()
		require.Equal(t, "200 session=1 hi", first.outcome(hello()))
		strangers := []struct{ request, outcome string }{
			{post("/proto-ver", "x"), "200 " + versionText},
			{post("/proto-ver", "x", cookie(77)), "200 " + versionText},
			{hello(), "200 session=2 hi"},
			{hello(cookie(77)), "200 session=3 hi"},
			{echo(cookie(77)), "closed"},
			{echo(), "closed"},
			{"GET /prov-session HTTP/1.1\r\nHost: a\r\n\r\n", "405 closed"},
			{post("/prov-session", "wrong"), "closed"},
		}
		for _, s := range strangers {
			require.Equal(t, s.outcome, r.dial().outcome(s.request), s.request)
		}
		require.Equal(t, "200 welcome", first.outcome(password()))
		for _, s := range strangers[4:] {
			require.Equal(t, s.outcome, r.dial().outcome(s.request), s.request)
		}
		require.Equal(t, "200 s:x", first.outcome(echo()))
		// Asking the version in mid-session is harmless as well.
		require.Equal(t, "200 "+versionText, first.outcome(post("/proto-ver", "x")))
		require.Equal(t, "200 s:x", first.outcome(echo()))
	})
}

// A wrong cookie does not fall back on the connection, which a proxy may share
// among clients.
func TestQT2_WrongCookieOnSharedConnection(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		p := r.dial()
		p.outcome(hello())
		p.outcome(password())
		require.Equal(t, "200 session=2 hi", p.outcome(hello(cookie(77))))
		require.Equal(t, "200 s:1", p.outcome(post("/who", "s:", cookie(1))))
		require.Equal(t, "closed", p.outcome(echo(cookie(77))))
	})
}

func TestQT3_Cookies(t *testing.T) {
	tests := []struct{ name, headers string }{
		{"alone", "Cookie: session=1\r\n"},
		{"after another", "Cookie: a=1; session=1\r\n"},
		{"before another", "Cookie: session=1; a=1\r\n"},
		{"without blank", "Cookie: a=1;session=1;b=2\r\n"},
		{"long header", "Cookie: tracking=" + strings.Repeat("x", 300) + "; session=1\r\n"},
		{"two headers", "Cookie: a=1\r\nCookie: session=1\r\n"},
		{"beside a stale one", "Cookie: session=77; session=1\r\n"},
		{"beside an unreadable one", "Cookie: session=x; session=1\r\n"},
		{"beside three stale ones", "Cookie: session=7; session=8; session=9; session=1\r\n"},
		{"quoted", "Cookie: session=\"1\"\r\n"},
		{"lower-case header", "cookie: session=1\r\n"},
		{"empty pairs", "Cookie: ; ;session=1;;\r\n"},
	}
	wrong := []struct{ name, headers string }{
		{"another name", "Cookie: mysession=1\r\n"},
		{"name in capitals", "Cookie: Session=1\r\n"},
		{"no value", "Cookie: session=\r\n"},
		{"no sign", "Cookie: session\r\n"},
		{"sign", "Cookie: session=+1\r\n"},
		{"leading zero", "Cookie: session=01\r\n"},
		{"more digits", "Cookie: session=4294967297\r\n"},
		{"none", "Cookie: session=4294967295\r\n"},
		{"digits that wrap to 1", "Cookie: session=18446744073709551617\r\n"},
		{"many digits", "Cookie: session=" + strings.Repeat("1", 30) + "\r\n"},
		{"behind too many stale ones", "Cookie: session=6; session=7; session=8; session=9; session=1\r\n"},
		{"words behind", "Cookie: session=1 2\r\n"},
	}
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		p := r.dial()
		p.outcome(hello())
		p.outcome(password())
		for _, tt := range tests {
			require.Equal(t, "200 s:x", r.dial().outcome(echo(tt.headers)), tt.name)
		}
		for _, tt := range wrong {
			require.Equal(t, "closed", r.dial().outcome(echo(tt.headers)), tt.name)
		}
	})
}

func TestQT5_QueryIgnored(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		p := newRig().open().start().dial()
		require.Equal(t, "200 session=1 x", p.outcome(post("/echo?a=b&c", "x")))
		require.Equal(t, "200 x", p.outcome(post("/echo?", "x")))
		require.Equal(t, "200 "+versionText, p.outcome(post("/proto-ver?x=/y", "x")))
	})
}

// A client that reconnects, as Android does, goes on with its cookie.
func TestQT25_NewSocket(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		require.Equal(t, "200 session=1 hi", r.dial().outcome(hello()))
		r.dial() // takes the number of the next socket
		require.Equal(t, "200 welcome", r.dial().outcome(password(cookie(1))))
		require.Equal(t, "200 s:x", r.dial().outcome(echo(cookie(1))))
	})
}

func TestQT26_EmptyVersionRequest(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		p := r.dial()
		require.Equal(t, "200 "+versionText, p.outcome("POST /proto-ver HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"))
		require.Equal(t, "200 "+versionText, p.outcome("POST /proto-ver HTTP/1.1\r\nHost: a\r\n\r\n"))
		require.Equal(t, "200 "+versionText, p.outcome(post("/proto-ver", "---")))
		for _, path := range []string{"/prov-session", "/echo"} {
			require.Equal(t, "closed", r.dial().outcome("POST "+path+" HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"))
			require.Equal(t, "closed", r.dial().outcome("POST "+path+" HTTP/1.1\r\nHost: a\r\n\r\n"))
		}
	})
}

// There is no limit to the number of endpoints; they come and go while the
// server runs.
func TestQT27_ManyEndpoints(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().open().start()
		p := r.dial()
		require.Equal(t, "200 session=1 x", p.outcome(post("/echo", "x")))
		for i := range 50 {
			name := fmt.Sprintf("custom-%d", i)
			must(t, r.pc.AddEndpoint(name, func(protocomm.SessionID, []byte) ([]byte, error) { return []byte(name), nil }))
		}
		for i := range 50 {
			name := fmt.Sprintf("custom-%d", i)
			require.Equal(t, "200 "+name, p.outcome(post("/"+name, "x")))
		}
		must(t, r.pc.RemoveEndpoint("custom-7"))
		require.Equal(t, "404 closed", p.outcome(post("/custom-7", "x")))
	})
}

// There are no socket numbers here; what identifies no connection is no way to
// a session.
func TestQT34_UnknownConnection(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t)
		c := newCore(r.pc, &ids{random: &counter{}}, nil)
		answer, err := c.serve(nil, request{name: "prov-session", kind: protocomm.KindSecurity, body: []byte("hello")})
		must(t, err)
		require.Equal(t, protocomm.SessionID(1), answer.cookie)
		_, err = c.serve(nil, request{name: "prov-session", kind: protocomm.KindSecurity, body: []byte("password")})
		require.ErrorIs(t, err, protocomm.ErrInvalidState)
		require.Empty(t, c.sessions.byConn)
	})
}
