// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/scheme"
)

// Manager runs the provisioning service of one device. The zero value is
// ready for Init; Init … Deinit can be repeated. Two devices in one process
// are two Managers.
//
// All methods may be called from any goroutine, from event handlers and from
// endpoint handlers, unless they say otherwise. They must not be called from
// inside a method of the driver or of the scheme.
type Manager struct {
	serial serial
	events events
	up     bool // the driver was started; in jobs only

	mu    sync.Mutex
	in    *instance     // nil: not initialised
	ended chan struct{} // closed when END of the last start was delivered
}

// do runs fn as a job and then delivers the events that it caused.
func (m *Manager) do(fn func()) {
	defer m.events.deliver()
	m.serial.do(fn)
}

// post is do without waiting for fn.
func (m *Manager) post(fn func()) {
	defer m.events.deliver()
	m.serial.post(fn)
}

// instance returns the present instance, nil when not initialised.
func (m *Manager) instance() *instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.in
}

func (m *Manager) setInstance(in *instance) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.in = in
}

// withInstance runs fn as a job with the present instance. Not initialised,
// it returns ErrInvalidState.
func (m *Manager) withInstance(op string, fn func(in *instance) error) error {
	var err error
	m.do(func() {
		var in *instance
		if in, err = m.initialised(op); err == nil {
			err = fn(in)
		}
	})
	return err
}

// initialised returns the present instance. Not initialised, it returns
// ErrInvalidState.
func (m *Manager) initialised(op string) (*instance, error) {
	if in := m.instance(); in != nil {
		return in, nil
	}
	return nil, fail(op, ErrInvalidState, "the manager is not initialised; call Init first", nil)
}

// builtIn are the endpoints of the service with their ids (manager.md 9), in the
// order of the characteristics on BLE. The last one is optional and our own; its
// id lies outside those of applications.
var builtIn = [...]struct {
	name string
	id   uint16
}{
	{"prov-ctrl", 0xFF4F},
	{"prov-scan", 0xFF50},
	{"prov-session", 0xFF51},
	{"prov-config", 0xFF52},
	{"proto-ver", 0xFF53},
	{statusEndpoint, 0xFF4E},
}

// firstCustomID is the id of the application's first endpoint.
const firstCustomID = 0xFF54

// Init prepares the manager and emits EventInit. It touches neither the driver
// nor the network.
//
// Errors: ErrInvalidArg for a configuration that cannot be used,
// ErrInvalidState when already initialised, or what the scheme reports; after
// an error the manager is as before.
func (m *Manager) Init(cfg Config) error {
	cfg, err := cfg.check()
	if err != nil {
		return err
	}
	m.do(func() { err = m.init(cfg) })
	return err
}

func (m *Manager) init(cfg Config) error {
	const op = "Init"
	if m.instance() != nil {
		return fail(op, ErrInvalidState, "already initialised; call Deinit first", nil)
	}
	svc, err := cfg.Scheme.NewService()
	if err != nil {
		return fail(op, nil, "the scheme made no service", err)
	}
	endpoints := builtIn[:len(builtIn)-1]
	if cfg.StatusEndpoint {
		endpoints = builtIn[:]
	}
	for _, e := range endpoints {
		if err := svc.SetEndpoint(e.name, e.id); err != nil {
			svc.Close()
			return fail(op, nil, "the scheme refused the endpoint "+e.name, err)
		}
	}
	in := &instance{m: m, cfg: cfg, svc: svc, clock: clock{cfg.Clock, m.post}, cleanup: defaultCleanup, gone: make(chan struct{})}
	in.scan = scanner{wifi: cfg.WiFi, clock: in.clock, log: in.log, entries: cfg.ScanEntries}
	in.state.Options = fsm.Options{
		AutoStop:  true,
		Attempts:  uint16(cfg.Attempts),
		Reasons:   cfg.Reasons,
		Verify:    cfg.VerifyCredentials,
		Reconnect: cfg.ReconnectFormer,
		Retry:     cfg.RetryAfterFailure,
		Timeout:   cfg.JoinTimeout > 0,
		Correct:   cfg.CorrectWhileConnecting,
	}
	if r, ok := svc.(scheme.TransportReporter); ok {
		r.ReportTransport(in.transportEvent)
	}
	m.setInstance(in)
	in.emit(Event{Kind: EventInit}, nil)
	return nil
}

