// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import (
	"sync"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/explain"
	"github.com/wifiprov/wifiprov/protocomm/httpd/httpserver"
)

// httpServer is this side's state of ESP-IDF's HTTP server.
type httpServer struct {
	mu      sync.Mutex // guards what follows, and taking a request
	handler httpserver.Handler
}

// set replaces the handler and returns the former one.
func (s *httpServer) set(h httpserver.Handler) httpserver.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	former := s.handler
	s.handler = h
	return former
}

// begin sets the handler if there is none.
func (s *httpServer) begin(h httpserver.Handler) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handler != nil {
		return false
	}
	s.handler = h
	return true
}

// StartHTTP implements httpserver.Server with ESP-IDF's esp_http_server, and has its
// limits and timeouts (docs/spec/transports.md 1.1), except for the number of
// connections. There may be 4 (CONFIG_WIFIPROV_HTTP_SOCKETS); a further one closes the
// least recently used one.
func (d *Device) StartHTTP(port uint16, h httpserver.Handler) error {
	if h == nil {
		return &argError{"the HTTP handler is nil"}
	}
	if !d.http.begin(h) { // before a request can come
		return explain.Error(hal.ErrBusy, "the HTTP server runs; stop it first")
	}
	err := nativeHTTPStart(port)
	if err != nil {
		d.http.set(nil)
	}
	return err
}

// StopHTTP implements httpserver.Server. It waits for ESP-IDF's task, up to 5 s if a
// client has sent only part of a request.
func (d *Device) StopHTTP() error {
	former := d.http.set(nil)
	err := nativeHTTPStop()
	if err != nil {
		d.http.set(former)
		nativeWake() // for requests that came meanwhile
	}
	return err
}

// nextRequest answers a request, or takes the end of a connection, or runs what
// Go was given.
func (d *Device) nextRequest() bool {
	p := &d.pump
	h, closed, found := d.http.take(p)
	switch {
	case closed >= 0:
		h.HTTPClosed(closed)
	case found:
		slot := p.slot()
		p.answer = httpserver.Answer{}
		h.ServeHTTPRequest(&p.request, &p.answer)
		nativeAnswer(slot, &p.answer)
	default:
		return false
	}
	return true
}

// take takes the end of a connection, or else a request, for the handler that
// it belongs to.
func (s *httpServer) take(p *pump) (h httpserver.Handler, closed int, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	closed = -1
	if s.handler != nil {
		if closed = nativeHTTPClosed(); closed < 0 {
			found = p.nextRequest(&p.request)
		}
	}
	return s.handler, closed, found
}
