// SPDX-License-Identifier: Apache-2.0

package wpa_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/linux/wpa"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
	"github.com/wifiprov/wifiprov/internal/test/fakewpa"
	"github.com/wifiprov/wifiprov/store"
)

// patience limits waiting for what should take no time.
const patience = 20 * time.Second

// rig is a Daemon with a wpa_supplicant.
type rig struct {
	*wpa.Daemon
	t     *testing.T
	bus   string
	wpa   *fakewpa.Daemon
	store *store.Memory
	ctx   context.Context
	late  time.Duration // Config.Timeout
}

// newRig starts a wpa_supplicant, and a Daemon that has not taken the interface.
func newRig(t *testing.T, cfg fakewpa.Config) *rig {
	t.Helper()
	fakebluez.NoGoroutines(t, "linux/wpa.")
	bus := fakebluez.StartBus(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	r := &rig{t: t, bus: bus, wpa: fakewpa.Start(t, bus, cfg), store: &store.Memory{}, ctx: ctx, late: patience}
	r.reboot()
	return r
}

// reboot replaces the Daemon, as if its process had died.
func (r *rig) reboot() {
	r.t.Helper()
	if r.Daemon != nil {
		require.NoError(r.t, r.Close())
	}
	d, err := wpa.New(wpa.Config{Interface: "wlan0", Store: r.store, Lease: r.wpa.Lease, Serve: r.wpa.Serve, Bus: r.bus, Timeout: r.late, Logger: func(_ hal.Level, msg string, attrs ...hal.Attr) {
		r.t.Log(msg, attrs)
	}})
	require.NoError(r.t, err)
	r.Daemon = d
	r.t.Cleanup(func() { _ = d.Close() })
}

// taken is newRig with the interface taken.
func taken(t *testing.T, cfg fakewpa.Config) *rig {
	t.Helper()
	r := newRig(t, cfg)
	require.NoError(t, r.Take(r.ctx))
	return r
}

// joining is a Join that runs.
type joining struct {
	t      *testing.T
	cancel context.CancelCauseFunc
	events chan string
	done   chan hal.Reason

	mu   sync.Mutex
	last hal.JoinInfo
}

// Step, Connected and Address implement radio.Watcher.
func (j *joining) Step(i hal.JoinInfo) {
	j.mu.Lock()
	j.last = i
	j.mu.Unlock()
	j.events <- i.Step.String()
}

func (j *joining) Connected(ap hal.AccessPoint) {
	j.events <- fmt.Sprintf("connected to %s, channel %d, %d dBm, %v", ap.SSID, ap.Channel, ap.RSSI, ap.Auth)
}
func (j *joining) Address(ip hal.IPConfig) { j.events <- "address " + ip.Address.String() }

// join starts a Join.
func (r *rig) join(cfg hal.StationConfig) *joining {
	ctx, cancel := context.WithCancelCause(r.ctx)
	j := &joining{t: r.t, cancel: cancel, events: make(chan string, 100), done: make(chan hal.Reason, 1)}
	r.t.Cleanup(func() { cancel(nil) })
	d := r.Daemon
	go func() { j.done <- d.Join(ctx, cfg, j) }()
	return j
}

// until returns what was told up to and including an event that begins like that.
func (j *joining) until(event string) (all []string) {
	j.t.Helper()
	late := time.After(patience)
	for {
		select {
		case e := <-j.events:
			all = append(all, e)
			if len(e) >= len(event) && e[:len(event)] == event {
				return all
			}
		case r := <-j.done:
			j.t.Fatalf("Join ended with %v after %q; wanted %q", r, all, event)
		case <-late:
			j.t.Fatalf("waited in vain for %q; so far %q", event, all)
		}
	}
}

// stages are what a Join tells, in order. States that last a moment may be left out.
var stages = []string{"scan", "authentication", "association", "4-way handshake", "connected", "address"}

// reached waits until a stage or a later one is told.
func (j *joining) reached(stage string) {
	j.t.Helper()
	for {
		select {
		case e := <-j.events:
			e, _, _ = strings.Cut(e, " ")
			for i, s := range stages {
				if strings.HasPrefix(s, e) && i >= slices.Index(stages, stage) {
					return
				}
			}
		case r := <-j.done:
			j.t.Fatalf("Join ended with %v before %q", r, stage)
		case <-time.After(patience):
			j.t.Fatalf("waited in vain for %q", stage)
		}
	}
}

// ended returns the reason, once Join is over, and what was told before.
func (j *joining) ended() (hal.Reason, []string) {
	j.t.Helper()
	select {
	case r := <-j.done:
		var all []string
		for len(j.events) > 0 {
			all = append(all, <-j.events)
		}
		return r, all
	case <-time.After(patience):
		j.t.Fatal("Join does not end")
		return 0, nil
	}
}

// clean checks that no network of ours is left but the mark of Take, that nothing is
// joined and that the daemon will not join by itself.
func (r *rig) clean() {
	r.t.Helper()
	r.wpa.Wait("the network is left and forgotten", func(v fakewpa.View) bool {
		return len(v.Networks("wlan0")) == 1 && v.At("wlan0") == "" && v.Leases("wlan0") == 0 && v.State("wlan0") != "scanning"
	})
	r.wpa.View(func(v fakewpa.View) {
		require.Regexp(r.t, "^wifiprov off wifiprov was by=", v.Networks("wlan0")[0])
	})
}

var (
	homeAP = fakewpa.AP{SSID: "HomeNet", Channel: 6, RSSI: -40, Auth: hal.AuthWPA2PSK, Passphrase: "correct horse"}
	home   = hal.StationConfig{SSID: "HomeNet", Passphrase: "correct horse"}
)

var errEnough = errors.New("enough")

var _ radio.Watcher = (*joining)(nil)
