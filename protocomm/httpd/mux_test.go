// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package httpd

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// What concerns a caller's server alone.

func withMux(m Mux) option {
	return func(_ *rig, _ *protocomm.Config, c *Config) { c.Mux = m }
}

// The rows of docs/spec/transports.md 1.3 as far as net/http leaves them to us.
func TestMuxRefusals(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, onMux).open().start()
		tests := []struct{ name, request, outcome string }{
			{"method", "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", "405 closed"},
			{"method with body", "PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", "405 closed"},
			{"escaped path", post("/ec%68o", "x"), "404 closed"},
			{"no length", "POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", "closed"},
			{"length 0", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "closed"},
			{"chunked", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "closed"},
			{"chunked version request", "POST /proto-ver HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "closed"},
			{"length 4097", post("/echo", strings.Repeat("x", 4097)), "closed"},
			{"handler fails", post("/fail", "x"), "closed"},
			// net/http's own
			{"syntax", "POST\r\n\r\n", "400 closed"},
			{"lengths that differ", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "400 closed"},
			{"version", "POST /echo HTTP/3.0\r\nHost: a\r\n\r\n", "505 closed"},
		}
		for _, tt := range tests {
			require.Equal(t, tt.outcome, r.dial().outcome(tt.request), tt.name)
		}
		body := strings.Repeat("x", 4096)
		require.Equal(t, "200 session=2 "+body, r.dial().outcome(post("/echo", body)))
	})
}

// Header lines of an answer; net/http sorts them.
func TestMuxAnswerBytes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p := newRig(t, onMux).start().dial()
		p.says(hello(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/html\r\nSet-Cookie: session=1\r\n\r\nhi")
		p.says(password(), "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Type: text/html\r\n\r\nwelcome")
		p.says(post("/proto-ver", ""), "HTTP/1.1 200 OK\r\nContent-Length: "+fmt.Sprint(len(versionText))+
			"\r\nContent-Type: text/html\r\n\r\n"+versionText)
	})
}

// A body that is announced and does not come holds nothing up for long.
func TestMuxRefusalDoesNotWait(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, onMux).open().start()
		for _, request := range []string{
			"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n",
			"PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n",
		} {
			p := r.dial().send(request)
			time.Sleep(time.Second)
			require.LessOrEqual(t, p.age(), time.Second)
		}
	})
}

// Time-outs that the application's server has been given stay its own.
func TestMuxServerTimeouts(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		mux := http.NewServeMux()
		r := newRig(t, withMux(mux)).open()
		r.net.Buffer = 1000
		r.serveMux(mux, func(s *http.Server) { s.ReadTimeout, s.WriteTimeout = 2*time.Second, 3*time.Second })
		r.start()
		p := r.dial().send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12")
		time.Sleep(time.Minute)
		require.Equal(t, 2*time.Second, p.age())

		p = r.dialDeaf().send(post("/big", "x"))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		_, err := p.nc.Write([]byte("x"))
		require.Error(t, err)
	})
}

// A path that the application serves itself is refused, without a panic.
func TestMuxPathTaken(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		mux := http.NewServeMux()
		mux.HandleFunc("/echo", func(http.ResponseWriter, *http.Request) {})
		r := newRig(t, withMux(mux))
		require.ErrorIs(t, r.server.Start(r.pc), protocomm.ErrFail)
		must(t, r.pc.RemoveEndpoint("echo"))
		r.start()
		err := r.pc.AddEndpoint("echo", func(protocomm.SessionID, []byte) ([]byte, error) { return nil, nil })
		require.ErrorIs(t, err, protocomm.ErrFail)
		require.ErrorContains(t, err, "the Mux refused the path")
	})
}

// Names that a ServeMux would change or take for something else.
func TestMuxNames(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, onMux).start()
		for _, name := range []string{"a/", "a//b", "..", "a/../b", "./a", "50%25", "100%"} {
			err := r.pc.AddEndpoint(name, func(protocomm.SessionID, []byte) ([]byte, error) { return nil, nil })
			require.ErrorIs(t, err, protocomm.ErrInvalidArg, name)
		}
	})
}

// Two devices cannot have the same path at a time.
func TestMuxTwoServers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		mux := http.NewServeMux()
		a := newRig(t, withMux(mux)).start()
		b := newRig(t, withMux(mux))
		require.ErrorIs(t, b.server.Start(b.pc), protocomm.ErrNotSupported)
		for _, name := range a.pc.Endpoints() { // a path is free when its endpoint goes
			must(t, a.pc.RemoveEndpoint(name))
		}
		b.start()
		require.ErrorIs(t, a.pc.AddEndpoint("echo", func(protocomm.SessionID, []byte) ([]byte, error) { return nil, nil }),
			protocomm.ErrNotSupported)
		must(t, a.server.Stop(a.pc))
		require.NoError(t, b.server.Stop(b.pc))
	})
}

type badMux struct{ _ []int }

