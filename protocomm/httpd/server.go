// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"crypto/rand"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd/httpserver"
)

// Times of the server (transports.md 1.1).
const (
	headTimeout  = 5 * time.Second // from a request's first byte to the end of its header
	bodyTimeout  = 5 * time.Second // from there to the end of the body
	writeTimeout = 5 * time.Second // to write an answer
	// stopTimeout is what writing an answer may take once the server is
	// stopped.
	stopTimeout = time.Second
	// lingerTimeout is how long the server reads what a client sends after the last
	// answer; if it closed at once, the client's system would drop the answer.
	lingerTimeout = 500 * time.Millisecond
)

// DefaultAddr is where a server listens unless Config.Listen says otherwise.
const DefaultAddr = ":80"

// DefaultMaxHeader is the header block in bytes that a zero Config allows.
const DefaultMaxHeader = 1024

// keepBuffer is how many bytes of an answer's buffer an idle connection keeps.
const keepBuffer = 8 * 1024

// DefaultPort is the port of a platform's server unless Config.Port says
// otherwise.
const DefaultPort = 80

// DefaultMaxConns is the number of connections that a zero Config allows.
const DefaultMaxConns = 8

// Config holds the settings of a Server. The zero value serves port 80.
type Config struct {
	// Listen opens the listener at every Start; nil: TCP on DefaultAddr. It
	// is not used with a Mux.
	Listen func() (net.Listener, error)

	// Mux is the application's HTTP server, for example an *http.ServeMux (the
	// original's set_httpd_handle); nil: a listener of our own. The limits below do
	// not apply to it.
	Mux Mux

	// Platform is an HTTP server of the platform's, on an ESP32 that of ESP-IDF. It
	// serves Port. Mux must be nil then, and Listen is not used; nil: there is none.
	// The limits below do not apply to it.
	Platform httpserver.Server

	// Port of Platform; 0: 80.
	Port uint16

	// MaxConns bounds the open connections; 0 or less: DefaultMaxConns. One
	// more closes one of the address that has most of them; of these the one
	// whose last request is the longest ago, first among those without an
	// established session; it does not matter whether they are idle or in
	// the middle of a request. One whose handler is running is not closed, and
	// no address gets more than another at that one's cost: then the new one is
	// refused. The original has a single one.
	MaxConns int

	// MaxHeader bounds the header block of a request in bytes, from the end
	// of the request line to the empty line, included; 0 or less: DefaultMaxHeader.
	MaxHeader int

	// Origins are the web pages of other hosts that may talk to the device, as
	// browsers write them: https://example.com, http://example.com:8080. Requests
	// of other pages are refused with 403 (see the package's documentation). With a
	// Platform there must be none.
	Origins []string

	// Random is the source of session ids; nil: crypto/rand.Reader. Calls
	// of one server do not overlap.
	Random io.Reader

	// Logger is told why connections were closed; nil is silent.
	Logger hal.Logger
}

// Server serves one protocomm instance at a time. Its methods may be called
// from any goroutine and from handlers, except where they say otherwise.
type Server struct {
	cfg Config
	ids *ids

	mu    sync.Mutex
	front front   // running, or nil
	live  []front // running, or stopped and perhaps not over
}

// front is what clients reach, one of three kinds, from Start to Stop.
type front interface {
	instance() *protocomm.Protocomm
	// addEndpoint prepares for an endpoint; repeating it is allowed.
	addEndpoint(name string) error
	removeEndpoint(name string)
	// stop returns without waiting for handlers. After an error nothing has
	// changed.
	stop() error
	addr() net.Addr
	// done is closed when nothing is left of the front after stop.
	done() <-chan struct{}
}

