// SPDX-License-Identifier: Apache-2.0

//go:build scheduler.none

package gatt

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/fakegatt"
	"github.com/wifiprov/wifiprov/protocomm"
)

// Without a scheduler the application has to say who runs requests.
func TestGoIsRequired(t *testing.T) {
	pc := protocomm.New(protocomm.Config{})
	defer pc.Close()
	err := New(&fakegatt.Peripheral{}, Config{}).Start(pc, Settings{Endpoints: []Endpoint{{Name: "a", ID: 1}}})
	require.ErrorIs(t, err, protocomm.ErrInvalidArg)
	require.ErrorContains(t, err, "Config.Go is nil")
}

// Nor is there anybody to watch clients by, unless the application gives a clock.
func TestClockIsRequired(t *testing.T) {
	pc := protocomm.New(protocomm.Config{})
	defer pc.Close()
	set := Settings{Endpoints: []Endpoint{{Name: "a", ID: 1}}}
	stack, cfg := &fakegatt.Peripheral{}, Config{Go: func(fn func()) { fn() }}
	err := New(stack, cfg).Start(pc, set)
	require.ErrorIs(t, err, protocomm.ErrInvalidArg)
	require.ErrorContains(t, err, "Config.Clock is nil")
	cfg.IdleTimeout = -1
	s := New(stack, cfg)
	require.NoError(t, s.Start(pc, set))
	require.NoError(t, s.Stop(pc))
}
