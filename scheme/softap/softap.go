// SPDX-License-Identifier: Apache-2.0

package softap

import (
	"net"
	"strconv"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme"
)

// DefaultMaxStations is the number of stations that a zero Config lets join
// the access point.
const DefaultMaxStations = 5

// MinKey and MaxKey bound the length of a service key in bytes. The original
// takes 64 and cuts it to 63.
const (
	MinKey = 8
	MaxKey = hal.MaxPassphrase
)

// Config holds the settings of a Scheme.
type Config struct {
	// AP opens the access point; required.
	AP hal.SoftAP

	// Server holds the settings of the HTTP server; the zero value serves TCP port 80
	// of all addresses.
	Server httpd.Config

	// Channel of the access point, 1 to 13; 0: the driver's choice.
	Channel uint8

	// MaxStations that may join at the same time; 0: DefaultMaxStations.
	MaxStations uint8
}

// Scheme is the SoftAP scheme. New makes it. Several services may be made of
// one, as long as they do not need the same port.
type Scheme struct {
	cfg Config
}

var _ scheme.Scheme = (*Scheme)(nil)

// New returns the scheme with these settings, which are copied and checked by
// NewService.
func New(cfg Config) *Scheme { return &Scheme{cfg: cfg} }

// WiFiMode implements scheme.Scheme: ModeAPSTA.
func (*Scheme) WiFiMode() hal.Mode { return hal.ModeAPSTA }

// NewService implements scheme.Scheme; the service is a *Service. It fails
// with protocomm.ErrInvalidArg for a configuration that cannot be used.
func (s *Scheme) NewService() (scheme.Service, error) {
	const op = "softap: new service"
	cfg := s.cfg
	switch {
	case cfg.AP == nil:
		return nil, protocomm.Fail(op, protocomm.ErrInvalidArg, "Config.AP is nil; give it the driver's hal.SoftAP", nil)
	case cfg.Server.Mux != nil && cfg.Server.Platform != nil:
		return nil, protocomm.Fail(op, protocomm.ErrInvalidArg, "Config.Server has both a Mux and a Platform; take one of them", nil)
	case cfg.Channel > 13:
		return nil, protocomm.Fail(op, protocomm.ErrInvalidArg, "Config.Channel "+strconv.Itoa(int(cfg.Channel))+" is not in 0…13", nil)
	}
	if cfg.MaxStations == 0 {
		cfg.MaxStations = DefaultMaxStations
	}
	return &Service{cfg: cfg, server: httpd.New(cfg.Server)}, nil
}

// Service is the SoftAP transport of one manager. Addr and Wait may be called
// from any goroutine; for the rest scheme.Service says what holds.
type Service struct {
	cfg    Config
	server *httpd.Server

	mu     sync.Mutex // guards what follows
	closed bool
	ssid   hal.SSID
	key    *hal.Secret          // nil: an open network; as a pointer fmt does not show it
	pc     *protocomm.Protocomm // that is being served, or nil
	apOpen bool                 // perhaps
}

var _ scheme.Service = (*Service)(nil)

// SetEndpoint implements scheme.Service. HTTP has no use for ids and takes
// every name that can be the path of a URL.
func (s *Service) SetEndpoint(name string, _ uint16) error { return httpd.CheckName(name) }

// SetService implements scheme.Service: the name is the SSID,
// cut to 32 bytes; the key is empty or has 8 to 63 bytes.
func (s *Service) SetService(name, key string) error {
	const op = "softap: set service"
	if name == "" {
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "the service name is empty; it is the SSID of the access point", nil)
	}
	if key != "" && (len(key) < MinKey || len(key) > MaxKey) {
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "the service key has "+strconv.Itoa(len(key))+
			" bytes; WPA needs 8 to 63, an open network none", nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ssid = hal.SSID(name[:min(len(name), hal.MaxSSID)])
	s.key = nil
	if secret := hal.Secret(key); secret != "" {
		s.key = &secret
	}
	return nil
}

// Start implements scheme.Service: the HTTP server first, then the access
// point.
//
// Errors: protocomm.ErrInvalidArg for nil, ErrInvalidState without a service
// name, after Close, and when this instance is being served already,
// ErrNotSupported when another one is; the listener's and the driver's.
func (s *Service) Start(pc *protocomm.Protocomm) error {
	const op = "softap: start"
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return protocomm.Fail(op, protocomm.ErrInvalidState, "the service is closed", nil)
	case s.ssid == "":
		return protocomm.Fail(op, protocomm.ErrInvalidState, "no service name is set; call SetService", nil)
	}
	if err := s.server.Start(pc); err != nil {
		return protocomm.Fail(op, nil, "the HTTP server did not start", err)
	}
	if err := s.cfg.AP.StartSoftAP(s.apConfig()); err != nil {
		s.undo(pc)
		return protocomm.Fail(op, nil, "the access point did not open", err)
	}
	s.pc, s.apOpen = pc, true
	return nil
}

// apConfig describes the access point. mu is held.
func (s *Service) apConfig() hal.SoftAPConfig {
	cfg := hal.SoftAPConfig{
		SSID:        s.ssid,
		Auth:        hal.AuthOpen,
		Channel:     s.cfg.Channel,
		MaxStations: s.cfg.MaxStations,
	}
	if s.key != nil {
		cfg.Key, cfg.Auth = *s.key, hal.AuthWPAWPA2PSK
	}
	return cfg
}

// undo stops the server after a failed start. mu is held.
func (s *Service) undo(pc *protocomm.Protocomm) {
	if err := s.server.Stop(pc); err != nil {
		s.pc = pc // so that Stop can try again
		s.cfg.Server.Logger.Log(hal.LevelError, "the HTTP server could not be stopped", hal.Err(err))
	}
}

// Stop implements scheme.Service: it stops the HTTP server as httpd.Server.Stop
// does, and closes the access point. A client whose answer is still on its
// way may lose it with the network. If one of the two does not stop, the other is
// stopped all the same, and Stop may be repeated.
func (s *Service) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stop()
}

func (s *Service) stop() error {
	const op = "softap: stop"
	var first error
	if s.pc != nil {
		if err := s.server.Stop(s.pc); err != nil {
			first = protocomm.Fail(op, nil, "the HTTP server did not stop", err)
		} else {
			s.pc = nil
		}
	}
	if s.apOpen {
		if err := s.cfg.AP.StopSoftAP(); err != nil {
			if first == nil {
				first = protocomm.Fail(op, nil, "the access point did not close", err)
			}
		} else {
			s.apOpen = false
		}
	}
	return first
}

// Close implements scheme.Service. A service that runs is stopped.
func (s *Service) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.stop(); err != nil {
		s.cfg.Server.Logger.Log(hal.LevelError, "a service was closed and did not stop", hal.Err(err))
	}
	s.closed = true
}

// Addr returns the address of the HTTP listener; nil while the service is
// stopped, and with a Mux or a Platform server.
func (s *Service) Addr() net.Addr { return s.server.Addr() }

// Wait blocks until the service is stopped and nothing is left of it: no
// handler, connection or goroutine. A handler must not call it.
func (s *Service) Wait() { s.server.Wait() }
