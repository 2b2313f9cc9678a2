// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package console

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/scheme/schemetest"
)

// desk is where a client sits: at the host's end of the stream that was opened
// last.
type desk struct {
	blocked error

	mu        sync.Mutex
	transport *client.Console
}

func (d *desk) open() (io.ReadWriteCloser, error) {
	if d.blocked != nil {
		return nil, d.blocked
	}
	device, host := net.Pipe()
	transport, err := client.NewConsole(host, client.ConsoleConfig{Timeout: 3 * time.Second})
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.transport
	d.transport = transport
	if before != nil {
		return device, before.Close()
	}
	return device, nil
}

func (d *desk) ask(endpoint string, req []byte) ([]byte, error) {
	d.mu.Lock()
	transport := d.transport
	d.mu.Unlock()
	if transport == nil {
		return nil, errors.New("nobody there")
	}
	return transport.Do(context.Background(), endpoint, req)
}

func (d *desk) close() {
	if d.transport != nil {
		d.transport.Close()
	}
}

// spy remembers the services that were made.
type spy struct {
	*Scheme
	services []*Service
}

func (s *spy) NewService() (scheme.Service, error) {
	svc, err := s.Scheme.NewService()
	if err == nil {
		s.services = append(s.services, svc.(*Service))
	}
	return svc, err
}

func rig(t *testing.T, d *desk, cfg Config) schemetest.Rig {
	t.Cleanup(d.close)
	s := &spy{Scheme: New(cfg)}
	return schemetest.Rig{
		Scheme:           s,
		Name:             "PROV_1",
		Key:              "ignored",
		RefusedEndpoints: []string{"", "a\rb", strings.Repeat("x", 200)},
		Ask:              d.ask,
		Left: func() error {
			for _, svc := range s.services {
				svc.Wait()
			}
			return nil
		},
	}
}

// opened is the rig in which each start opens a stream.
func opened(t *testing.T) schemetest.Rig {
	d := &desk{}
	r := rig(t, d, Config{Open: d.open})
	r.Block = func() func() {
		d.blocked = errors.New("the port is in use")
		return func() { d.blocked = nil }
	}
	return r
}

// standing is the rig on one stream that stays open for all services.
func standing(t *testing.T) schemetest.Rig {
	d := &desk{}
	stream, err := d.open()
	require.NoError(t, err)
	return rig(t, d, Config{Stream: stream, NoEcho: true})
}

func TestConsoleConformance(t *testing.T) {
	schemetest.RunInBubble(t, opened)
}

func TestConsoleConformanceOnStream(t *testing.T) {
	schemetest.RunInBubble(t, standing)
}

func TestConsoleConformanceRealTime(t *testing.T) {
	schemetest.Run(t, opened)
}

// What a service is besides its stream.
func TestConsoleService(t *testing.T) {
	s := New(Config{Open: func() (io.ReadWriteCloser, error) { return nil, errors.New("gone") }})
	require.Equal(t, hal.ModeSTA, s.WiFiMode())
	svc, err := s.NewService()
	require.NoError(t, err)
	for _, name := range []string{"", "PROV_1", strings.Repeat("x", 1000), "a\rb"} {
		require.NoError(t, svc.SetService(name, name), "names and keys are ignored")
	}
	pc := protocomm.New(protocomm.Config{})
	require.ErrorContains(t, svc.Start(pc), "gone")
	require.NoError(t, svc.Stop())
	svc.Close()
	require.ErrorIs(t, svc.Start(pc), protocomm.ErrInvalidState)

	_, err = New(Config{}).NewService()
	require.ErrorIs(t, err, protocomm.ErrInvalidArg)
	require.ErrorContains(t, err, "set Config.Stream or Config.Open")
}
