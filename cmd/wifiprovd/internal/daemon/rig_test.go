// SPDX-License-Identifier: Apache-2.0

//go:build linux

package daemon_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/button"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/config"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/daemon"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/softap"
)

var (
	home  = sim.APConfig{SSID: "HomeNet", Auth: hal.AuthWPA2PSK, Passphrase: "correct horse", Channel: 6}
	other = sim.APConfig{SSID: "OtherNet", Auth: hal.AuthWPA2PSK, Passphrase: "battery staple", Channel: 1}
)

// box is a simulated machine in a bubble, and a daemon.System.
type box struct {
	t           *testing.T
	cfg         config.Config
	state       string
	air         *sim.Air
	home, other *sim.AP
	board       *sim.Board
	managed     bool // a daemon of the machine joins the stored network
	network     simnet.Network
	asks        chan os.Signal
	presses     chan *button.Press
	closed      chan struct{} // the button was

	mu       sync.Mutex
	released int
	log      bytes.Buffer
	console  bytes.Buffer
	began    time.Time
}

// radio is the board with what the machine's daemon does.
type radio struct {
	*sim.Board
	box *box
}

func (r *radio) Release() error {
	r.box.mu.Lock()
	r.box.released++
	r.box.mu.Unlock()
	if !r.box.managed {
		return nil
	}
	_ = r.StopSoftAP()
	_ = r.SetStorage(hal.StorageFlash)
	_ = r.Start()
	if cfg, _ := r.StationConfig(); cfg.SSID == "" {
		return r.Disconnect()
	}
	return r.Connect()
}
func (r *radio) Close() error { return nil }

func (b *box) Open(context.Context, *config.Config, hal.Logger) (*daemon.Box, error) {
	return &daemon.Box{Radio: &radio{b.board, b}, Interface: "wlan0", Backend: "sim", MAC: b.board.MAC(), Join: !b.managed}, nil
}

