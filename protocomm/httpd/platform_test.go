// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd/httpserver"
)

// platform is a httpserver.Server whose clients call ask.
type platform struct {
	startErr, stopErr error
	port              uint16
	handler           httpserver.Handler
}

func (p *platform) StartHTTP(port uint16, h httpserver.Handler) error {
	if p.startErr != nil {
		return p.startErr
	}
	p.port, p.handler = port, h
	return nil
}

func (p *platform) StopHTTP() error {
	if p.stopErr != nil {
		return p.stopErr
	}
	p.handler = nil
	return nil
}

// ask sends a request on a connection and tells what came of it: the status,
// the cookie, the body, and whether the connection is closed.
func (p *platform) ask(conn int, method, path, cookie, body string) string {
	return p.send(&httpserver.Request{
		Conn: conn, Post: method == "POST", Path: []byte(path), Cookie: []byte(cookie), Body: []byte(body),
	})
}

func (p *platform) send(r *httpserver.Request) string {
	var a httpserver.Answer
	p.handler.ServeHTTPRequest(r, &a)
	if a.Status == 0 {
		return "closed"
	}
	out := fmt.Sprint(a.Status)
	if len(a.Cookie) > 0 {
		out += " " + string(a.Cookie)
	}
	out += " " + string(a.Body)
	if a.Close {
		out += " closed"
	}
	return out
}

func (p *platform) post(conn int, path, body string) string {
	return p.ask(conn, "POST", path, "", body)
}

func onPlatform(t *testing.T, change ...func(*Config)) (*rig, *platform) {
	p := &platform{}
	r := newRig(t, func(_ *rig, _ *protocomm.Config, cfg *Config) {
		cfg.Platform = p
		for _, fn := range change {
			fn(cfg)
		}
	})
	return r, p
}

// Requests, sessions and refusals are those of the other fronts.
func TestPlatform(t *testing.T) {
	r, p := onPlatform(t)
	r.start()
	require.Equal(t, uint16(80), p.port)
	require.Nil(t, r.server.Addr())

	require.Equal(t, "200 "+versionText, p.post(54, "/proto-ver", ""))
	require.Equal(t, "closed", p.post(54, "/echo", "s:early"))
	require.Equal(t, "200 session=1 hi", p.post(54, "/prov-session", "hello"))
	require.Equal(t, "200 welcome", p.post(54, "/prov-session", "password"))
	require.Equal(t, "200 s:hallo", p.post(54, "/echo", "s:hallo"))
	require.Equal(t, "200 s:", p.post(54, "/empty", "s:x"))
	require.Equal(t, 60000, strings.Count(p.post(54, "/big", "s:x"), "x"), "longer than an idle connection keeps")
	require.Equal(t, "closed", p.post(54, "/fail", "s:x"))
	require.Equal(t, "closed", p.post(54, "/echo", ""), "an empty body")

	// Another client, then the first one by its cookie from elsewhere, and the
	// connection no longer stands for it.
	require.Equal(t, "200 session=2 hi", p.post(55, "/prov-session", "hello"))
	require.Equal(t, "200 s:1", p.ask(56, "POST", "/who", "session=1", "s:"))
	require.Equal(t, "closed", p.post(54, "/who", "s:"))

	// A connection that is gone stands for nobody.
	require.Equal(t, "200 welcome", p.post(55, "/prov-session", "password"))
	p.handler.HTTPClosed(55)
	require.Equal(t, "closed", p.post(55, "/who", "s:"))
	require.Equal(t, "200 s:2", p.ask(55, "POST", "/who", "theme=dark; session=2", "s:"))

	require.Equal(t, "404 There is nothing under this path. closed", p.post(54, "/nobody", "x"))
	require.Equal(t, "404 There is nothing under this path. closed", p.ask(54, "GET", "/nobody", "", ""))
	require.Equal(t, "404 There is nothing under this path. closed", p.post(54, "", "x"))
	require.Equal(t, "405 Endpoints take POST requests only. closed", p.ask(54, "GET", "/echo", "", ""))
}

func TestPlatformErrors(t *testing.T) {
	r, p := onPlatform(t, func(cfg *Config) { cfg.Port = 8080 })
	p.startErr = errors.New("no sockets")
	require.ErrorIs(t, r.server.Start(r.pc), p.startErr)
	p.startErr = nil
	r.start()
	require.Equal(t, uint16(8080), p.port)
	require.ErrorIs(t, r.server.Start(r.pc), protocomm.ErrInvalidState)
	p.stopErr = errors.New("stuck")
	require.ErrorIs(t, r.server.Stop(r.pc), p.stopErr)
	require.Equal(t, "200 "+versionText, p.post(54, "/proto-ver", ""), "everything is as before")
	p.stopErr = nil
	must(t, r.server.Stop(r.pc))
	r.server.Wait()
}

