// SPDX-License-Identifier: Apache-2.0

// Package schemetest holds every implementation of scheme.Scheme and
// scheme.Service to the contracts that package scheme writes down. It uses
// nothing but package testing, and speaks to the service through a client that
// its user brings.
package schemetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// Rig is a scheme under test with its surroundings.
type Rig struct {
	// Scheme has made no service yet. Required.
	Scheme scheme.Scheme

	// Name and Key that SetService takes. Name is required.
	Name, Key string

	// Refused are names and keys that SetService does not take; nil
	// leaves out the checks that need them.
	Refused []NameAndKey

	// RefusedEndpoints are names that SetEndpoint does not take; nil
	// leaves out the checks that need them.
	RefusedEndpoints []string

	// Ask sends one request to an endpoint, as a client that is new each
	// time, and returns the answer. It fails when there is none: the service
	// is not up, the endpoint is unknown, the request was refused. Calls
	// overlap. Required.
	Ask func(endpoint string, req []byte) ([]byte, error)

	// Block makes the next Start fail, as a port in use does, until unblock
	// is called; nil leaves out the checks that need it.
	Block func() (unblock func())

	// Left reports what is left of services that are stopped: listeners,
	// connections, goroutines, an open access point. It returns nil when nothing
	// is left, and may wait for what soon ends by itself. A nil Left leaves out
	// the checks that need it.
	Left func() error

	// Timeout is how long a call or an answer may take; 0: 10 s.
	Timeout time.Duration
}

// NameAndKey are the arguments of SetService.
type NameAndKey struct{ Name, Key string }

// Check is one part of the contracts.
type Check struct {
	Name string
	// Run reports how the scheme breaks its contract; nil: it does not. The
	// Rig must be a new one.
	Run func(Rig) error
}

// Run runs all checks as subtests, each on a Rig of its own that open makes.
func Run(t *testing.T, open func(t *testing.T) Rig) {
	t.Helper()
	for _, c := range Checks() {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Run(open(t)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Checks returns all checks, for those who want to run them in their own way.
func Checks() []Check {
	return []Check{
		{"WiFiMode", checkMode},
		{"NewServiceAgainAfterClose", checkNewService},
		{"SetEndpoint", checkSetEndpoint},
		{"SetEndpointRefuses", checkSetEndpointRefuses},
		{"SetServiceRefuses", checkSetServiceRefuses},
		{"SetServiceRefusedKeepsTheOld", checkRefusedKeeps},

		{"StartServesEndpoints", checkServes},
		{"StartServesEndpointsAddedLater", checkAdded},
		{"RemovedEndpointIsGone", checkRemoved},
		{"StartNil", checkStartNil},
		{"StartTwice", checkStartTwice},
		{"StartFails", checkStartFails},

		{"StopBeforeStart", checkStopBeforeStart},
		{"StopTwice", checkStopTwice},
		{"StopEndsService", checkStopEnds},
		{"StopLeavesInstanceUsable", checkStopLeavesInstance},
		{"StopDoesNotWaitForHandlers", checkStopDoesNotWait},
		{"StopInsideHandler", checkStopInside},
		{"NoHandlerAfterStop", checkNoHandlerAfterStop},
		{"StartStopStart", checkStartStopStart},

		{"CloseUnstarted", checkCloseUnstarted},
		{"NoStartAfterClose", checkStartAfterClose},
	}
}

// endpoints are those of the checks, with the ids of the manager's.
var endpoints = []struct {
	name string
	id   uint16
}{
	{"prov-ctrl", 0xFF4F},
	{"prov-scan", 0xFF50},
	{"prov-session", 0xFF51},
	{"prov-config", 0xFF52},
	{"proto-ver", 0xFF53},
	{"custom-data", 0xFF54},
	{"later", 0xFF55},
}

const versionText = "v1.1"

// bench is a Rig in use by a check.
type bench struct {
	Rig
	svc scheme.Service
	pc  *protocomm.Protocomm
}

// newBench makes a service that is ready to start and an instance with
// security 0 for it.
func newBench(r Rig) (*bench, error) {
	if r.Timeout == 0 {
		r.Timeout = 10 * time.Second
	}
	if r.Left == nil {
		r.Left = func() error { return nil }
	}
	b := &bench{Rig: r}
	if err := b.newService(); err != nil {
		return nil, err
	}
	return b, b.newInstance()
}

func (b *bench) newService() (err error) {
	if b.svc, err = b.Scheme.NewService(); err != nil {
		return fmt.Errorf("NewService: %w", err)
	}
	for _, e := range endpoints {
		if err := b.svc.SetEndpoint(e.name, e.id); err != nil {
			return fmt.Errorf("SetEndpoint(%q): %w", e.name, err)
		}
	}
	if err := b.svc.SetService(b.Name, b.Key); err != nil {
		return fmt.Errorf("SetService: %w", err)
	}
	return nil
}

// newInstance makes an instance whose endpoint custom-data answers with the
// request.
func (b *bench) newInstance() error {
	b.pc = protocomm.New(protocomm.Config{})
	return errors.Join(
		b.pc.SetSecurity("prov-session", sec0.New()),
		b.pc.SetVersion("proto-ver", versionText),
		b.pc.AddEndpoint("custom-data", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
			return req, nil
		}),
	)
}

// running is newBench with the service started.
func running(r Rig) (*bench, error) {
	b, err := newBench(r)
	if err != nil {
		return nil, err
	}
	return b, b.start()
}

func (b *bench) start() error {
	return b.promptly("Start", func() error { return b.svc.Start(b.pc) })
}

func (b *bench) stop() error {
	return b.promptly("Stop", b.svc.Stop)
}

// end stops and closes the service and looks for what is left.
func (b *bench) end() error {
	if err := b.stop(); err != nil {
		return err
	}
	if err := b.Left(); err != nil {
		return fmt.Errorf("after Stop: %w", err)
	}
	b.pc.Close()
	return b.close()
}

func (b *bench) close() error {
	err := b.promptly("Close", func() error { b.svc.Close(); return nil })
	if err != nil {
		return err
	}
	if err := b.Left(); err != nil {
		return fmt.Errorf("after Close: %w", err)
	}
	return nil
}

// promptly runs a call, which must return soon and without an error.
func (b *bench) promptly(what string, fn func() error) error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	case <-b.after():
		return fmt.Errorf("%s did not return within %v", what, b.Timeout)
	}
}

