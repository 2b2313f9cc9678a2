// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package radio_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/haltest"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/fakelinux"
)

var (
	network = hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"}
	missing = hal.StationConfig{SSID: "Nowhere"}
	wrong   = hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"}
)

// bench is a box on the air with its Radio.
type bench struct {
	*radio.Radio
	t    *testing.T
	air  *sim.Air
	home *sim.AP // on channel 6
	far  *sim.AP // on channel 11
	box  *fakelinux.Box
	sim  fakelinux.Config
	cfg  radio.Config
}

// The ways in which station and access point get along.
var policies = map[string]func(*bench){
	"another radio": func(b *bench) { b.cfg.APInterface = fakelinux.Second },
	"two channels":  func(b *bench) { b.sim.Beside = 2 },
	"one channel":   func(b *bench) { b.sim.Beside = 1 },
	"by turns":      func(*bench) {},
}

// newBench boots a box in a synctest bubble, and takes it down at its end.
func newBench(t *testing.T, set ...func(*bench)) *bench {
	t.Helper()
	b := &bench{t: t, air: sim.NewAir(sim.AirConfig{}), cfg: radio.Config{Interface: fakelinux.Station}}
	for _, fn := range set {
		fn(b)
	}
	var err error
	b.home, err = b.air.AddAP(sim.APConfig{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -40, Channel: 6})
	require.NoError(t, err)
	b.far, err = b.air.AddAP(sim.APConfig{SSID: "Far", RSSI: -80, Channel: 11})
	require.NoError(t, err)
	b.box, err = fakelinux.New(b.air, b.sim)
	require.NoError(t, err)
	b.boot()
	t.Cleanup(func() {
		require.NoError(t, b.Close())
		require.Empty(t, b.box.Misuse())
		b.box.Board().Close()
	})
	return b
}

// boot begins a process.
func (b *bench) boot() {
	b.t.Helper()
	if b.cfg.Phy == nil {
		b.cfg.Phy = b.box
	}
	var err error
	b.Radio, err = radio.New(b.box.Daemon(), b.cfg)
	require.NoError(b.t, err)
}

func (b *bench) rig() haltest.Rig {
	return haltest.Rig{
		WiFi: b.Radio, SoftAP: b.Radio, Network: network, Channel: 6, Missing: missing, Wrong: wrong,
		Probes: b.home.Probes, OneMode: b.sim.Beside == 0 && b.cfg.APInterface == "",
		Reboot: func() (hal.WiFi, error) {
			err := b.Close()
			b.boot()
			return b.Radio, err
		},
	}
}

func inBubble(t *testing.T, fn func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, fn)
}

// The contracts of hal, whichever way station and access point get along.
func TestContract(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
				b := newBench(t, policy)
				b.box.SetExtra(hal.AccessPoint{RSSI: -10, Channel: 6}, hal.AccessPoint{SSID: "\x00\x00", RSSI: -11, Channel: 6}, b.home.Info())
				return b.rig()
			})
		})
	}
}

// diary is what a subscriber was told, with the time since it subscribed.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (b *bench) diary() *diary {
	d := &diary{}
	began := time.Now()
	b.Subscribe(func(e hal.Event) {
		d.mu.Lock()
		defer d.mu.Unlock()
		line := fmt.Sprint(time.Since(began), " ", e.Kind)
		switch {
		case e.Kind == hal.EventDisconnected:
			line += fmt.Sprint(" ", uint8(e.Reason))
		case e.Kind == hal.EventGotIP:
			line += fmt.Sprint(" ", e.IP)
		case e.ScanFailed:
			line += " failed"
		}
		d.lines = append(d.lines, line)
	})
	return d
}

// told returns the lines since the last call.
func (d *diary) told() []string {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	lines := d.lines
	d.lines = nil
	return lines
}
