// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package main

import (
	"encoding/hex"
	"errors"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// settings are wifiprov_config_t in Go.
type settings struct {
	bluetooth      bool
	security       int
	name, key      string
	pop            string
	salt, verifier string // in hexadecimal digits
	tell           func(kind wifiprov.EventKind, reason wifiprov.FailReason)
}

// service is the provisioning of this device.
type service struct {
	settings
	sec     protocomm.Security
	dev     *idf.Device
	manager wifiprov.Manager
	running <-chan struct{} // closed when the service has ended; nil before the start
}

var errNotInitialised = errors.New("goprov: call wifiprov_init first")

// open brings up everything that provisioning needs.
func (s *service) open(cfg settings) error {
	if s.dev != nil {
		return errors.New("goprov: wifiprov_init was called before")
	}
	sec, err := cfg.makeSecurity()
	if err != nil {
		return err
	}
	dev, err := idf.Open(idf.Config{Logger: idf.Log()})
	if err != nil {
		return err
	}
	s.settings, s.sec, s.running = cfg, sec, nil
	transport, err := cfg.makeScheme(dev)
	if err == nil {
		err = s.manager.Init(wifiprov.Config{
			WiFi: dev, Scheme: transport, Clock: dev, Pump: dev.Pump,
			EventHandler: s.event, Logger: idf.Log(),
		})
	}
	if err != nil {
		_ = dev.Close()
		return err
	}
	// Endpoints of the application's own come here: s.manager.CreateEndpoint.
	s.dev = dev
	return nil
}

func (s *settings) makeSecurity() (protocomm.Security, error) {
	switch s.security {
	case 0:
		return sec0.New(), nil
	case 1:
		return sec1.New(sec1.Config{PoP: hal.Secret(s.pop), Rand: idf.Random()})
	case 2:
		salt, err := hex.DecodeString(s.salt)
		if err != nil {
			return nil, errors.New("goprov: the salt is not in hexadecimal digits")
		}
		verifier, err := hex.DecodeString(s.verifier)
		if err != nil {
			return nil, errors.New("goprov: the verifier is not in hexadecimal digits")
		}
		return sec2.New(sec2.Config{Salt: salt, Verifier: verifier, Rand: idf.Random()})
	}
	return nil, errors.New("goprov: the security is not 0, 1 or 2")
}

func (s *settings) makeScheme(dev *idf.Device) (scheme.Scheme, error) {
	if !s.bluetooth {
		return softap.New(softap.Config{AP: dev, Server: httpd.Config{Platform: dev, Random: idf.Random(), Logger: idf.Log()}}), nil
	}
	host, err := att.New(dev.Bluetooth(), att.Config{Clock: dev, PollController: dev.PollController, Logger: idf.Log()})
	if err != nil {
		return nil, err
	}
	// The application does not use Bluetooth itself: free its memory.
	return ble.New(ble.Config{GATT: host, Free: ble.FreeBTDM, Memory: dev, Server: gatt.Config{Go: dev.Go, Clock: dev, Logger: idf.Log()}}), nil
}

func (s *service) event(e wifiprov.Event) {
	if s.tell != nil {
		s.tell(e.Kind, e.Reason)
	}
}

// provisioned reports whether a network is configured.
func (s *service) provisioned() (bool, error) {
	if s.dev == nil {
		return false, errNotInitialised
	}
	return s.manager.IsProvisioned()
}

// connect joins the network that is configured.
func (s *service) connect() error {
	if s.dev == nil {
		return errNotInitialised
	}
	if err := s.dev.SetMode(hal.ModeSTA); err != nil {
		return err
	}
	if err := s.dev.Start(); err != nil {
		return err
	}
	return s.dev.Connect()
}

func (s *service) start() error {
	if s.dev == nil {
		return errNotInitialised
	}
	if err := s.manager.StartProvisioning(s.sec, s.name, s.key); err != nil {
		return err
	}
	s.running = s.manager.Done()
	return nil
}

// pump handles what has happened and reports whether the service runs.
func (s *service) pump(limit time.Duration) bool {
	if s.dev == nil {
		return false
	}
	s.dev.Pump(limit)
	if s.running == nil {
		return false
	}
	select {
	case <-s.running:
		return false
	default:
		return true
	}
}

func (s *service) stop() { s.manager.StopProvisioning() }

func (s *service) reset() error {
	if s.dev == nil {
		return errNotInitialised
	}
	return s.manager.ResetProvisioning()
}

// close ends everything. After an error it may be repeated.
func (s *service) close() error {
	if s.dev == nil {
		return nil
	}
	first := s.manager.Deinit()
	err := s.dev.Close()
	if err == nil {
		s.dev = nil
	}
	if first != nil {
		return first
	}
	return err
}