func (b *bench) after() <-chan time.Time { return time.After(b.Timeout) }

// answer is the outcome of a request.
type answer struct {
	body []byte
	err  error
}

// ask sends a request and does not wait.
func (b *bench) ask(endpoint, req string) <-chan answer {
	done := make(chan answer, 1)
	go func() {
		body, err := b.Ask(endpoint, []byte(req))
		done <- answer{body, err}
	}()
	return done
}

// answered requires that a request is answered, and how.
func (b *bench) answered(endpoint, req, want string) error {
	select {
	case a := <-b.ask(endpoint, req):
		if a.err != nil {
			return fmt.Errorf("request to %s: %w", endpoint, a.err)
		}
		if string(a.body) != want {
			return fmt.Errorf("request to %s is answered %q, want %q", endpoint, a.body, want)
		}
		return nil
	case <-b.after():
		return fmt.Errorf("request to %s has no outcome within %v", endpoint, b.Timeout)
	}
}

// unanswered requires that a request is not answered.
func (b *bench) unanswered(endpoint, req string) error {
	select {
	case a := <-b.ask(endpoint, req):
		if a.err == nil {
			return fmt.Errorf("request to %s is answered %q, want no answer", endpoint, a.body)
		}
		return nil
	case <-b.after():
		return fmt.Errorf("request to %s has no outcome within %v", endpoint, b.Timeout)
	}
}

// serving requires that the service works.
func (b *bench) serving() error {
	return errors.Join(
		b.answered("proto-ver", "x", versionText),
		b.answered("custom-data", "hello", "hello"),
	)
}

// refused requires an error of that kind.
func refused(what string, err, kind error) error {
	if err == nil {
		return fmt.Errorf("%s succeeds, want an error", what)
	}
	if kind != nil && !errors.Is(err, kind) {
		return fmt.Errorf("%s: error is %v, want %v", what, err, kind)
	}
	return nil
}

func checkMode(r Rig) error {
	switch m := r.Scheme.WiFiMode(); m {
	case hal.ModeSTA, hal.ModeAPSTA:
		return nil
	default:
		return fmt.Errorf("WiFiMode is %v, in which no station works", m)
	}
}
