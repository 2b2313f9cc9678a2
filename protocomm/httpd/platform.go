// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"net"
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd/httpserver"
)

// platformFront serves through an HTTP server of the platform's, which calls it
// with one request at a time.
type platformFront struct {
	gate
	core   *core
	server httpserver.Server

	// For the requests, which come one at a time.
	name   string // endpoint of the last one, kept to save an allocation
	from   place  // of the last one, kept likewise
	out    []byte // buffer for answers
	cookie []byte // buffer for Set-Cookie
}

// platformConn names a connection among those of one core.
type platformConn int

func newPlatformFront(c *core, s httpserver.Server, port uint16) (*platformFront, error) {
	f := &platformFront{gate: newGate(), core: c, server: s}
	if err := s.StartHTTP(port, f); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *platformFront) instance() *protocomm.Protocomm { return f.core.pc }
func (f *platformFront) addr() net.Addr                 { return nil }
func (f *platformFront) addEndpoint(name string) error  { return CheckName(name) }
func (f *platformFront) removeEndpoint(string)          {}

func (f *platformFront) stop() error {
	if err := f.server.StopHTTP(); err != nil {
		return err
	}
	f.shut()
	f.core.stop()
	return nil
}

// HTTPClosed implements httpserver.Handler.
func (f *platformFront) HTTPClosed(conn int) { f.core.sessions.connClosed(platformConn(conn)) }

// ServeHTTPRequest implements httpserver.Handler.
func (f *platformFront) ServeHTTPRequest(r *httpserver.Request, a *httpserver.Answer) {
	if !f.begin() {
		return
	}
	defer f.end()
	kind, status := f.route(r)
	if status != 0 {
		f.core.log.Log(hal.LevelDebug, "an HTTP request was refused", hal.Attr{Key: "status", Value: reason(status)})
		a.Status, a.Close = status, true
		a.Body = append(f.out[:0], sentence(status)...)
		return
	}
	if err := checkBody(kind, int64(len(r.Body)), false); err != nil {
		f.core.logDropped(err)
		return
	}
	if string(r.Remote) != f.from.name {
		f.from.name = string(r.Remote)
	}
	req := request{name: f.name, kind: kind, conn: platformConn(r.Conn), tells: true, from: f.from, body: r.Body}
	req.cookies.add(r.Cookie)
	out, err := f.core.serve(f.out[:0], req)
	if err != nil {
		f.core.logDropped(err)
		return
	}
	if cap(out.body) <= keepBuffer {
		f.out = out.body[:0]
	}
	a.Status, a.Body = 200, out.body
	if out.cookie != protocomm.NoSession {
		f.cookie = append(append(f.cookie[:0], cookieName...), '=')
		f.cookie = strconv.AppendUint(f.cookie, uint64(out.cookie), 10)
		a.Cookie = f.cookie
	}
}

// route finds the endpoint that the request is for, and returns a status if
// there is none.
func (f *platformFront) route(r *httpserver.Request) (protocomm.Kind, int) {
	if len(r.Path) == 0 || r.Path[0] != '/' {
		return 0, 404
	}
	if name := r.Path[1:]; string(name) != f.name {
		f.name = string(name)
	}
	kind, found := f.core.pc.Kind(f.name)
	switch {
	case !found:
		return 0, 404
	case !r.Post:
		return 0, 405
	}
	b := browser{
		host: r.Host, origin: r.Origin, site: r.Site,
		hasOrigin: len(r.Origin) > 0, hasSite: len(r.Site) > 0,
	}
	if !f.core.pages.allow(&b) {
		return 0, 403
	}
	return kind, 0
}
