// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package sim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/haltest"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// rig is a board among a few access points.
func rig(t testing.TB, cfg sim.BoardConfig) (haltest.Rig, *sim.Board) {
	air := sim.NewAir(sim.AirConfig{Seed: 1})
	var aps []*sim.AP
	for _, cfg := range []sim.APConfig{
		{SSID: "Weak", RSSI: -90, Channel: 1},
		{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -40, Channel: 6, Drift: 3},
		{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -70, Channel: 6},
		{SSID: "Secret", Hidden: true, RSSI: -20, Channel: 11},
	} {
		ap, err := air.AddAP(cfg)
		require.NoError(t, err)
		aps = append(aps, ap)
	}
	board, err := air.NewBoard(cfg)
	require.NoError(t, err)
	t.Cleanup(board.Close)
	return haltest.Rig{
		WiFi:    board,
		SoftAP:  board,
		Network: hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"},
		Channel: 6,
		Missing: hal.StationConfig{SSID: "Nowhere", Passphrase: "whatever1"},
		Wrong:   hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"},
		Reboot:  func() (hal.WiFi, error) { return board, board.Reboot() },
		Probes:  func() int { return aps[1].Probes() + aps[2].Probes() },
	}, board
}

func TestBoardKeepsContracts(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		r, _ := rig(t, sim.BoardConfig{})
		return r
	})
}

func TestBoardWithFiveGHzKeepsContracts(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		r, board := rig(t, sim.BoardConfig{FiveGHz: true})
		r.WiFi = sim.NewFaults(board, nil)
		r.Reboot = func() (hal.WiFi, error) { return r.WiFi, board.Reboot() }
		return r
	})
}

func TestFaultsWithoutOrdersKeepContracts(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		r, board := rig(t, sim.BoardConfig{})
		f := sim.NewFaults(board, nil)
		r.WiFi, r.SoftAP = f, f
		r.Reboot = func() (hal.WiFi, error) { return f, f.Reboot() }
		return r
	})
}

func TestRecorderKeepsContracts(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		r, board := rig(t, sim.BoardConfig{})
		rec := sim.NewRecorder(sim.NewFaults(board, nil))
		r.WiFi, r.SoftAP = rec, rec
		r.Reboot = func() (hal.WiFi, error) { return rec, rec.Reboot() }
		return r
	})
}
