// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package ble

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/wifiprov/wifiprov/internal/test/fakegatt"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/scheme/schemetest"
)

// spy remembers the services that were made.
type spy struct {
	scheme.Scheme
	mu       sync.Mutex
	services []*Service
}

func (s *spy) NewService() (scheme.Service, error) {
	svc, err := s.Scheme.NewService()
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.services = append(s.services, svc.(*Service))
	}
	return svc, err
}

func rig(*testing.T) schemetest.Rig {
	p := &fakegatt.Peripheral{}
	s := &spy{Scheme: New(Config{GATT: p})}
	return schemetest.Rig{
		Scheme:           s,
		Name:             "PROV_1",
		Key:              "ignored",
		Refused:          []schemetest.NameAndKey{{}, {Key: "12345678"}},
		RefusedEndpoints: []string{"", "prov-ctrl", strings.Repeat("x", 513)},
		Ask:              p.Ask,
		Block: func() func() {
			p.Fail(errors.New("no controller"), nil)
			return func() { p.Fail(nil, nil) }
		},
		Left: func() error {
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, svc := range s.services {
				svc.Wait()
			}
			if _, up := p.Config(); up {
				return errors.New("the peripheral is up")
			}
			return nil
		},
	}
}

func TestConformance(t *testing.T) { schemetest.RunInBubble(t, rig) }

func TestConformanceRealTime(t *testing.T) { schemetest.Run(t, rig) }
