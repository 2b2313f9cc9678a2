// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
)

// pipeNet is a listener whose connections are net.Pipe: it works under
// testing/synctest.
type pipeNet struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once

	mu    sync.Mutex
	dials int
}

func newPipeNet() *pipeNet {
	return &pipeNet{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (p *pipeNet) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	p.mu.Lock()
	p.dials++
	p.mu.Unlock()
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipeNet) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipeNet) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipeNet) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 168, 4, 1), Port: 80} }

func (p *pipeNet) dialled() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dials
}

// serveHTTP serves h until the test ends.
func (p *pipeNet) serveHTTP(t testing.TB, h http.Handler) {
	s := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	ended := make(chan struct{})
	go func() {
		s.Serve(p)
		close(ended)
	}()
	t.Cleanup(func() {
		s.Close()
		<-ended
	})
}

// serveRaw calls f for each connection, one after the other, and closes it then.
func (p *pipeNet) serveRaw(t testing.TB, f func(n int, c net.Conn)) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ; n++ {
			c, err := p.Accept()
			if err != nil {
				return
			}
			f(n, c)
			c.Close()
		}
	}()
	t.Cleanup(func() {
		p.Close()
		<-ended
	})
}

func newTestHTTP(t testing.TB, p *pipeNet, cfg HTTPConfig) *HTTP {
	cfg.Dial = p.Dial
	h, err := NewHTTP(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}
