// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// journal is what happened to a board: "500ms Connected".
type journal struct {
	start time.Time
	mu    sync.Mutex
	lines []string
}

func watch(w hal.WiFi) *journal {
	j := &journal{start: time.Now()}
	w.Subscribe(func(e hal.Event) {
		line := e.Kind.String()
		switch {
		case e.Reason != 0:
			line += fmt.Sprintf(" %d", e.Reason)
		case e.Kind == hal.EventGotIP:
			line += " " + e.IP.String()
		case e.ScanFailed:
			line += " failed"
		}
		j.note(line)
	})
	return j
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf("%v %s", time.Since(j.start), line))
}

// take returns the lines since the last call, all events delivered.
func (j *journal) take() []string {
	synctest.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	return lines
}

// bubble runs a test in a bubble.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func addAP(t testing.TB, air *sim.Air, cfg sim.APConfig) *sim.AP {
	t.Helper()
	ap, err := air.AddAP(cfg)
	require.NoError(t, err)
	return ap
}

// started returns a started board whose journal begins now.
func started(t testing.TB, air *sim.Air, cfg sim.BoardConfig) (*sim.Board, *journal) {
	t.Helper()
	b, err := air.NewBoard(cfg)
	require.NoError(t, err)
	t.Cleanup(b.Close)
	require.NoError(t, b.Start())
	return b, watch(b)
}

func connect(t testing.TB, w hal.WiFi, cfg hal.StationConfig) {
	t.Helper()
	require.NoError(t, w.SetStationConfig(cfg))
	require.NoError(t, w.Connect())
}

var (
	home    = sim.APConfig{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -40, Channel: 6}
	homeSTA = hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"}
)

// with returns home changed.
func with(change func(c *sim.APConfig)) sim.APConfig {
	c := home
	change(&c)
	return c
}