// Deinit ends what Init began. A running service is stopped first; Deinit then
// blocks until it is down, which takes the cleanup delay (1 s by default), and
// EventEnd comes before EventDeinit. Without Init it does nothing.
//
// Deinit may be called from every handler. When it returns, the events that it
// causes have been delivered, unless a handler was running when it was called:
// then they come after that handler has returned. If an endpoint handler calls
// Deinit, the client gets no answer to its request. The error is what the scheme
// reported when it was stopped; the manager is de-initialised nevertheless.
func (m *Manager) Deinit() error {
	var (
		in        *instance
		wait      chan struct{}
		err       error
		inHandler = m.events.inHandler()
	)
	m.do(func() {
		if in = m.instance(); in == nil {
			return
		}
		in.step(fsm.Input{Kind: fsm.Stop})
		if in.snapshot().Phase == fsm.Idle {
			in.free()
			return
		}
		in.freeing = true
		wait = in.tornDown
	})
	if wait != nil {
		await(wait, in.cfg.Pump)
		m.do(func() { err = in.stopErr })
	}
	if in != nil && !inHandler {
		await(in.gone, in.cfg.Pump)
	}
	return err
}

// free gives the instance up.
func (in *instance) free() {
	in.svc.Close()
	in.m.setInstance(nil)
	in.emit(Event{Kind: EventDeinit}, in.gone)
}

// Subscribe registers fn for all events, of this and later Inits, after
// EventHandler: the event loop of the C original. The function returned ends the
// registration; a call of fn under way may still finish.
func (m *Manager) Subscribe(fn func(Event)) (cancel func()) { return m.events.subscribe(fn) }

// Wait blocks until the service is down and the handlers of EventEnd have
// returned. It returns at once when nothing runs. It must not be called from
// an event handler.
func (m *Manager) Wait() {
	done := m.Done()
	var pump func(time.Duration)
	if in := m.instance(); in != nil {
		pump = in.cfg.Pump
	}
	await(done, pump)
}

// pumpWait is how long one call of Config.Pump waits.
const pumpWait = 100 * time.Millisecond

// await blocks until done is closed, or calls pump until then.
func await(done <-chan struct{}, pump func(time.Duration)) {
	var poll func()
	if pump != nil {
		poll = func() { pump(pumpWait) }
	}
	hal.Await(done, poll)
}

// Done returns a channel that is closed when Wait would return.
func (m *Manager) Done() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended != nil {
		return m.ended
	}
	nothingRuns := make(chan struct{})
	close(nothingRuns)
	return nothingRuns
}

// IsProvisioned reports whether the driver has a network to join, that is a
// configuration with an SSID. Whether the station ever connected does not matter.
// The question can be asked right after Init. While the service runs the answer
// is false until credentials are applied, since the configuration in use is
// blanked.
//
// Errors: ErrInvalidState when not initialised; ErrFail when the driver cannot
// tell.
func (m *Manager) IsProvisioned() (bool, error) {
	const op = "IsProvisioned"
	in, err := m.initialised(op)
	if err != nil {
		return false, err
	}
	cfg, err := in.cfg.WiFi.StationConfig()
	if err != nil {
		return false, fail(op, ErrFail, "the Wi-Fi driver has no configuration to show", err)
	}
	return cfg.SSID != "", nil
}

// IsIdle reports whether no service is running or being started or stopped,
// which is also true before Init.
func (m *Manager) IsIdle() bool {
	in := m.instance()
	return in == nil || in.snapshot().Phase == fsm.Idle
}
