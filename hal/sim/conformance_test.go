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
func rig(t testing.TB) (haltest.Rig, *sim.Board) {
	air := sim.NewAir(sim.AirConfig{Seed: 1})
	for _, cfg := range []sim.APConfig{
		{SSID: "Weak", RSSI: -90, Channel: 1},
		{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -40, Channel: 6, Drift: 3},
		{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -70, Channel: 6},
		{SSID: "Secret", Hidden: true, RSSI: -60, Channel: 11},
	} {
		_, err := air.AddAP(cfg)
		require.NoError(t, err)
	}
	board, err := air.NewBoard(sim.BoardConfig{})
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
	}, board
}

func TestBoardKeepsContracts(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		r, _ := rig(t)
		return r
	})
}

func TestFaultsWithoutOrdersKeepContracts(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		r, board := rig(t)
		f := sim.NewFaults(board, nil)
		r.WiFi, r.SoftAP = f, f
		r.Reboot = func() (hal.WiFi, error) { return f, f.Reboot() }
		return r
	})
}

func TestRecorderKeepsContracts(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		r, board := rig(t)
		rec := sim.NewRecorder(sim.NewFaults(board, nil))
		r.WiFi, r.SoftAP = rec, rec
		r.Reboot = func() (hal.WiFi, error) { return rec, rec.Reboot() }
		return r
	})
}
