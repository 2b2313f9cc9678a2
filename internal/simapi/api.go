// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/internal/fleet"
	"github.com/wifiprov/wifiprov/internal/ownhost"
)

// Bounds of what clients may use.
const (
	maxBody      = 64 << 10 // bytes of a request
	maxHeader    = 16 << 10 // bytes of its header
	maxWaiting   = 256      // requests that wait for events, streams included
	maxPage      = 1000     // devices or events in an answer
	defaultPage  = 100
	readTimeout  = 10 * time.Second // for a header, and for a body
	writeTimeout = 15 * time.Second // for an answer, or a piece of a stream
	maxWait      = 5 * time.Minute  // of a request that waits
	heartbeat    = 15 * time.Second // of a stream on which nothing happens
)

// DefaultKeepEvents is how many events of the fleet the API remembers.
const DefaultKeepEvents = 16384

// Config describes an API. The zero value of each field means its default.
type Config struct {
	// ShowSecrets shows the passphrases of networks and those that clients send.
	// What is on a device's label, such as its proof of possession, is always shown.
	ShowSecrets bool
	// Hosts are names by which requests may call this server, beside IP addresses,
	// localhost and names in .local.
	Hosts []string
	// KeepEvents is how many events of the fleet are remembered; 0:
	// DefaultKeepEvents. Clients that are slower miss some, and are told how many.
	KeepEvents int
	// Address says how a device is reached where the device itself does not know,
	// for example the path of a pseudo-terminal; "": it knows. nil: they all do.
	Address func(device string) string
}

// API is the control interface of a fleet. It is an http.Handler, whose methods may
// be called from any goroutine.
type API struct {
	fleet   *fleet.Fleet
	cfg     Config
	handler http.Handler
	log     eventLog
	watch   *watch
	waiting chan struct{} // as many as may wait for events
	cancel  func()        // of the subscription

	once   sync.Once
	closed chan struct{}

	mu     sync.Mutex
	server *http.Server // of Serve; or nil
}

// New returns the control interface of a fleet that has not been started: what it
// says of the devices it knows from their events. Close it after use.
func New(f *fleet.Fleet, cfg Config) *API {
	if cfg.KeepEvents <= 0 {
		cfg.KeepEvents = DefaultKeepEvents
	}
	a := &API{fleet: f, cfg: cfg, waiting: make(chan struct{}, maxWaiting), closed: make(chan struct{})}
	a.watch = newWatch(f)
	a.log.keep = cfg.KeepEvents
	a.cancel = f.Subscribe(func(e fleet.Event) {
		a.watch.see(e)
		a.log.add(e)
	})
	mux := http.NewServeMux()
	for _, r := range a.routes() {
		mux.HandleFunc(r.pattern(), r.handler)
	}
	mux.HandleFunc("GET /{$}", a.page)
	mux.HandleFunc("GET /page/{file}", a.page)
	mux.HandleFunc("/", a.unknown(mux))
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusForbidden, "a page of another origin, %q, may not change anything here; send the request from a program, or from the page of this server", r.Header.Get("Origin"))
	}))
	a.handler = protection.Handler(mux)
	return a
}

// Close ends requests that wait and streams, and what Serve serves. The fleet stays.
// Closing twice is allowed.
func (a *API) Close() {
	a.once.Do(func() {
		a.cancel()
		close(a.closed)
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server != nil {
		_ = a.server.Close()
	}
}

// Serve answers requests on a listener, with bounds for slow and for large ones,
// until Close is called or the listener fails. It closes the listener. It may be
// called once.
func (a *API) Serve(l net.Listener) error {
	s := &http.Server{
		Handler: a, ReadHeaderTimeout: readTimeout, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader,
	}
	a.mu.Lock()
	select {
	case <-a.closed:
		_ = l.Close()
	default:
		a.server = s
	}
	a.mu.Unlock()
	err := s.Serve(l)
	select {
	case <-a.closed:
		return nil
	default:
		return err
	}
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w) // fails where there are no deadlines, in tests
	_ = control.SetReadDeadline(time.Now().Add(readTimeout))
	_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if !a.ownHost(r.Host) {
		refuse(w, http.StatusForbidden, "this server is not called %q; use its IP address or localhost", r.Host)
		return
	}
	a.handler.ServeHTTP(w, r)
}

// ownHost reports whether the server may be called by a name.
func (a *API) ownHost(host string) bool {
	if ownhost.Is(host) {
		return true
	}
	name := host
	if bare, _, err := net.SplitHostPort(host); err == nil {
		name = bare
	}
	for _, allowed := range a.cfg.Hosts {
		if strings.EqualFold(name, allowed) {
			return true
		}
	}
	return false
}

// route is a kind of request.
type route struct {
	method, path string
	handler      http.HandlerFunc
}

func (r route) pattern() string { return r.method + " " + r.path }

// routes returns all kinds of requests that OpenAPI describes.
func (a *API) routes() []route {
	return []route{
		{"GET", "/v1/fleet", a.getFleet},
		{"GET", "/v1/devices", a.listDevices},
		{"GET", "/v1/devices/{device}", a.getDevice},
		{"GET", "/v1/devices/{device}/qr.svg", a.getQR},
		{"POST", "/v1/devices/{device}/power-on", a.changePower},
		{"POST", "/v1/devices/{device}/power-off", a.changePower},
		{"POST", "/v1/devices/{device}/reboot", a.changePower},
		{"POST", "/v1/devices/{device}/factory-reset", a.changePower},
		{"POST", "/v1/devices/{device}/faults", a.injectFault},
		{"DELETE", "/v1/devices/{device}/faults", a.clearFaults},
		{"GET", "/v1/fault-kinds", a.listFaultKinds},
		{"GET", "/v1/networks", a.listNetworks},
		{"POST", "/v1/networks", a.addNetwork},
		{"GET", "/v1/networks/{network}", a.getNetwork},
		{"PATCH", "/v1/networks/{network}", a.changeNetwork},
		{"POST", "/v1/networks/{network}/appear", a.showNetwork},
		{"POST", "/v1/networks/{network}/vanish", a.showNetwork},
		{"POST", "/v1/networks/{network}/kick", a.kickStations},
		{"GET", "/v1/events", a.listEvents},
		{"GET", "/v1/events/stream", a.streamEvents},
		{"GET", "/openapi.json", a.getOpenAPI},
		{"GET", "/metrics", a.getMetrics},
	}
}

// unknown answers what no route is for: another path, or another method.
func (a *API) unknown(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		probe := r.Clone(r.Context())
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
			probe.Method = method
			if _, pattern := mux.Handler(probe); pattern != "/" && pattern != "" {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) == 0 {
			refuse(w, http.StatusNotFound, "there is nothing under %q; /openapi.json lists what there is", r.URL.Path)
			return
		}
		w.Header().Set("Allow", strings.Join(append(allowed, "OPTIONS"), ", "))
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		refuse(w, http.StatusMethodNotAllowed, "%s does not go with %q; it takes %s", r.Method, r.URL.Path, strings.Join(allowed, ", "))
	}
}

// errClosed is told to requests that wait when the server ends.
var errClosed = errors.New("the simulator is ending")
