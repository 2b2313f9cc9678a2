// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// second is a manager on the rig's board, with a scheme of its own.
func second(t testing.TB, w hal.WiFi) *wifiprov.Manager {
	m := new(wifiprov.Manager)
	require.NoError(t, m.Init(wifiprov.Config{WiFi: w, Scheme: &fakeScheme{failing: map[string]error{}}}))
	return m
}

func start(m *wifiprov.Manager) error { return m.StartProvisioning(sec0.New(), "PROV_OTHER", "") }

func refusedBy(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, wifiprov.ErrInvalidState)
	require.ErrorIs(t, err, hal.ErrInUse)
	require.ErrorContains(t, err, "another manager")
}

// claimRig is a rig on a simulated board.
func claimRig(t *testing.T, r *rig) *sim.Board {
	board, err := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{})
	require.NoError(t, err)
	r.cfg.WiFi, r.cfg.Clock = board, nil
	return board
}

// While a service runs on a board a second manager's is refused, whatever
// wrappers they see it through, and the board is not touched. Other boards, and
// managers without a service, are not concerned.
func TestOneServiceABoard(t *testing.T) {
	for _, tt := range []struct {
		name          string
		first, second func(*sim.Board) hal.WiFi
	}{
		{"the board itself", func(b *sim.Board) hal.WiFi { return b }, func(b *sim.Board) hal.WiFi { return b }},
		{"a wrapper", func(b *sim.Board) hal.WiFi { return b }, func(b *sim.Board) hal.WiFi { return sim.NewFaults(b, nil) }},
		{"two wrappers", func(b *sim.Board) hal.WiFi { return sim.NewRecorder(b) }, func(b *sim.Board) hal.WiFi { return sim.NewRecorder(sim.NewFaults(b, nil)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				board := claimRig(t, r)
				defer board.Close()
				require.NoError(t, board.SetStationConfig(hal.StationConfig{SSID: "Former"}))
				calls := sim.NewRecorder(tt.second(board))
				r.cfg.WiFi = tt.first(board)
				r.init()
				other := second(t, calls)
				r.startOnly()
				calls.Reset()
				for range 2 {
					refusedBy(t, start(other))
				}
				require.Empty(t, calls.Lines(), "the board was touched")
				require.True(t, other.IsIdle())
				require.NoError(t, other.Deinit()) // and again
				other = second(t, calls)
				refusedBy(t, start(other))
				require.False(t, r.m.IsIdle())

				elsewhere := second(t, claimRig(t, newRig(t)))
				require.NoError(t, start(elsewhere))
				require.NoError(t, elsewhere.Deinit())

				// The first one's end lets the second in, and then the first is
				// refused.
				r.m.StopProvisioning()
				refusedBy(t, start(other)) // in the cleanup delay it answers still
				r.m.Wait()
				require.NoError(t, start(other))
				refusedBy(t, start(&r.m))
				require.NoError(t, other.Deinit())
				r.startOnly()
				require.NoError(t, r.m.Deinit())
				r.init()
				r.startOnly()
			})
		})
	}
}

// A start that failed, wherever, and a service whose scheme could not be stopped
// do not keep the board; neither does one that a reboot ended.
func TestFailuresKeepNoClaim(t *testing.T) {
	for m := sim.MethodSetMode; m <= sim.MethodDisconnect; m++ {
		bubble(t, func(t *testing.T, r *rig) {
			board := claimRig(t, r)
			defer board.Close()
			faults := sim.NewFaults(board, nil)
			faults.Fail(m, 1, errors.New("broken"))
			r.cfg.WiFi = faults
			r.init()
			failed := start(&r.m) != nil
			other := second(t, board)
			if failed {
				require.NoError(t, start(other))
				require.NoError(t, other.Deinit())
				r.startOnly()
			} else {
				refusedBy(t, start(other))
			}
		})
	}
	for _, failing := range []string{"SetService", "Start", "Stop"} {
		bubble(t, func(t *testing.T, r *rig) {
			board := claimRig(t, r)
			defer board.Close()
			r.scheme.failing[failing] = errDriver
			r.init()
			err := start(&r.m)
			require.Equal(t, failing != "Stop", err != nil)
			r.m.StopProvisioning()
			r.m.Wait()
			other := second(t, board)
			require.NoError(t, start(other))
			require.NoError(t, other.Deinit())
			delete(r.scheme.failing, "Stop")
		})
	}
	bubble(t, func(t *testing.T, r *rig) {
		board := claimRig(t, r)
		defer board.Close()
		r.init()
		r.startOnly()
		require.NoError(t, board.Reboot())
		other := second(t, board)
		require.NoError(t, start(other))
		require.NoError(t, r.m.Deinit()) // of the time before
		third := second(t, board)
		refusedBy(t, start(third))
		require.NoError(t, other.Deinit())
		require.NoError(t, start(third))
		require.NoError(t, third.Deinit())
	})
}

// claimless is a wrapper that has the ability for drivers that do not.
type claimless struct {
	*fakeWiFi
	err error
}

func (c claimless) Claim() (func(), error) { return nil, c.err }

// A driver that cannot be claimed is used all the same; an error of its own is
// the start's.
func TestDriversWithoutClaim(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.WiFi = claimless{r.wifi, hal.ErrNotSupported}
		r.start()
	})
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.WiFi = claimless{r.wifi, errDriver}
		r.init()
		err := start(&r.m)
		require.ErrorIs(t, err, errDriver)
		require.NotErrorIs(t, err, wifiprov.ErrInvalidState)
		require.Empty(t, r.wifi.takeCalls())
	})
}

// Of managers that start at the same time one comes up.
func TestStartsAtTheSameTime(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		board := claimRig(t, r)
		defer board.Close()
		const n = 8
		var managers [n]*wifiprov.Manager
		errs := make(chan error, n)
		for i := range managers {
			managers[i] = second(t, board)
			go func() { errs <- start(managers[i]) }()
		}
		synctest.Wait()
		up := 0
		for range n {
			if err := <-errs; err == nil {
				up++
			} else {
				refusedBy(t, err)
			}
		}
		require.Equal(t, 1, up)
		for _, m := range managers {
			require.NoError(t, m.Deinit())
		}
	})
}
