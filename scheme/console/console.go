// SPDX-License-Identifier: Apache-2.0

package console

import (
	"sync"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/console"
	"github.com/wifiprov/wifiprov/scheme"
)

// Config holds the settings of a Scheme, which are those of its line. Only one service
// at a time may be made of a Scheme with a Stream.
type Config = console.Config

// Scheme is the console scheme. New makes it.
type Scheme struct {
	server *console.Server // of Config.Stream, shared by the services
	cfg    Config
}

var _ scheme.Scheme = (*Scheme)(nil)

// New returns the scheme with these settings, which are copied and checked by
// NewService.
func New(cfg Config) *Scheme {
	s := &Scheme{cfg: cfg}
	if cfg.Open == nil {
		s.server = console.New(cfg)
	}
	return s
}

// WiFiMode implements scheme.Scheme: ModeSTA.
func (*Scheme) WiFiMode() hal.Mode { return hal.ModeSTA }

// NewService implements scheme.Scheme; the service is a *Service. It fails
// with protocomm.ErrInvalidArg for a configuration without a stream.
func (s *Scheme) NewService() (scheme.Service, error) {
	if s.cfg.Stream == nil && s.cfg.Open == nil {
		return nil, protocomm.Fail("console: new service", protocomm.ErrInvalidArg, "there is no stream; set Config.Stream or Config.Open", nil)
	}
	server := s.server
	if server == nil {
		server = console.New(s.cfg)
	}
	return &Service{server: server}, nil
}

// Service is the console transport of one manager. Wait may be called from any
// goroutine; for the rest scheme.Service says what holds.
type Service struct {
	server *console.Server

	mu     sync.Mutex // guards what follows
	closed bool
	pc     *protocomm.Protocomm // that is being served, or nil
}

var _ scheme.Service = (*Service)(nil)

// SetEndpoint implements scheme.Service. A console has no use for ids and takes
// every name that can be typed.
func (s *Service) SetEndpoint(name string, _ uint16) error { return console.CheckName(name) }

// SetService implements scheme.Service. A console has no use for names and keys.
func (s *Service) SetService(_, _ string) error { return nil }

// Start implements scheme.Service.
//
// Errors: protocomm.ErrInvalidArg for nil, ErrInvalidState after Close and
// when this instance is being served already, ErrNotSupported when another one
// is; what Config.Open returns.
func (s *Service) Start(pc *protocomm.Protocomm) error {
	const op = "console: start"
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return protocomm.Fail(op, protocomm.ErrInvalidState, "the service is closed", nil)
	}
	if err := s.server.Start(pc); err != nil {
		return protocomm.Fail(op, nil, "the line is not served", err)
	}
	s.pc = pc
	return nil
}

// Stop implements scheme.Service, as console.Server.Stop does it.
func (s *Service) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pc == nil {
		return nil
	}
	if err := s.server.Stop(s.pc); err != nil {
		return protocomm.Fail("console: stop", nil, "the line is still served", err)
	}
	s.pc = nil
	return nil
}

// Close implements scheme.Service. A service that runs is stopped.
func (s *Service) Close() {
	_ = s.Stop() // which fails only for an instance that is not served
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// Wait blocks until the service is stopped, or its stream ended, and nothing is
// left of it: no handler and no goroutine. With a Config.Stream whose Read
// cannot be broken off that may be never. A handler must not call it.
func (s *Service) Wait() { s.server.Wait() }
