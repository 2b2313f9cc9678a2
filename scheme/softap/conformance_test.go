// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package softap

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/protocomm/httpd/httpserver"
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

// rig is for the conformance suite. The service may be on a server of the
// application's.
func rig(mux httpd.Mux, network *simnet.Network) schemetest.Rig {
	a := &ap{}
	s := &spy{}
	cfg := Config{AP: a, Server: httpd.Config{Mux: mux, Listen: network.Listen}}
	s.Scheme = New(cfg)
	return schemetest.Rig{
		Scheme:           s,
		Name:             "PROV_1",
		Key:              "12345678",
		Refused:          []schemetest.NameAndKey{{}, {Name: "x", Key: "1234567"}, {Name: "x", Key: strings.Repeat("x", 64)}},
		RefusedEndpoints: []string{"two words", "what?", "", strings.Repeat("x", 512)},
		Ask: func(endpoint string, req []byte) ([]byte, error) {
			return ask(network, endpoint, req)
		},
		Block: func() func() {
			a.startErr = errors.New("no radio")
			return func() { a.startErr = nil }
		},
		Left: func() error {
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, svc := range s.services {
				svc.Wait()
			}
			if a.config() != nil {
				return errors.New("the access point is open")
			}
			if mux != nil {
				return nil
			}
			l, err := network.Listen()
			if err != nil {
				return err
			}
			return l.Close()
		},
	}
}

func TestConformance(t *testing.T) {
	schemetest.RunInBubble(t, func(*testing.T) schemetest.Rig { return rig(nil, &simnet.Network{}) })
}

func TestConformanceRealTime(t *testing.T) {
	schemetest.Run(t, func(*testing.T) schemetest.Rig { return rig(nil, &simnet.Network{}) })
}

// onMux returns a conformance rig on a server of the application's.
func onMux(t *testing.T) schemetest.Rig {
	network, mux := &simnet.Network{}, http.NewServeMux()
	l, err := network.Listen()
	require.NoError(t, err)
	srv := &http.Server{Handler: mux}
	done := make(chan struct{})
	go func() {
		_ = srv.Serve(l)
		close(done)
	}()
	t.Cleanup(func() {
		srv.Close()
		<-done
	})
	return rig(mux, network)
}

func TestConformanceOnMux(t *testing.T) {
	schemetest.RunInBubble(t, onMux)
}

func TestConformanceOnMuxRealTime(t *testing.T) {
	schemetest.Run(t, onMux)
}

// Of two servers of somebody else's there can be one.
func TestMuxAndPlatform(t *testing.T) {
	_, err := New(Config{AP: &ap{}, Server: httpd.Config{Mux: http.NewServeMux(), Platform: noServer{}}}).NewService()
	require.ErrorIs(t, err, protocomm.ErrInvalidArg)
	_, err = New(Config{AP: &ap{}, Server: httpd.Config{Platform: noServer{}}}).NewService()
	require.NoError(t, err)
}

type noServer struct{ httpserver.Server }