// A panic is logged, and others go on.
func TestPlatformPanic(t *testing.T) {
	r, p := onPlatform(t)
	r.open().start()
	require.Equal(t, "closed", p.post(54, "/panic", "x"))
	require.Contains(t, r.logged(), "endpoint=panic panic=boom")
	require.Equal(t, "200 session=2 x", p.post(54, "/echo", "x"))
}

// A cookie is good at the address that it was given to, if the platform knows it.
func TestPlatformPlaces(t *testing.T) {
	r, p := onPlatform(t)
	r.start()
	ask := func(conn int, remote, path, cookie, body string) string {
		return p.send(&httpserver.Request{
			Conn: conn, Post: true, Path: []byte(path), Remote: []byte(remote), Cookie: []byte(cookie), Body: []byte(body),
		})
	}
	require.Equal(t, "200 session=1 hi", ask(54, "\xc0\xa8\x04\x02", "/prov-session", "", "hello"))
	require.Equal(t, "200 welcome", ask(54, "\xc0\xa8\x04\x02", "/prov-session", "", "password"))
	require.Equal(t, "closed", ask(55, "\xc0\xa8\x04\x03", "/echo", "session=1", "s:x"))
	require.Equal(t, "closed", ask(55, "", "/echo", "session=1", "s:x"))
	require.Equal(t, "200 s:x", ask(56, "\xc0\xa8\x04\x02", "/echo", "session=1", "s:x"))
	for i := range 100 {
		ask(57+i, "\xc0\xa8\x04\x03", "/prov-session", "", "hello")
	}
	require.Equal(t, "200 session=102 hi", ask(54, "\xc0\xa8\x04\x04", "/prov-session", "", "hello"))
	for i := range 100 {
		ask(57+i, "\xc0\xa8\x04\x03", "/prov-session", "", "hello")
	}
	require.Equal(t, "200 welcome", ask(54, "\xc0\xa8\x04\x04", "/prov-session", "session=102", "password"))
}

func TestPlatformPages(t *testing.T) {
	r, p := onPlatform(t)
	r.open().start()
	for _, tt := range []struct {
		host, origin, site string
		allowed            bool
	}{
		{"192.168.4.1", "", "", true},
		{"192.168.4.1", "http://192.168.4.1", "same-origin", true},
		{"192.168.4.1", "http://evil.example", "", false},
		{"evil.example", "http://evil.example", "same-origin", false},
		{"192.168.4.1", "", "cross-site", false},
	} {
		got := p.send(&httpserver.Request{
			Conn: 54, Post: true, Path: []byte("/echo"), Body: []byte("x"),
			Host: []byte(tt.host), Origin: []byte(tt.origin), Site: []byte(tt.site),
		})
		if tt.allowed {
			require.Contains(t, got, "200 ", tt.origin)
		} else {
			require.Contains(t, got, "403 ", tt.origin)
			require.Contains(t, got, " closed")
		}
	}
}

// Stop inside of a handler, and a request that comes late.
func TestPlatformStop(t *testing.T) {
	r, p := onPlatform(t)
	must(t, r.pc.AddEndpoint("bye", func(protocomm.SessionID, []byte) ([]byte, error) {
		select {
		case <-r.server.front.done():
			t.Error("done while a handler runs")
		default:
		}
		return nil, r.server.Stop(r.pc)
	}))
	r.open().start()
	late := p.handler
	p.post(54, "/bye", "x")
	r.server.Wait()
	p.handler = late
	require.Equal(t, "closed", p.post(54, "/echo", "x"))
	require.Equal(t, "", r.called())
}

// A request costs no memory.
func TestPlatformAllocs(t *testing.T) {
	p := &platform{}
	f, err := newPlatformFront(newCore(echoInstance(t), &ids{random: &counter{}}, nil), p, 80)
	must(t, err)
	for _, cookie := range []string{"", "session=1"} {
		for _, size := range []int{64, 4096} {
			body := []byte(strings.Repeat("x", size))
			r := httpserver.Request{Conn: 54, Post: true, Path: []byte("/echo"), Cookie: []byte(cookie), Body: body}
			var a httpserver.Answer
			ask := func() {
				a = httpserver.Answer{}
				f.ServeHTTPRequest(&r, &a)
			}
			ask()
			require.Zero(t, testing.AllocsPerRun(99, ask))
			require.Equal(t, 200, a.Status)
			require.Len(t, a.Body, size)
		}
	}
}
