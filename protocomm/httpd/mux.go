// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package httpd

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"time"

	"github.com/wifiprov/wifiprov/protocomm"
)

// Mux is an application's HTTP server, as far as endpoints can be added to it.
// *http.ServeMux is one. Its value must be comparable, which pointers are.
//
// A ServeMux cannot forget a path. So the first server that serves an endpoint
// on it registers a handler for good, which answers 404 while no running server
// has that endpoint, and which later servers on the same Mux use again.
type Mux interface {
	// Handle registers the handler for a path.
	Handle(pattern string, handler http.Handler)
}

// muxFront serves an application's HTTP server.
type muxFront struct {
	gate
	core  *core
	mux   Mux
	table *muxTable
}

func newMuxFront(c *core, m Mux) (*muxFront, error) {
	table, err := tableOf(m)
	if err != nil {
		return nil, err
	}
	return &muxFront{gate: newGate(), core: c, mux: m, table: table}, nil
}

func (f *muxFront) instance() *protocomm.Protocomm { return f.core.pc }
func (f *muxFront) addr() net.Addr                 { return nil }

func (f *muxFront) addEndpoint(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	return f.table.attach(name, f)
}

func (f *muxFront) removeEndpoint(name string) { f.table.detach(name, f) }

func (f *muxFront) stop() error {
	f.table.detachAll(f)
	f.shut()
	f.core.stop()
	return nil
}

// serve answers a request for the endpoint name.
func (f *muxFront) serve(w http.ResponseWriter, r *http.Request, name string) {
	kind, found := f.core.pc.Kind(name)
	switch {
	case !found, wirePath(r.URL) != "/"+name: // the Mux may be less exact
		refuse(w, 404)
		return
	}
	from := browserOf(r)
	listed := f.core.pages.listed(&from)
	switch {
	case r.Method == http.MethodOptions && listed && r.ContentLength == 0 && r.Header.Get("Access-Control-Request-Method") != "":
		preflight(w, r, &from)
		return
	case r.Method != http.MethodPost:
		refuse(w, 405)
		return
	case !f.core.pages.allow(&from):
		refuse(w, 403)
		return
	}
	if err := checkBody(kind, r.ContentLength, len(r.TransferEncoding) > 0); err != nil {
		endSoon(w)
		f.drop(err)
	}
	body, err := readBody(w, r)
	if err != nil {
		f.drop(err)
	}
	req := request{name: name, kind: kind, conn: connOf(r), from: placeNamed(r.RemoteAddr), body: body}
	for _, line := range r.Header["Cookie"] {
		req.cookies.add([]byte(line))
	}
	out, err := f.core.serve(nil, req)
	if err != nil {
		f.drop(err)
	}
	if listed {
		letRead(w, &from)
	}
	f.answer(w, r, out)
}

// browserOf returns what the request says of a web page.
func browserOf(r *http.Request) browser {
	origins, sites := r.Header["Origin"], r.Header["Sec-Fetch-Site"]
	b := browser{
		host:      []byte(r.Host),
		hasOrigin: len(origins) > 0, hasSite: len(sites) > 0,
		odd: len(origins) > 1 || len(sites) > 1,
	}
	if b.hasOrigin {
		b.origin = []byte(origins[0])
	}
	if b.hasSite {
		b.site = []byte(sites[0])
	}
	return b
}

// letRead lets a page of another origin read the answer.
func letRead(w http.ResponseWriter, b *browser) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", string(b.origin))
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Add("Vary", "Origin")
}

// preflight tells a browser that a page may send requests.
func preflight(w http.ResponseWriter, r *http.Request, b *browser) {
	letRead(w, b)
	for _, line := range preflightLines {
		if line.name != privateLine || r.Header.Get("Access-Control-Request-Private-Network") == "true" {
			w.Header().Set(line.name, line.value)
		}
	}
	w.Header()["Date"] = nil
	w.WriteHeader(statusPreflight)
}

// wirePath returns the path as the client wrote it.
func wirePath(u *url.URL) string {
	if u.RawPath != "" {
		return u.RawPath
	}
	return u.EscapedPath()
}

// drop ends the connection without an answer.
func (f *muxFront) drop(err error) {
	f.core.logDropped(err)
	panic(http.ErrAbortHandler)
}

// endSoon limits how long net/http waits for the rest of a body before it
// closes the connection.
func endSoon(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(lingerTimeout))
}

// refuse answers with an error status and ends the connection.
func refuse(w http.ResponseWriter, status int) {
	endSoon(w)
	text := sentence(status)
	h := w.Header()
	h["Date"] = nil
	h.Set("Content-Type", "text/html")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	h.Set("Connection", "close")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the client may be gone
}

// readBody reads the body, in bodyTimeout unless the application's server has
// a read time-out of its own.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength <= 0 {
		return nil, nil
	}
	if timeouts(r).ReadTimeout == 0 {
		// net/http takes the limit back when the body is complete.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	return body, err
}

// answer writes a successful answer, in writeTimeout unless the application's
// server has a write time-out of its own.
func (f *muxFront) answer(w http.ResponseWriter, r *http.Request, out reply) {
	if timeouts(r).WriteTimeout == 0 {
		// net/http takes the limit back when the answer is written.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
	}
	h := w.Header()
	h["Date"] = nil
	h.Set("Content-Type", "text/html")
	h.Set("Content-Length", strconv.Itoa(len(out.body)))
	if out.cookie != protocomm.NoSession {
		h.Set("Set-Cookie", cookieName+"="+strconv.FormatUint(uint64(out.cookie), 10))
	}
	if f.isStopped() {
		h.Set("Connection", "close")
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(out.body) // the client may be gone
}

// timeouts returns the server that a request came through, for its settings.
func timeouts(r *http.Request) *http.Server {
	if srv, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok {
		return srv
	}
	return &http.Server{}
}

// muxConn identifies a connection of net/http: the local address is the
// connection's own *net.TCPAddr, which no other connection shares while it is
// remembered here; other networks have to do with the addresses' values.
type muxConn struct {
	local  net.Addr
	remote string
}

// connOf returns what identifies a request's connection, or nil.
func connOf(r *http.Request) any {
	key := muxConn{remote: r.RemoteAddr}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if ok && reflect.ValueOf(local).Comparable() {
		key.local = local
	}
	if key == (muxConn{}) {
		return nil
	}
	return key
}
