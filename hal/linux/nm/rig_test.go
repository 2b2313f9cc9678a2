// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
	"github.com/wifiprov/wifiprov/internal/test/fakenm"
)

var (
	home    = fakenm.Network{SSID: "HomeNet", Auth: hal.AuthWPA2PSK, Passphrase: "secretpass"}
	homeCfg = hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"}
	cafe    = fakenm.Network{SSID: "Cafe", BSSID: hal.BSSID{2, 0, 0, 0, 0, 2}, Frequency: 5180, Strength: 40, Address: "10.0.0.5"}
	cafeCfg = hal.StationConfig{SSID: "Cafe"}
)

// rig is a Daemon on a NetworkManager of its own.
type rig struct {
	t       *testing.T
	address string
	nm      *fakenm.Daemon
	// rollback is Config.Rollback. It is long, since a busy machine may not prolong a
	// short one in time.
	rollback time.Duration
	*Daemon
}

func newRig(t *testing.T, cfg fakenm.Config, networks ...fakenm.Network) *rig {
	t.Helper()
	fakebluez.NoGoroutines(t, "nm.(*Daemon)")
	r := &rig{t: t, address: fakebluez.StartBus(t), rollback: time.Minute}
	r.nm = fakenm.Start(t, r.address, cfg, networks...)
	r.start()
	return r
}

// start begins a process that uses NetworkManager.
func (r *rig) start() {
	r.t.Helper()
	d, err := New(Config{Interface: "wlan0", Bus: r.address, Rollback: r.rollback})
	require.NoError(r.t, err)
	r.Daemon = d
	r.t.Cleanup(func() { require.NoError(r.t, d.Close()) })
}

// restart is start with another rollback.
func (r *rig) restart(rollback time.Duration) {
	r.t.Helper()
	r.die()
	r.rollback = rollback
	r.start()
}

// die ends the process without a word.
func (r *rig) die() {
	r.t.Helper()
	_ = r.Daemon.conn.Close()
	_ = r.Daemon.Close()
}

func (r *rig) take() {
	r.t.Helper()
	require.NoError(r.t, r.Take(r.t.Context()))
}

// up waits until an interface is connected with a profile.
func (r *rig) up(profile string) {
	r.t.Helper()
	r.nm.Wait("link "+profile, func(v fakenm.View) bool { return v.Up("wlan0") == profile })
}

func (r *rig) profiles() (names []string) {
	r.nm.Look(func(v fakenm.View) { names = v.Profiles() })
	return names
}

// clean fails unless nothing of the package is left but these profiles.
func (r *rig) clean(profiles ...string) {
	r.t.Helper()
	r.nm.Look(func(v fakenm.View) {
		require.Zero(r.t, v.Checkpoints())
		require.True(r.t, v.Autoconnect("wlan0"))
		require.ElementsMatch(r.t, profiles, v.Profiles())
	})
}

// joining is a Join under way.
type joining struct {
	r     *rig
	end   context.CancelCauseFunc
	done  chan hal.Reason
	steps chan string

	mu  sync.Mutex
	all []string
}

func (r *rig) join(cfg hal.StationConfig) *joining {
	ctx, cancel := context.WithCancelCause(r.t.Context())
	j := &joining{r: r, end: cancel, done: make(chan hal.Reason, 1), steps: make(chan string, 100)}
	d := r.Daemon
	go func() { j.done <- d.Join(ctx, cfg, j) }()
	r.t.Cleanup(func() { cancel(nil) })
	return j
}

func (j *joining) note(s string) {
	j.mu.Lock()
	j.all = append(j.all, s)
	j.mu.Unlock()
	j.steps <- s
}

func (j *joining) Step(i hal.JoinInfo)          { j.note(fmt.Sprintf("%v %s", i.Step, i.AP.SSID)) }
func (j *joining) Connected(ap hal.AccessPoint) { j.note("connected " + ap.SSID.String()) }
func (j *joining) Address(ip hal.IPConfig)      { j.note("address " + ip.Address.String()) }

func (j *joining) told() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.all...)
}

// wait waits until something is told.
func (j *joining) wait(what string) {
	j.r.t.Helper()
	timer := time.NewTimer(20 * time.Second)
	defer timer.Stop()
	for {
		select {
		case s := <-j.steps:
			if s == what {
				return
			}
		case r := <-j.done:
			require.Failf(j.r.t, "Join returned", "%v before %q; it told %q", r, what, j.told())
		case <-timer.C:
			require.Failf(j.r.t, "nothing", "%q is not told, but %q", what, j.told())
		}
	}
}

// over returns why the Join ended.
func (j *joining) over() hal.Reason {
	j.r.t.Helper()
	select {
	case r := <-j.done:
		return r
	case <-time.After(20 * time.Second):
		require.Fail(j.r.t, "Join does not end")
		return 0
	}
}

func (j *joining) leave() {
	j.r.t.Helper()
	j.end(nil)
	require.Equal(j.r.t, hal.ReasonAssocLeave, j.over())
}

func (j *joining) keep() {
	j.r.t.Helper()
	j.end(radio.ErrKeep)
	require.Equal(j.r.t, hal.ReasonAssocLeave, j.over())
}

func softAP(iface string) radio.AP {
	return radio.AP{
		SoftAPConfig: hal.SoftAPConfig{SSID: "PROV_1", Key: "12345678", Auth: hal.AuthWPA2PSK, Channel: 6},
		Interface:    iface, Address: netip.MustParsePrefix("192.168.4.1/24"),
	}
}
