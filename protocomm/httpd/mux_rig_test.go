// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package httpd

import (
	"io"
	"log"
	"net"
	"net/http"
	"testing"

	"github.com/wifiprov/wifiprov/protocomm"
)

func init() {
	fronts = append(fronts, struct {
		name   string
		option option
	}{"mux", onMux})
	muxServer = func(b *testing.B, pc *protocomm.Protocomm) net.Addr {
		mux := http.NewServeMux()
		s := New(Config{Mux: mux})
		must(b, s.Start(pc))
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(b, err)
		srv := &http.Server{Handler: mux}
		go func() { _ = srv.Serve(l) }()
		b.Cleanup(func() { srv.Close() })
		return l.Addr()
	}
}

// onMux serves the rig on an application's server.
func onMux(r *rig, _ *protocomm.Config, cfg *Config) {
	mux := http.NewServeMux()
	cfg.Mux = mux
	r.serveMux(mux)
}

// serveMux runs an application's server on the rig's network.
func (r *rig) serveMux(h http.Handler, change ...func(*http.Server)) {
	l, err := r.net.Listen()
	must(r.t, err)
	srv := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	for _, fn := range change {
		fn(srv)
	}
	done := make(chan struct{})
	go func() {
		_ = srv.Serve(l)
		close(done)
	}()
	r.closing = func() {
		srv.Close()
		<-done
	}
}
