// SPDX-License-Identifier: Apache-2.0

package gatt

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/protocomm"
)

// Config holds the settings of a Server. The zero value is usable where there is a
// scheduler.
type Config struct {
	// Go runs fn, which handles a request or tells of an event, and returns
	// without waiting for it; nil: a new goroutine. fn may block. It is
	// required where there is no scheduler (build tag scheduler.none).
	Go func(fn func())

	// IdleTimeout ends the connection of a client that has no established session
	// and asks nothing for so long, so that others can have its place. The time
	// counts from the last answer: a user has that long to type a proof of
	// possession. A client that has had no established session for five times as
	// long is disconnected whatever it asks; one that has a session may be silent for
	// ever. 0: DefaultIdleTimeout; less: no time-out, as with the C original.
	IdleTimeout time.Duration

	// Clock measures IdleTimeout; nil: hal.SystemClock. It is required with an
	// IdleTimeout where there is no scheduler.
	Clock hal.Clock

	// Logger is told why requests were refused; nil is silent.
	Logger hal.Logger
}

// Event says that a client came or went. Each client that came goes exactly once, under
// every security.
type Event struct {
	Connected bool
	Conn      uint16        // the stack's connection handle
	Reason    ble.HCIReason // why the client went; ble.ReasonLocalHost: Stop ended the connection
}

// Endpoint is a name with the 16-bit id in the UUID of its characteristic.
type Endpoint struct {
	Name string
	ID   uint16
}

// Settings are those of one start. They are copied.
type Settings struct {
	// Config must have no Characteristics: Start makes them from Endpoints.
	ble.Config
	// Endpoints in the order of the attribute table. An endpoint that the instance
	// does not serve, or not yet, refuses requests.
	Endpoints []Endpoint
	// AtStop says what Stop leaves up.
	AtStop ble.StopOptions
	// Report is told of clients that come and go, one call at a time, in order, from
	// Config.Go; nil: nobody is. It may call anything.
	Report func(Event)
	// Outage is called, between the calls of Report, with the reason when nobody can
	// reach the peripheral for a while although it was not stopped, and with nil when
	// it is back. It takes a stack that reports this (ble.OutageHandler). nil: nobody
	// is told.
	Outage func(why error)
}

// Server serves one protocomm instance at a time. Its methods may be called
// from any goroutine and from handlers, except where they say otherwise.
type Server struct {
	stack   ble.Peripheral
	cfg     Config
	reports reporter
	running sync.WaitGroup // requests

	mu sync.Mutex // held by Start and Stop; taken before service.mu
	on *service   // running, or nil
}

// New returns a server on a peripheral, which is not started. The configuration is
// copied.
func New(stack ble.Peripheral, cfg Config) *Server {
	if cfg.Go == nil {
		cfg.Go = spawn
	}
	if cfg.IdleTimeout == 0 {
		cfg.IdleTimeout = DefaultIdleTimeout
	}
	if cfg.Clock == nil {
		cfg.Clock = clock
	}
	s := &Server{stack: stack, cfg: cfg}
	s.reports.cfg = &s.cfg
	return s
}

// Start serves the instance's endpoints, those added later included, if they
// are among the settings'.
//
// Errors: protocomm.ErrInvalidArg for nil, an empty table of endpoints, a name
// or id that is empty or used twice, and an endpoint of the instance that has
// no id; ErrInvalidState when this instance is being served,
// ErrNotSupported when another one is; the stack's. After an error nothing is
// left running.
func (s *Server) Start(pc *protocomm.Protocomm, set Settings) error {
	const op = "gatt: start"
	if pc == nil {
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "the protocomm instance is nil", nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stack == nil:
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "the peripheral is nil; give New the driver's ble.Peripheral", nil)
	case s.cfg.Go == nil:
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "Config.Go is nil, and this runtime has no goroutines; give it the platform's queue", nil)
	case s.cfg.Clock == nil && s.cfg.IdleTimeout > 0:
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "Config.Clock is nil, and this runtime has no timers; give it the platform's clock, or set Config.IdleTimeout to -1", nil)
	case s.on != nil && s.on.pc == pc:
		return protocomm.Fail(op, protocomm.ErrInvalidState, "the instance is being served already", nil)
	case s.on != nil:
		return protocomm.Fail(op, protocomm.ErrNotSupported, "another instance is being served; stop it first", nil)
	}
	if err := checkEndpoints(set.Endpoints); err != nil {
		return err
	}
	v := newService(s, pc, set)
	pc.SetTransport(protocomm.Hooks{AddEndpoint: v.mayAdd})
	err := v.mayServe(pc.Endpoints())
	if err == nil {
		if err = s.stack.StartGATT(v.gattConfig(set), v); err != nil {
			err = protocomm.Fail(op, nil, "the BLE stack did not start", err)
		}
	}
	if err != nil {
		v.stop()
		pc.SetTransport(protocomm.Hooks{})
		return err
	}
	s.on = v
	return nil
}