// New returns a server that is not started. The configuration is copied.
func New(cfg Config) *Server {
	if cfg.Listen == nil {
		cfg.Listen = func() (net.Listener, error) { return net.Listen("tcp", DefaultAddr) }
	}
	if cfg.MaxConns <= 0 {
		cfg.MaxConns = DefaultMaxConns
	}
	if cfg.MaxHeader <= 0 {
		cfg.MaxHeader = DefaultMaxHeader
	}
	if cfg.Port == 0 {
		cfg.Port = DefaultPort
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	cfg.Origins = append([]string(nil), cfg.Origins...)
	return &Server{cfg: cfg, ids: &ids{random: cfg.Random}}
}

// Start serves the instance's endpoints, those added later included.
// Listen and the Mux must not call the server.
//
// Errors: protocomm.ErrInvalidArg for nil, and for an endpoint whose name
// cannot be a path; ErrInvalidState when the server serves this instance
// already, ErrNotSupported when it serves another; what Listen returns. After
// an error nothing is left running.
func (s *Server) Start(pc *protocomm.Protocomm) error {
	const op = "httpd: start"
	if pc == nil {
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "the protocomm instance is nil", nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.front != nil {
		if s.front.instance() == pc {
			return protocomm.Fail(op, protocomm.ErrInvalidState, "this instance is being served already", nil)
		}
		return protocomm.Fail(op, protocomm.ErrNotSupported, "another instance is being served; stop it first", nil)
	}
	if err := pages(s.cfg.Origins).check(); err != nil {
		return err
	}
	c := newCore(pc, s.ids, s.cfg.Logger)
	c.pages = s.cfg.Origins
	f, err := s.open(c)
	if err != nil {
		return err
	}
	pc.SetTransport(protocomm.Hooks{
		AddEndpoint:    func(name string, _ protocomm.Kind) error { return f.addEndpoint(name) },
		RemoveEndpoint: f.removeEndpoint,
	})
	for _, name := range pc.Endpoints() {
		if err := f.addEndpoint(name); err != nil {
			pc.SetTransport(protocomm.Hooks{})
			_ = f.stop()
			return protocomm.Fail(op, nil, "an endpoint cannot be served", err)
		}
	}
	s.front = f
	s.live = append(s.unfinished(), f)
	return nil
}

// open makes the front that the configuration asks for.
func (s *Server) open(c *core) (front, error) {
	const op = "httpd: start"
	if s.cfg.Platform != nil {
		switch {
		case s.cfg.Mux != nil:
			return nil, protocomm.Fail(op, protocomm.ErrInvalidArg, "there are both a Mux and a Platform server", nil)
		case len(s.cfg.Origins) > 0:
			return nil, protocomm.Fail(op, protocomm.ErrInvalidArg, "a Platform server cannot answer the pages of Config.Origins", nil)
		}
		f, err := newPlatformFront(c, s.cfg.Platform, s.cfg.Port)
		if err != nil {
			return nil, protocomm.Fail(op, nil, "the platform's HTTP server did not start", err)
		}
		return f, nil
	}
	if s.cfg.Mux != nil {
		f, err := newMuxFront(c, s.cfg.Mux)
		if err != nil {
			return nil, protocomm.Fail(op, nil, "the application's server cannot be used", err)
		}
		return f, nil
	}
	return openListener(c, &s.cfg)
}

// Stop ends the service of an instance. The listener and all connections are closed. A
// connection whose handler is running is closed when the answer is written, which may
// take 1 s. Stop does not wait for that; handlers may call it. No handler begins after
// Stop returned, not even for requests that wait for an earlier one of their session; a
// request that is just being handed over counts as running. Each session ends with its
// running request. On an application's server the paths answer 404 from then on, and
// connections stay open. A platform's server drops the answer of a running handler.
//
// Errors: protocomm.ErrInvalidArg when pc is not being served; the error of the
// listener's Close or of the platform's server. After such an error everything is as
// before, and Stop can be repeated.
func (s *Server) Stop(pc *protocomm.Protocomm) error {
	const op = "httpd: stop"
	s.mu.Lock()
	defer s.mu.Unlock()
	if pc == nil || s.front == nil || s.front.instance() != pc {
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "this instance is not being served", nil)
	}
	if err := s.front.stop(); err != nil {
		return protocomm.Fail(op, nil, "the listener cannot be closed", err)
	}
	pc.SetTransport(protocomm.Hooks{})
	s.front = nil
	return nil
}

// Addr returns the address of the listener; nil when the server is not
// started or has none.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.front == nil {
		return nil
	}
	return s.front.addr()
}

// Wait blocks until the server is stopped, its handlers have returned, and its
// goroutines and connections are gone; of an application's server, until the
// handlers have returned. A handler must not call it.
func (s *Server) Wait() {
	for {
		s.mu.Lock()
		s.live = s.unfinished()
		var next front
		if len(s.live) > 0 {
			next = s.live[0]
		}
		s.mu.Unlock()
		if next == nil {
			return
		}
		<-next.done()
	}
}

// unfinished returns the fronts of which something is left. mu is held.
func (s *Server) unfinished() (left []front) {
	for _, f := range s.live {
		select {
		case <-f.done():
		default:
			left = append(left, f)
		}
	}
	return left
}

// CheckName refuses with protocomm.ErrInvalidArg a name that no request line can
// carry as its path: one that is empty or longer than 511 bytes, or has blanks,
// control characters, ? or #.
func CheckName(name string) error {
	const op = "httpd: serve an endpoint"
	if name == "" || len(name)+len("/") > maxTarget {
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "its name has "+strconv.Itoa(len(name))+" bytes, not 1 to "+strconv.Itoa(maxTarget-1), nil)
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c == 0x7f || c == '?' || c == '#' {
			return protocomm.Fail(op, protocomm.ErrInvalidArg, "its name "+strconv.Quote(name)+" cannot be an HTTP path", nil)
		}
	}
	return nil
}