func (badMux) Handle(string, http.Handler) {}

func TestMuxUnusable(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		for _, m := range []Mux{(*http.ServeMux)(nil), badMux{}} {
			r := newRig(t, withMux(m))
			require.ErrorIs(t, r.server.Start(r.pc), protocomm.ErrInvalidArg)
		}
	})
}

// wrapped is a Mux that is not a ServeMux.
type wrapped struct{ *http.ServeMux }

func TestMuxOfAnotherType(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		m := &wrapped{http.NewServeMux()}
		r := newRig(t, withMux(m))
		r.serveMux(m)
		for range 2 {
			must(t, r.server.Start(r.pc))
			require.Equal(t, "200 "+versionText, r.dial().outcome(post("/proto-ver", "")))
			must(t, r.server.Stop(r.pc))
		}
		r.start()
	})
}

// A ServeMux that the application has let go of is not kept.
func TestMuxCollected(t *testing.T) {
	count := func() int {
		muxTables.mu.Lock()
		defer muxTables.mu.Unlock()
		return len(muxTables.of)
	}
	before := count()
	func() {
		pc := protocomm.New(protocomm.Config{})
		must(t, pc.SetVersion("proto-ver", versionText))
		for range 10 {
			s := New(Config{Mux: http.NewServeMux()})
			must(t, s.Start(pc))
			must(t, s.Stop(pc))
		}
	}()
	for range 100 {
		if count() <= before {
			return
		}
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("tables of forgotten muxes remain: ", count()-before)
}

// The handler works without a server around it.
func TestMuxRecorder(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		mux := http.NewServeMux()
		r := newRig(t, withMux(mux)).start()
		do := func(path, body string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
			return w
		}
		w := do("/prov-session", "hello")
		require.Equal(t, "hi", w.Body.String())
		require.Equal(t, "session=1", w.Header().Get("Set-Cookie"))
		require.Equal(t, "welcome", do("/prov-session", "password").Body.String())
		require.PanicsWithValue(t, http.ErrAbortHandler, func() { do("/fail", "s:x") })
		require.Equal(t, "s:y", do("/echo", "s:y").Body.String())
		must(t, r.server.Stop(r.pc))
		require.Equal(t, 404, do("/echo", "s:y").Code)
	})
}

// Other paths of the application's server are not ours.
func TestMuxLeavesOtherPaths(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		mux := http.NewServeMux()
		mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "home") })
		r := newRig(t, withMux(mux))
		r.serveMux(mux)
		r.start()
		p := r.dial()
		require.Equal(t, "200 home", p.outcome("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
		require.Equal(t, "200 session=1 hi", p.outcome(hello()))
		require.Equal(t, "200 home", p.outcome("GET /x HTTP/1.1\r\nHost: a\r\n\r\n"))
		require.Equal(t, "200 welcome", p.outcome(password()))
	})
}

// Our deadlines do not outlast our part: a long handler's request is not
// cancelled, and the application's next answer on the connection is its own.
func TestMuxDeadlinesEnd(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		mux := http.NewServeMux()
		mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "home") })
		r := newRig(t, withMux(mux)).open()
		cancelled := false
		r.serveMux(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			mux.ServeHTTP(w, req)
			cancelled = cancelled || req.Context().Err() != nil
		}))
		r.start()
		p := r.dial().send(post("/block", "x"))
		time.Sleep(time.Minute)
		r.release <- struct{}{}
		require.Equal(t, "200 session=1 done", p.outcome(""))
		require.False(t, cancelled)
		time.Sleep(time.Minute)
		require.Equal(t, "200 home", p.outcome("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
	})
}

// A connection is told from a later one with the same addresses.
func TestMuxConnections(t *testing.T) {
	request := func(remote string, local any) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = remote
		return r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))
	}
	a, b := &net.TCPAddr{Port: 80}, &net.TCPAddr{Port: 80}
	require.Equal(t, connOf(request("1.2.3.4:5", a)), connOf(request("1.2.3.4:5", a)))
	require.False(t, connOf(request("1.2.3.4:5", a)) == connOf(request("1.2.3.4:5", b)))
	require.False(t, connOf(request("1.2.3.4:5", a)) == connOf(request("1.2.3.4:6", a)))
	require.Equal(t, connOf(request("1.2.3.4:5", oddAddr{})), connOf(request("1.2.3.4:5", nil)))
	require.Nil(t, connOf(request("", nil)))
}

// oddAddr cannot be compared.
type oddAddr struct{ _ []byte }

func (oddAddr) Network() string { return "" }
func (oddAddr) String() string  { return "" }

// A request that has found its handler when the server stops is not served.
func TestMuxStopRace(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, withMux(http.NewServeMux())).start()
		f := r.server.front.(*muxFront)
		require.True(t, f.begin())
		must(t, r.server.Stop(r.pc))
		require.False(t, f.begin())
		f.end()
		r.server.Wait()
	})
}
