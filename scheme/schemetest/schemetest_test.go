// SPDX-License-Identifier: Apache-2.0

package schemetest_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/scheme/schemetest"
)

// air is where the fake services are reached: one at a time, as on a port.
type air struct {
	mu      sync.Mutex
	service *service
	blocked bool
	held    int // resources
}

// fake is a scheme of function calls. bug selects the sentence of the contract
// that it breaks.
type fake struct {
	air *air
	bug string
	svc *service
}

type service struct {
	fake   *fake
	air    *air
	mu     sync.Mutex
	name   string
	pc     *protocomm.Protocomm
	stopCh chan struct{}
	wg     sync.WaitGroup
	closed bool
	stops  int
}

func (f *fake) WiFiMode() hal.Mode {
	if f.bug == "no station" {
		return hal.ModeAP
	}
	return hal.ModeSTA
}

func (f *fake) NewService() (scheme.Service, error) {
	if f.bug == "one service only" && f.svc != nil {
		return nil, errors.New("used up")
	}
	f.svc = &service{fake: f, air: f.air}
	return f.svc, nil
}

func (s *service) is(bug string) bool { return s.fake.bug == bug }

func (s *service) SetEndpoint(name string, id uint16) error {
	switch {
	case name == "bad" && !s.is("takes any endpoint"):
		return protocomm.ErrInvalidArg
	case s.is("no custom endpoints") && id > 0xFF53:
		return protocomm.ErrNotSupported
	}
	return nil
}

func (s *service) SetService(name, key string) error {
	switch {
	case name == "" && !s.is("takes any name"):
		if s.is("other error") {
			return errors.New("no name")
		}
		return protocomm.ErrInvalidArg
	case name == "forget":
		if s.is("refusal forgets") {
			s.name = ""
		}
		return protocomm.ErrInvalidArg
	}
	s.name = name
	return nil
}

func (s *service) Start(pc *protocomm.Protocomm) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.air.mu.Lock()
	defer s.air.mu.Unlock()
	switch {
	case s.closed && !s.is("starts after close"):
		return protocomm.ErrInvalidState
	case pc == nil && s.is("nil leaks"):
		s.air.held++
		return protocomm.ErrInvalidArg
	case pc == nil && s.is("nil is fine"):
		return nil
	case pc == nil:
		return protocomm.ErrInvalidArg
	case s.name == "":
		return protocomm.ErrInvalidState
	case s.pc != nil && s.is("starts twice"):
		return nil
	case s.pc == pc:
		return protocomm.ErrInvalidState
	case s.pc != nil && s.is("takes another instance"):
		s.pc = pc
		return protocomm.ErrNotSupported
	case s.pc != nil:
		return protocomm.ErrNotSupported
	case s.stops > 0 && s.is("starts once"):
		return errors.New("worn out")
	case s.air.blocked && !s.is("cannot fail"):
		if s.is("failed start leaks") {
			s.air.held++
		}
		return errors.New("port in use")
	}
	s.pc = pc
	s.stopCh = make(chan struct{})
	s.air.service = s
	s.air.held++
	pc.SetTransport(protocomm.Hooks{AddEndpoint: func(name string, _ protocomm.Kind) error {
		if s.is("fixed endpoints") && name == "later" {
			return protocomm.ErrNotSupported
		}
		if s.is("hooks stay") {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.pc == nil {
				return errors.New("not running")
			}
		}
		return nil
	}})
	return nil
}

func (s *service) Stop() error {
	s.mu.Lock()
	s.stops++
	pc := s.pc
	if pc == nil {
		s.mu.Unlock()
		if s.is("stop needs start") || s.is("stop once") && s.stops > 1 {
			return protocomm.ErrInvalidState
		}
		return nil
	}
	s.pc = nil
	if !s.is("hooks stay") {
		pc.SetTransport(protocomm.Hooks{})
	}
	close(s.stopCh)
	s.mu.Unlock()
	if s.is("stop waits") {
		over := make(chan struct{})
		go func() { s.wg.Wait(); close(over) }()
		select {
		case <-over:
		case <-time.After(time.Minute): // for ever
		}
	}
	s.air.mu.Lock()
	defer s.air.mu.Unlock()
	switch {
	case s.is("stop does nothing"):
		s.pc = pc
		return nil
	case s.is("handlers after stop"):
		s.pc = pc
		time.AfterFunc(time.Minute, func() { s.mu.Lock(); s.pc = nil; s.mu.Unlock() })
	}
	if !s.is("stop leaks") {
		s.air.held--
	}
	return nil
}