func (b *box) Watch(ctx context.Context, _ *config.Config, _ *daemon.Box, fn func(bool)) error {
	changes := make(chan bool, 64)
	cancel := b.board.Subscribe(func(e hal.Event) {
		switch e.Kind {
		case hal.EventGotIP:
			changes <- true
		case hal.EventDisconnected:
			changes <- false
		}
	})
	defer cancel()
	_, err := b.board.Link()
	fn(err == nil)
	for {
		select {
		case up := <-changes:
			fn(up)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (b *box) Scheme(_ context.Context, cfg *config.Config, d *daemon.Box, _ hal.Logger) (scheme.Scheme, io.Closer, error) {
	if cfg.Transport == config.SoftAP {
		return softap.New(softap.Config{AP: d.Radio, Server: httpd.Config{Listen: b.network.Listen}}), nil, nil
	}
	controller, err := b.air.NewController(sim.ControllerConfig{})
	if err != nil {
		return nil, nil, err
	}
	host, err := att.New(controller, att.Config{})
	return ble.New(ble.Config{GATT: host}), closeFunc(controller.Close), err
}

type closeFunc func()

func (f closeFunc) Close() error { f(); return nil }

func (b *box) Button(*config.Config) (daemon.Button, error) { return line{b}, nil }

// line is the button. It gives away what is told of presses.
type line struct{ box *box }

func (l line) Watch(p *button.Press) error {
	l.box.presses <- p
	<-l.box.closed
	return nil
}

func (l line) Close() error {
	close(l.box.closed)
	return nil
}

// note keeps the log, with the time of each line since the start.
func (b *box) note(_ hal.Level, msg string, attrs ...hal.Attr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log.WriteString(time.Since(b.began).String() + " ")
	daemon.Log(&b.log, false, false).Log(hal.LevelInfo, msg, attrs...)
}

// sees compares the log with what is expected, and empties it.
func (b *box) sees(lines ...string) {
	b.t.Helper()
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Equal(b.t, strings.Join(lines, "\n"), strings.TrimSpace(b.log.String()))
	b.log.Reset()
}

// hooked returns the events that hooks were told of, with some of their variables.
func (b *box) hooked() []string {
	text, _ := os.ReadFile(filepath.Join(b.state, "hooked"))
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

const hook = `#!/bin/sh
echo "$1 $WIFIPROV_INTERFACE $WIFIPROV_WHY$WIFIPROV_NETWORK$WIFIPROV_REASON$WIFIPROV_JOINED${WIFIPROV_POP:+secret}" >>"$(dirname "$0")/../hooked"
`

// bubble runs a test on a new machine.
func bubble(t *testing.T, test func(*box)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &box{t: t, state: t.TempDir(), air: sim.NewAir(sim.AirConfig{}), asks: make(chan os.Signal), began: time.Now(),
			presses: make(chan *button.Press, 1), closed: make(chan struct{})}
		var err error
		b.home, err = b.air.AddAP(home)
		require.NoError(t, err)
		b.other, err = b.air.AddAP(other)
		require.NoError(t, err)
		b.board, err = b.air.NewBoard(sim.BoardConfig{MAC: hal.BSSID{2, 0, 0, 0xa1, 0xb2, 0xc3}})
		require.NoError(t, err)
		defer b.board.Close()
		b.cfg = config.Default()
		b.cfg.LabelFile = filepath.Join(b.state, "label.txt")
		b.cfg.HooksFolder = filepath.Join(b.state, "hooks.d")
		require.NoError(t, os.Mkdir(b.cfg.HooksFolder, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(b.cfg.HooksFolder, "10-note"), []byte(hook), 0o700))
		test(b)
	})
}

// run starts the daemon, and returns what ends it and waits for that.
func (b *box) run() (stop func()) {
	ctx, cancel := context.WithCancel(b.t.Context())
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() { ended <- daemon.Run(ctx, b.options(func() { close(ready) })) }()
	<-ready
	return func() {
		b.t.Helper()
		cancel()
		require.NoError(b.t, <-ended)
	}
}

func (b *box) options(ready func()) daemon.Options {
	return daemon.Options{
		Config: b.cfg, State: b.state, System: b, Asks: b.asks, Ready: ready,
		Version: "1", Console: &b.console, Log: b.note,
	}
}

// try runs a daemon that ends by itself.
func (b *box) try() error { return daemon.Run(b.t.Context(), b.options(nil)) }

// store puts the credentials of a network on the board, as an earlier provisioning did.
func (b *box) store(ap sim.APConfig) {
	require.NoError(b.t, b.board.SetStationConfig(hal.StationConfig{SSID: ap.SSID, Passphrase: ap.Passphrase}))
}

// stored is the network whose credentials survive a reboot.
func (b *box) stored() hal.SSID {
	require.NoError(b.t, b.board.Reboot())
	cfg, err := b.board.StationConfig()
	require.NoError(b.t, err)
	return cfg.SSID
}

// phone is a client that has scanned the label.
func (b *box) phone() *client.Client {
	b.t.Helper()
	text, err := os.ReadFile(b.cfg.LabelFile)
	require.NoError(b.t, err)
	l, err := label.Parse(strings.TrimSpace(string(text)))
	require.NoError(b.t, err)
	var transport client.Transport
	if l.Transport == label.BLE {
		controller, err := b.air.NewController(sim.ControllerConfig{})
		require.NoError(b.t, err)
		b.t.Cleanup(controller.Close)
		central, err := blecentral.New(controller, blecentral.Config{})
		require.NoError(b.t, err)
		transport, err = client.NewBLE(client.BLEConfig{Central: central, Name: l.Name})
		require.NoError(b.t, err)
	} else {
		transport, err = client.NewHTTP(client.HTTPConfig{Dial: b.network.Dial})
		require.NoError(b.t, err)
	}
	var cfg client.Config
	l.Fill(&cfg)
	c, err := client.New(transport, cfg)
	require.NoError(b.t, err)
	return c
}
