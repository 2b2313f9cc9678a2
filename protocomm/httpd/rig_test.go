// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

const versionText = `{"prov":{"ver":"v1.1"}}`

// toy is a security with a handshake that people can read: "hello" is answered
// "hi", then "password" is answered "welcome". Requests and answers begin with
// "s:". It keeps protocomm.Session's rules.
type toy struct{}

func (toy) Version() int                           { return 1 }
func (toy) PatchVersion() int                      { return 0 }
func (toy) Capability() string                     { return "" }
func (toy) NeedsSession() bool                     { return true }
func (toy) NewSession() (protocomm.Session, error) { return &toySession{}, nil }
func (s *toySession) Established() bool            { return s.phase == 2 }
func (s *toySession) Close()                       { s.phase = -1 }
func (s *toySession) Encrypt(d, r []byte) ([]byte, error) {
	return append(append(d, "s:"...), r...), s.check()
}

type toySession struct{ phase int }

func (s *toySession) check() error {
	if s.phase != 2 {
		return protocomm.ErrInvalidState
	}
	return nil
}

func (s *toySession) Handshake(dst, req []byte) ([]byte, error) {
	switch string(req) {
	case "hello":
		s.phase = 1
		return append(dst, "hi"...), nil
	case "password":
		if s.phase != 1 {
			return dst, protocomm.ErrInvalidState
		}
		s.phase = 2
		return append(dst, "welcome"...), nil
	case "wrong":
		return dst, protocomm.ErrMismatch
	}
	return dst, protocomm.ErrInvalidArg
}

func (s *toySession) Decrypt(req []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(req, []byte("s:"))
	if err := s.check(); err != nil || !ok {
		return nil, errors.Join(err, protocomm.ErrFail)
	}
	return plain, nil
}

// counter gives session ids 1, 2, 3 …
type counter struct{ n uint32 }

func (c *counter) Read(p []byte) (int, error) {
	c.n++
	return copy(p, []byte{byte(c.n >> 24), byte(c.n >> 16), byte(c.n >> 8), byte(c.n)}), nil
}

// rig is a served instance with the endpoints prov-session, proto-ver, echo
// (the request), fail (an error), empty, big (60,000 bytes), panic, who (the
// session id) and block (waits for release).
type rig struct {
	t       *testing.T
	pc      *protocomm.Protocomm
	server  *Server
	net     *simnet.Network
	closing func() // ends the application's server, if there is one
	release chan struct{}
	entered chan struct{}

	mu    sync.Mutex
	logs  []string
	calls []string
	peers []*peer
}

func must(t testing.TB, err error) {
	t.Helper()
	require.NoError(t, err)
}

// newInstance returns an instance with the rig's endpoints under toy.
func (r *rig) newInstance(cfg protocomm.Config) *protocomm.Protocomm {
	pc := protocomm.New(cfg)
	add := func(name string, h func(id protocomm.SessionID, req []byte) ([]byte, error)) {
		must(r.t, pc.AddEndpoint(name, func(id protocomm.SessionID, req []byte) ([]byte, error) {
			r.mu.Lock()
			r.calls = append(r.calls, name)
			r.mu.Unlock()
			return h(id, req)
		}))
	}
	must(r.t, pc.SetSecurity("prov-session", toy{}))
	must(r.t, pc.SetVersion("proto-ver", versionText))
	add("echo", func(_ protocomm.SessionID, req []byte) ([]byte, error) { return req, nil })
	add("who", func(id protocomm.SessionID, _ []byte) ([]byte, error) { return fmt.Appendf(nil, "%d", id), nil })
	add("fail", func(protocomm.SessionID, []byte) ([]byte, error) { return nil, errors.New("no") })
	add("empty", func(protocomm.SessionID, []byte) ([]byte, error) { return nil, nil })
	add("big", func(protocomm.SessionID, []byte) ([]byte, error) { return bytes.Repeat([]byte("x"), 60000), nil })
	add("panic", func(protocomm.SessionID, []byte) ([]byte, error) { panic("boom") })
	add("block", func(protocomm.SessionID, []byte) ([]byte, error) {
		r.entered <- struct{}{}
		<-r.release
		return []byte("done"), nil
	})
	return pc
}

func newRig(t *testing.T, options ...option) *rig {
	r := &rig{
		t: t, net: &simnet.Network{},
		release: make(chan struct{}), entered: make(chan struct{}, 100),
	}
	pcfg := protocomm.Config{Logger: r.log}
	cfg := Config{Listen: r.net.Listen, Random: &counter{}, Logger: r.log}
	for _, o := range options {
		o(r, &pcfg, &cfg)
	}
	r.pc = r.newInstance(pcfg)
	r.server = New(cfg)
	return r
}

// start serves and has everything taken down at the end of the test.
func (r *rig) start() *rig {
	r.t.Helper()
	must(r.t, r.server.Start(r.pc))
	r.t.Cleanup(r.stop)
	return r
}