// Stop ends the service: no handler begins after it
// returned, and one that runs is not waited for; its client gets no answer. If
// the stack cannot be stopped, requests are refused, and Stop may be repeated.
//
// Errors: protocomm.ErrInvalidArg for an instance that is not being served; the
// stack's.
func (s *Server) Stop(pc *protocomm.Protocomm) error {
	const op = "gatt: stop"
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.on == nil || s.on.pc != pc {
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "this instance is not being served", nil)
	}
	s.on.stop()
	pc.SetTransport(protocomm.Hooks{})
	if err := s.stack.StopGATT(s.on.atStop); err != nil {
		return protocomm.Fail(op, nil, "the BLE stack did not stop", err)
	}
	s.on = nil
	return nil
}

// Wait blocks until no request is running. It must not be called by a handler,
// nor while the server is started.
func (s *Server) Wait() { s.running.Wait() }

// checkEndpoints refuses tables in which something cannot be found.
func checkEndpoints(list []Endpoint) error {
	const op = "gatt: start"
	if len(list) == 0 {
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "no endpoint has an id", nil)
	}
	for i, e := range list {
		if e.Name == "" || len(e.Name) > ble.MaxValue {
			return protocomm.Fail(op, protocomm.ErrInvalidArg, "an endpoint's name has "+strconv.Itoa(len(e.Name))+" bytes, want 1 to 512", nil)
		}
		for _, other := range list[:i] {
			if other.Name == e.Name || other.ID == e.ID {
				return protocomm.Fail(op, protocomm.ErrInvalidArg, "the endpoints "+other.Name+" and "+e.Name+" have the same name or id", nil)
			}
		}
	}
	return nil
}

// gattConfig is what the stack is started with.
func (v *service) gattConfig(set Settings) ble.Config {
	cfg := set.Config
	cfg.Characteristics = make([]ble.Characteristic, len(set.Endpoints))
	for i, e := range set.Endpoints {
		cfg.Characteristics[i] = ble.Characteristic{UUID: cfg.Service.With16(e.ID), Name: strings.Clone(e.Name)}
	}
	return cfg
}

// reporter calls Settings.Report and Settings.Outage in order, one at a time.
type reporter struct {
	cfg *Config

	mu    sync.Mutex
	queue []func()
	busy  bool
}

// maxReports is how many calls wait for one that does not return.
const maxReports = 64

// put queues a call; kick has to follow without locks held.
func (r *reporter) put(call func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == maxReports {
		r.cfg.Logger.Log(hal.LevelWarn, "a BLE connection event is lost: the application is too slow")
		return
	}
	r.queue = append(r.queue, call)
}

// kick has the queue emptied.
func (r *reporter) kick() {
	r.mu.Lock()
	begin := len(r.queue) > 0 && !r.busy
	r.busy = r.busy || begin
	r.mu.Unlock()
	if begin {
		r.cfg.Go(r.drain)
	}
}

func (r *reporter) drain() {
	for {
		r.mu.Lock()
		if len(r.queue) == 0 {
			r.queue, r.busy = nil, false
			r.mu.Unlock()
			return
		}
		call := r.queue[0]
		r.queue = r.queue[1:]
		r.mu.Unlock()
		call()
	}
}
