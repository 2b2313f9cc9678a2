// SPDX-License-Identifier: Apache-2.0

package station_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/station"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// radio is a board that counts.
type radio struct {
	*sim.Board
	connects, releases, starts atomic.Int32
	failing                    atomic.Bool
}

func (r *radio) Connect() error {
	r.connects.Add(1)
	if r.failing.Load() {
		return errors.New("the daemon does not answer")
	}
	return r.Board.Connect()
}
func (r *radio) Start() error   { r.starts.Add(1); return r.Board.Start() }
func (r *radio) Release() error { r.releases.Add(1); return nil }
func (r *radio) Close() error   { return nil }

// bubble runs a test with a board on which HomeNet is stored.
func bubble(t *testing.T, test func(t *testing.T, r *radio, ap *sim.AP)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{JoinTime: 100 * time.Millisecond})
		ap, err := air.AddAP(sim.APConfig{SSID: "HomeNet"})
		require.NoError(t, err)
		board, err := air.NewBoard(sim.BoardConfig{})
		require.NoError(t, err)
		defer board.Close()
		require.NoError(t, board.SetStationConfig(hal.StationConfig{SSID: "HomeNet"}))
		test(t, &radio{Board: board}, ap)
	})
}

func online(r *radio) bool {
	_, err := r.Link()
	return err == nil
}

// A lost network is joined again, after pauses that grow to a minute and begin anew after
// a success.
func TestPauses(t *testing.T) {
	bubble(t, func(t *testing.T, r *radio, ap *sim.AP) {
		s := station.New(station.Config{Radio: r, Join: true})
		s.Resume()
		time.Sleep(time.Second)
		require.True(t, online(r))
		time.Sleep(1000 * time.Hour)
		require.EqualValues(t, 1, r.connects.Load(), "a joined station does nothing")
		for range 2 {
			r.connects.Store(0)
			ap.Kick(4)
			ap.Vanish()
			time.Sleep(time.Hour)
			n := r.connects.Load()
			require.InDelta(t, 6+59, n, 2) // 1, 2, 4, 8, 16, 32 s, then once a minute
			ap.Appear()
			time.Sleep(time.Minute + time.Second)
			require.True(t, online(r))
			require.LessOrEqual(t, r.connects.Load(), n+1)
		}
		require.NoError(t, s.Leave())
		require.EqualValues(t, 1, r.releases.Load())
	})
}

// A driver that fails, and a network without addresses, are tried again.
func TestTrouble(t *testing.T) {
	bubble(t, func(t *testing.T, r *radio, _ *sim.AP) {
		s := station.New(station.Config{Radio: r, Join: true})
		r.failing.Store(true)
		s.Resume()
		time.Sleep(10 * time.Second)
		require.EqualValues(t, 4, r.connects.Load()) // at 0, 1, 3, 7 s
		r.failing.Store(false)
		r.SilenceDHCP(true)
		time.Sleep(3 * time.Minute)
		require.GreaterOrEqual(t, r.connects.Load(), int32(6))
		require.False(t, online(r))
		r.SilenceDHCP(false)
		time.Sleep(3 * time.Minute)
		require.True(t, online(r))
		s.Suspend()
	})
}

// A suspended station leaves the Wi-Fi alone.
func TestSuspend(t *testing.T) {
	bubble(t, func(t *testing.T, r *radio, ap *sim.AP) {
		s := station.New(station.Config{Radio: r, Join: true})
		ap.Vanish()
		s.Resume()
		time.Sleep(10 * time.Second)
		s.Suspend()
		s.Suspend()
		n := r.connects.Load()
		ap.Appear()
		time.Sleep(time.Hour)
		require.Equal(t, n, r.connects.Load())
		require.False(t, online(r))
		s.Resume()
		time.Sleep(time.Second)
		require.True(t, online(r))
		s.Suspend()
		require.NoError(t, s.Erase())
		time.Sleep(time.Second)
		require.False(t, online(r))
		require.False(t, s.Provisioned())
	})
}

// Where there is nothing to join, or somebody else joins, the Wi-Fi is given back and not
// even started.
func TestRelease(t *testing.T) {
	bubble(t, func(t *testing.T, r *radio, _ *sim.AP) {
		station.New(station.Config{Radio: r}).Resume()
		require.EqualValues(t, 1, r.releases.Load())
		require.NoError(t, r.Restore())
		station.New(station.Config{Radio: r, Join: true}).Resume()
		time.Sleep(time.Hour)
		require.EqualValues(t, 2, r.releases.Load())
		require.Zero(t, r.connects.Load())
		require.Zero(t, r.starts.Load())
	})
}

// A network without addresses is left and tried again, after pauses that double once each
// time.
func TestSilentNetwork(t *testing.T) {
	bubble(t, func(t *testing.T, r *radio, ap *sim.AP) {
		r.SilenceDHCP(true)
		s := station.New(station.Config{Radio: r, Join: true, JoinTimeout: 10 * time.Second})
		s.Resume()
		began := time.Now()
		for i, next := range []time.Duration{11, 23, 37, 55} { // 10 s each, and 1, 2, 4, 8 s between
			time.Sleep(time.Until(began.Add(next*time.Second - time.Millisecond)))
			require.EqualValues(t, i+1, r.connects.Load())
			time.Sleep(2 * time.Millisecond)
			require.EqualValues(t, i+2, r.connects.Load())
		}
		require.NoError(t, s.Leave())
	})
}