func (s *service) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.is("close hangs") {
		time.Sleep(time.Minute)
	}
}

// ask reaches the service that is up.
func (a *air) ask(endpoint string, req []byte) ([]byte, error) {
	a.mu.Lock()
	s := a.service
	a.mu.Unlock()
	if s == nil {
		return nil, errors.New("nobody there")
	}
	s.mu.Lock()
	pc := s.pc
	if pc == nil {
		s.mu.Unlock()
		return nil, errors.New("not running")
	}
	s.wg.Add(1)
	s.mu.Unlock()
	defer s.wg.Done()
	if s.is("serves nothing") {
		return nil, errors.New("not now")
	}
	if _, known := pc.Kind(endpoint); !known && s.is("answers for the missing") {
		return []byte("?"), nil
	}
	return pc.Handle(nil, endpoint, 1, req)
}

func (a *air) rig(f *fake) schemetest.Rig {
	return schemetest.Rig{
		Scheme:           f,
		Name:             "PROV_1",
		Refused:          []schemetest.NameAndKey{{}, {Name: "forget"}},
		RefusedEndpoints: []string{"bad"},
		Ask:              a.ask,
		Block: func() func() {
			a.blocked = true
			return func() { a.blocked = false }
		},
		Left: func() error {
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.held != 0 {
				return fmt.Errorf("%d things are left", a.held)
			}
			return nil
		},
	}
}

// bugs are schemes that break one sentence each, with the checks that must
// notice.
var bugs = map[string][]string{
	"no station":              {"WiFiMode"},
	"one service only":        {"NewServiceAgainAfterClose"},
	"no custom endpoints":     {"SetEndpoint"},
	"takes any endpoint":      {"SetEndpointRefuses"},
	"takes any name":          {"SetServiceRefuses"},
	"other error":             {"SetServiceRefuses"},
	"refusal forgets":         {"SetServiceRefusedKeepsTheOld"},
	"serves nothing":          {"StartServesEndpoints", "StartServesEndpointsAddedLater", "StopDoesNotWaitForHandlers", "StopInsideHandler"},
	"answers for the missing": {"StartServesEndpoints", "StartServesEndpointsAddedLater", "RemovedEndpointIsGone"},
	"fixed endpoints":         {"StartServesEndpointsAddedLater"},
	"nil leaks":               {"StartNil"},
	"nil is fine":             {"StartNil"},
	"starts twice":            {"StartTwice"},
	"takes another instance":  {"StartTwice"},
	"cannot fail":             {"StartFails"},
	"failed start leaks":      {"StartFails"},
	"stop needs start":        {"StopBeforeStart"},
	"stop once":               {"StopTwice"},
	"stop does nothing":       {"StopEndsService", "StartStopStart"},
	"stop leaks":              {"StopTwice", "StartStopStart", "NewServiceAgainAfterClose"},
	"hooks stay":              {"StopLeavesInstanceUsable"},
	"stop waits":              {"StopDoesNotWaitForHandlers", "StopInsideHandler"},
	"handlers after stop":     {"NoHandlerAfterStop"},
	"starts once":             {"StartStopStart"},
	"close hangs":             {"CloseUnstarted"},
	"starts after close":      {"NoStartAfterClose"},
}

// run runs a check in a bubble on a fake with a bug, or without.
func run(t *testing.T, c schemetest.Check, bug string) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a := &air{}
		err = c.Run(a.rig(&fake{air: a, bug: bug}))
		time.Sleep(time.Hour) // calls that hang return
	})
	return err
}

func TestBrokenSchemesAreNoticed(t *testing.T) {
	checks := map[string]schemetest.Check{}
	unused := map[string]bool{}
	for _, c := range schemetest.Checks() {
		checks[c.Name], unused[c.Name] = c, true
	}
	for bug, red := range bugs {
		t.Run(bug, func(t *testing.T) {
			for _, name := range red {
				c, ok := checks[name]
				require.True(t, ok, "no check %s", name)
				delete(unused, name)
				require.Error(t, run(t, c, bug), name)
			}
		})
	}
	require.Empty(t, unused, "checks that no broken scheme turns red")
}
