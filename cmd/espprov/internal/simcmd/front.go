// SPDX-License-Identifier: Apache-2.0

package simcmd

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// Limits of the common port.
const (
	headTime  = 10 * time.Second // for the head of a request
	idleTime  = 2 * time.Minute  // between two requests
	maxHeader = 16 << 10
)

// front is one port for many softap devices. It hands requests on to them as they are,
// over connections that each client has for itself: a device sees the clients'
// addresses, and what happens to its connection happens to the client's.
type front struct {
	listener net.Listener
	server   http.Server
	proxy    httputil.ReverseProxy
	devices  map[string]*simdevice.Device // by name
	hosts    map[string]*simdevice.Device // by name in small letters
	done     chan struct{}                // closed when nothing is left; nil: serve was not called

	mu    sync.Mutex
	peers map[net.Conn]*peer // clients that are connected
}

// listen opens the port.
func listen(address string) (*front, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, explain(err)
	}
	return &front{listener: l, devices: map[string]*simdevice.Device{}, hosts: map[string]*simdevice.Device{}, peers: map[net.Conn]*peer{}}, nil
}

func (f *front) serve(devices []*simdevice.Device) {
	for _, d := range devices {
		if d.Transport() == simdevice.HTTP {
			f.devices[d.Name()], f.hosts[strings.ToLower(d.Name())] = d, d
		}
	}
	silent := log.New(io.Discard, "", 0)
	f.proxy = httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "device"
			r.Out.Host = r.In.Host
		},
		Transport:     roundTripper{},
		FlushInterval: -1, // at once
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:      silent,
	}
	f.server = http.Server{
		Handler: f, ErrorLog: silent, ReadHeaderTimeout: headTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ConnContext: f.connected, ConnState: f.state,
	}
	f.done = make(chan struct{})
	go func() {
		defer close(f.done)
		_ = f.server.Serve(f.listener)
	}()
}

func (f *front) close() {
	if f.done == nil {
		_ = f.listener.Close()
		return
	}
	_ = f.server.Close()
	<-f.done
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.peers {
		p.leave()
	}
}

// url is where a device is.
func (f *front) url(name string) string {
	return "http://" + f.listener.Addr().String() + "/" + url.PathEscape(name)
}

// ServeHTTP hands a request to the device that its host names, or its path.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	device := f.hosts[strings.TrimSuffix(strings.ToLower(host), ".local")]
	if device == nil {
		name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if device = f.devices[name]; device != nil {
			r.URL.Path, r.URL.RawPath = "/"+rest, ""
		}
	}
	if device == nil {
		http.Error(w, "There is no such device here. Ask for /NAME/prov-session, or for the host NAME.local.", http.StatusNotFound)
		return
	}
	f.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), deviceKey{}, device)))
}

// Keys of values in the context of a request.
type (
	deviceKey struct{} // *simdevice.Device
	peerKey   struct{} // *peer
)

func (f *front) connected(ctx context.Context, c net.Conn) context.Context {
	p := &peer{links: map[*simdevice.Device]*http.Transport{}}
	if addr, err := netip.ParseAddrPort(c.RemoteAddr().String()); err == nil {
		p.addr = addr.Addr().Unmap()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.peers[c] = p
	return context.WithValue(ctx, peerKey{}, p)
}

func (f *front) state(c net.Conn, state http.ConnState) {
	if state != http.StateClosed {
		return
	}
	f.mu.Lock()
	p := f.peers[c]
	delete(f.peers, c)
	f.mu.Unlock()
	if p != nil {
		p.leave()
	}
}

// peer is a client's connection, with connections of its own to the devices that it
// asks.
type peer struct {
	addr netip.Addr

	mu    sync.Mutex
	gone  bool
	links map[*simdevice.Device]*http.Transport
}

var errGone = errors.New("the client is gone")

func (p *peer) link(d *simdevice.Device) (*http.Transport, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return nil, errGone
	}
	t := p.links[d]
	if t == nil {
		t = &http.Transport{
			DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialFrom(ctx, p.addr) },
			DisableCompression: true,
			IdleConnTimeout:    idleTime,
		}
		p.links[d] = t
	}
	return t, nil
}

// leave ends the connections to devices.
func (p *peer) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = true
	for _, t := range p.links {
		t.CloseIdleConnections()
	}
}

// roundTripper sends a request over the connection of its client to its device.
type roundTripper struct{}

func (roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	p := r.Context().Value(peerKey{}).(*peer)
	t, err := p.link(r.Context().Value(deviceKey{}).(*simdevice.Device))
	if err != nil {
		return nil, err
	}
	return t.RoundTrip(r)
}