func (r *rig) stop() {
	select {
	case <-r.release:
	default:
		close(r.release)
	}
	_ = r.server.Stop(r.pc)
	if r.closing != nil {
		r.closing()
	}
	for _, p := range r.peers {
		p.nc.Close()
	}
	r.server.Wait()
}

// open takes the handshake away: requests need no session (security 0).
func (r *rig) open() *rig {
	must(r.t, r.pc.UnsetSecurity("prov-session"))
	must(r.t, r.pc.SetSecurity("prov-session", sec0.New()))
	return r
}

func (r *rig) log(_ hal.Level, msg string, attrs ...hal.Attr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range attrs {
		msg += " " + a.Key + "=" + a.Value
	}
	r.logs = append(r.logs, msg)
}

func (r *rig) called() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.calls, " ")
}

func (r *rig) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.logs, "\n")
}

// peer is a client of raw bytes. It must be used inside a synctest bubble.
type peer struct {
	t  *testing.T
	nc net.Conn

	mu       sync.Mutex
	data     []byte
	ended    error // io.EOF: closed in order
	endedAt  time.Time
	dialedAt time.Time
}

// dial connects and collects what the server says.
func (r *rig) dial() *peer {
	r.t.Helper()
	return r.dialFrom("192.168.4.2")
}

// dialFrom is dial from another address.
func (r *rig) dialFrom(ip string) *peer {
	r.t.Helper()
	nc, err := r.net.DialFrom(context.Background(), netip.MustParseAddr(ip))
	must(r.t, err)
	p := &peer{t: r.t, nc: nc, dialedAt: time.Now()}
	r.peers = append(r.peers, p)
	go p.collect()
	synctest.Wait()
	return p
}

func (p *peer) collect() {
	buf := make([]byte, 4096)
	for {
		n, err := p.nc.Read(buf)
		p.mu.Lock()
		p.data = append(p.data, buf[:n]...)
		if err != nil {
			p.ended, p.endedAt = err, time.Now()
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
	}
}

// send writes and waits until nothing moves any more.
func (p *peer) send(parts ...string) *peer {
	p.t.Helper()
	_, _ = p.nc.Write([]byte(strings.Join(parts, ""))) // it may be closed; that shows in what comes back
	synctest.Wait()
	return p
}

// got returns what has arrived since the last call.
func (p *peer) got() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	s := string(p.data)
	p.data = nil
	return s
}

// closed reports whether the server has closed the connection in order.
func (p *peer) closed() bool {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended == io.EOF
}

// says sends a request and requires this answer and a connection that stays.
func (p *peer) says(request, answer string) {
	p.t.Helper()
	require.Equal(p.t, answer, p.send(request).got())
	require.False(p.t, p.closed(), "connection closed")
}

// dropped sends a request and requires a connection closed without a word.
func (p *peer) dropped(request string) {
	p.t.Helper()
	require.Empty(p.t, p.send(request).got())
	require.True(p.t, p.closed(), "connection still open")
}

// post is a request as a client sends it; headers are complete lines.
func post(path, body string, headers ...string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Length: %d\r\n%s\r\n%s",
		path, len(body), strings.Join(headers, ""), body)
}

func cookie(id int) string { return fmt.Sprintf("Cookie: session=%d\r\n", id) }

// ok is a successful answer.
func ok(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// okNew is the first successful answer of a session.
func okNew(id int, body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nSet-Cookie: session=%d\r\n\r\n%s",
		len(body), id, body)
}

// shake opens and establishes session id on the connection.
func (p *peer) shake(id int) {
	p.t.Helper()
	p.says(post("/prov-session", "hello"), okNew(id, "hi"))
	p.says(post("/prov-session", "password"), ok("welcome"))
}

// inBubble runs fn under the fake clock. Goroutines that are left at its end
// fail the test.
func inBubble(t *testing.T, fn func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, fn)
}

// outcome sends a request and tells in short what came of it: the status, for
// 200 the cookie and the body, and whether the connection was closed.
func (p *peer) outcome(request string) string {
	p.t.Helper()
	data := bufio.NewReader(strings.NewReader(p.send(request).got()))
	var out []string
	for {
		if _, err := data.Peek(1); err != nil {
			break
		}
		resp, err := http.ReadResponse(data, nil)
		must(p.t, err)
		body, err := io.ReadAll(resp.Body)
		must(p.t, err)
		out = append(out, fmt.Sprint(resp.StatusCode))
		if resp.StatusCode == 200 {
			out = append(out, resp.Header["Set-Cookie"]...)
			out = append(out, string(body))
		}
	}
	if p.closed() {
		out = append(out, "closed")
	}
	return strings.Join(out, " ")
}

// everyFront runs fn once for each front.
func everyFront(t *testing.T, fn func(t *testing.T, newRig func(options ...option) *rig)) {
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fn(t, func(options ...option) *rig { return newRig(t, append(options, f.option)...) })
			})
		})
	}
}

// option changes what a rig is made of.
type option func(*rig, *protocomm.Config, *Config)

// fronts are the ways to be reached.
var fronts = []struct {
	name   string
	option option
}{
	{"listener", func(*rig, *protocomm.Config, *Config) {}},
}
