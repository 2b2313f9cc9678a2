// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/config"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/daemon"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/internal/test/scripts"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/scheme/softap"
)

// simulated is a machine without networks.
type simulated struct{ network simnet.Network }

type radio struct{ *sim.Board }

func (radio) Release() error { return nil }
func (radio) Close() error   { return nil }

func (*simulated) Open(context.Context, *config.Config, hal.Logger) (*daemon.Box, error) {
	board, err := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{})
	return &daemon.Box{Radio: radio{board}, Interface: "wlan0", Backend: "sim", MAC: hal.BSSID{2, 0, 0, 0xa1, 0xb2, 0xc3}}, err
}

func (*simulated) Watch(ctx context.Context, _ *config.Config, _ *daemon.Box, fn func(bool)) error {
	fn(false)
	<-ctx.Done()
	return ctx.Err()
}

func (s *simulated) Scheme(_ context.Context, _ *config.Config, box *daemon.Box, _ hal.Logger) (scheme.Scheme, io.Closer, error) {
	return softap.New(softap.Config{AP: box.Radio, Server: httpd.Config{Listen: s.network.Listen}}), nil, nil
}

func (*simulated) Button(*config.Config) (daemon.Button, error) { return nil, errors.New("no button") }

func TestMain(m *testing.M) {
	scripts.Main(m, map[string]func(){"wifiprovd": func() {
		machine = func(string) daemon.System { return new(simulated) }
		main()
	}})
}

func TestScripts(t *testing.T) {
	scripts.Run(t, scripts.Commands{
		// await FILE waits until a file is there.
		"await": func(ts *testscript.TestScript, _ bool, args []string) {
			for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
				if _, err := os.Stat(ts.MkAbs(filepath.Clean(args[0]))); err == nil {
					return
				}
				if time.Now().After(deadline) {
					ts.Fatalf("%s does not come", args[0])
				}
			}
		},
	}, nil)
}
