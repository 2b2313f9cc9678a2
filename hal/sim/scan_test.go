// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// results fetches what a scan found as "name channel rssi".
func results(t testing.TB, w hal.WiFi) []string {
	t.Helper()
	list := make([]hal.AccessPoint, 300)
	n, err := w.ScanResults(list)
	require.NoError(t, err)
	out := []string{}
	for _, ap := range list[:n] {
		out = append(out, fmt.Sprintf("%s %d %d", ap.SSID, ap.Channel, ap.RSSI))
	}
	return out
}

func TestScanTimes(t *testing.T) {
	for _, tt := range []struct {
		cfg  hal.ScanConfig
		want string
	}{
		{hal.ScanConfig{}, "1.56s ScanDone"},
		{hal.ScanConfig{Passive: true}, "4.68s ScanDone"},
		{hal.ScanConfig{PeriodMillis: 50}, "650ms ScanDone"},
		{hal.ScanConfig{Passive: true, PeriodMillis: 100}, "1.3s ScanDone"},
		{hal.ScanConfig{Channel: 6}, "120ms ScanDone"},
		{hal.ScanConfig{Channel: 14, Passive: true}, "360ms ScanDone"},
	} {
		t.Run(fmt.Sprintf("%+v", tt.cfg), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				air := sim.NewAir(sim.AirConfig{})
				b, j := started(t, air, sim.BoardConfig{})
				require.NoError(t, b.StartScan(tt.cfg))
				time.Sleep(time.Hour)
				require.Equal(t, []string{tt.want}, j.take())
				require.Empty(t, results(t, b))
			})
		})
	}
}

func TestScanResults(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		for _, c := range []sim.APConfig{
			{SSID: "late but equal", RSSI: -60, Channel: 13},
			{SSID: "equal", RSSI: -60, Channel: 1},
			{SSID: "hidden", RSSI: -20, Channel: 3, Hidden: true},
			{SSID: "", RSSI: -20, Channel: 3},
			{SSID: "\x00\x00", RSSI: -20, Channel: 3},
			{SSID: "5 GHz", RSSI: -20, Channel: 36},
			{SSID: "japan", RSSI: -20, Channel: 14},
			{SSID: "absent", RSSI: -20, Channel: 2, Absent: true},
			{SSID: "weak", RSSI: -90, Channel: 1},
			{SSID: "weak", RSSI: -30, Channel: 1},
		} {
			addAP(t, air, c)
		}
		b, _ := started(t, air, sim.BoardConfig{})
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		_, err := b.ScanResults(nil)
		require.ErrorIs(t, err, hal.ErrBusy)
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"weak 1 -30", "late but equal 13 -60", "equal 1 -60", "weak 1 -90"}, results(t, b))
		require.Empty(t, results(t, b), "results are forgotten when read")
		require.NoError(t, b.StartScan(hal.ScanConfig{Channel: 14}))
		time.Sleep(time.Second)
		require.Equal(t, []string{"japan 14 -20"}, results(t, b))
	})
}

// TestScanSeesPresence: channel n is over at n*120 ms.
func TestScanSeesPresence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		early := addAP(t, air, sim.APConfig{SSID: "early", Channel: 1})
		late := addAP(t, air, sim.APConfig{SSID: "late", Channel: 13, Absent: true})
		passed := addAP(t, air, sim.APConfig{SSID: "passed", Channel: 2, Absent: true})
		gone := addAP(t, air, sim.APConfig{SSID: "gone", Channel: 12})
		b, _ := started(t, air, sim.BoardConfig{})
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		time.Sleep(time.Second)
		early.Vanish()
		late.Appear()
		passed.Appear()
		gone.Vanish()
		time.Sleep(time.Second)
		require.Equal(t, []string{"early 1 -50", "late 13 -50"}, results(t, b))
	})
}

func TestScanKeepsTheStrongest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		var want []hal.AccessPoint
		for i := range 2 * sim.MaxResults {
			ap := addAP(t, air, sim.APConfig{SSID: "n", RSSI: int8(-1 - i*7%100), Channel: uint8(1 + i%13)})
			want = append(want, ap.Info())
		}
		addAP(t, air, sim.APConfig{SSID: "n", RSSI: -127, Channel: 13}) // found last
		for range 10 {
			addAP(t, air, sim.APConfig{SSID: "hidden", Hidden: true, RSSI: -1})
		}
		slices.SortStableFunc(want, func(a, b hal.AccessPoint) int { return int(b.RSSI) - int(a.RSSI) })
		b, _ := started(t, air, sim.BoardConfig{})
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		time.Sleep(2 * time.Second)
		list := make([]hal.AccessPoint, 1000)
		n, err := b.ScanResults(list)
		require.NoError(t, err)
		require.Equal(t, want[:sim.MaxResults], list[:n])
	})
}

func TestStopScanKeepsWhatWasFound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		addAP(t, air, sim.APConfig{SSID: "one", Channel: 1})
		addAP(t, air, sim.APConfig{SSID: "nine", Channel: 9})
		b, j := started(t, air, sim.BoardConfig{})
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		time.Sleep(time.Second) // channel 9 is over at 1.08 s
		require.NoError(t, b.StopScan())
		require.Equal(t, []string{"1s ScanDone"}, j.take())
		require.Equal(t, []string{"one 1 -50"}, results(t, b))
	})
}

func TestScanAndConnect(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		addAP(t, air, home)
		b, j := started(t, air, sim.BoardConfig{})
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		time.Sleep(time.Second)
		connect(t, b, homeSTA) // breaks the scan off
		require.ErrorIs(t, b.StartScan(hal.ScanConfig{}), hal.ErrBusy)
		time.Sleep(time.Second)
		require.Equal(t, []string{"1s ScanDone failed", "1.5s Connected", "1.5s GotIP 192.168.1.77"}, j.take())
		require.Empty(t, results(t, b))
		require.NoError(t, b.StartScan(hal.ScanConfig{}), "a connected station can scan")
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"HomeNet 6 -40"}, results(t, b))
	})
}

func TestScanErrors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		b, j := started(t, air, sim.BoardConfig{})
		for _, c := range []uint8{15, 35, 37, 68, 148, 181, 255} {
			require.ErrorContains(t, b.StartScan(hal.ScanConfig{Channel: c}), "channel is not")
		}
		require.ErrorContains(t, b.StartScan(hal.ScanConfig{Channel: 36}), "BoardConfig.FiveGHz")
		require.NoError(t, b.SetMode(hal.ModeAP))
		require.ErrorContains(t, b.StartScan(hal.ScanConfig{}), "no station")
		require.NoError(t, b.SetMode(hal.ModeSTA))
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		require.NoError(t, b.SetMode(hal.ModeOff))
		require.Equal(t, []string{"0s StationStart", "0s ScanDone failed"}, j.take())
	})
}

func TestDrift(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{Seed: 7})
		addAP(t, air, sim.APConfig{SSID: "drifts", RSSI: -60, Drift: 5})
		addAP(t, air, sim.APConfig{SSID: "weakest", RSSI: -126, Drift: 20})
		b, _ := started(t, air, sim.BoardConfig{})
		seen := map[int8]bool{}
		for range 200 {
			require.NoError(t, b.StartScan(hal.ScanConfig{Channel: 1}))
			time.Sleep(time.Second)
			list := make([]hal.AccessPoint, 2)
			n, err := b.ScanResults(list)
			require.NoError(t, err)
			require.Equal(t, 2, n)
			require.InDelta(t, -60, list[0].RSSI, 5)
			require.Less(t, list[1].RSSI, int8(-100))
			seen[list[0].RSSI] = true
		}
		require.Len(t, seen, 11, "every value from -65 to -55")
	})
}

func TestDriftDiffersFromBoardToBoard(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		addAP(t, air, sim.APConfig{SSID: "drifts", Drift: 20})
		a, _ := started(t, air, sim.BoardConfig{})
		b, _ := started(t, air, sim.BoardConfig{})
		differ := false
		for range 5 {
			differ = differ || !slices.Equal(scanAll(t, a), scanAll(t, b))
		}
		require.True(t, differ)
	})
}

// A board with 5 GHz scans and joins there; one without does not. Each channel
// takes its time.
func TestFiveGHz(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		cfg := home
		cfg.Channel = 2
		addAP(t, air, cfg)
		cfg.Channel, cfg.RSSI = 36, -30
		first := addAP(t, air, cfg)
		cfg.Channel, cfg.RSSI = 177, -80
		last := addAP(t, air, cfg)
		both, j := started(t, air, sim.BoardConfig{FiveGHz: true})
		require.NoError(t, both.StartScan(hal.ScanConfig{}))
		time.Sleep(time.Minute)
		require.Equal(t, []string{"4.92s ScanDone"}, j.take()) // 41 channels
		require.Equal(t, []string{"HomeNet 36 -30", "HomeNet 2 -40", "HomeNet 177 -80"}, results(t, both))
		require.NoError(t, both.StartScan(hal.ScanConfig{Channel: 177}))
		time.Sleep(time.Minute)
		require.Equal(t, []string{"HomeNet 177 -80"}, results(t, both))
		old, _ := started(t, air, sim.BoardConfig{})
		require.Equal(t, []string{"HomeNet 2 -40"}, scanAll(t, old))

		strongest := homeSTA
		strongest.ScanMethod = hal.ScanAllChannel
		for want, b := range map[uint8]*sim.Board{36: both, 2: old} {
			connect(t, b, strongest)
			time.Sleep(time.Second)
			link, err := b.Link()
			require.NoError(t, err)
			require.Equal(t, want, link.AP.Channel)
			require.NoError(t, b.StartSoftAP(hal.SoftAPConfig{SSID: "PROV"})) // one radio, one channel
		}
		require.NoError(t, both.StartScan(hal.ScanConfig{}))
		time.Sleep(time.Minute)
		require.Contains(t, results(t, both), "PROV 2 -50")
		require.Equal(t, []string{"HomeNet 2 -40"}, scanAll(t, old), "the other SoftAP is on 5 GHz")
		pinned := homeSTA
		pinned.Channel = 177 // a fast scan begins there
		require.NoError(t, both.Disconnect())
		connect(t, both, pinned)
		time.Sleep(time.Second)
		require.Equal(t, 1, last.Stations())
		require.Zero(t, first.Stations())
	})
}

func TestScanChannels(t *testing.T) {
	air := sim.NewAir(sim.AirConfig{})
	b, err := air.NewBoard(sim.BoardConfig{})
	require.NoError(t, err)
	require.Equal(t, []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, b.ScanChannels())
	b, err = air.NewBoard(sim.BoardConfig{FiveGHz: true})
	require.NoError(t, err)
	list := b.ScanChannels()
	require.Len(t, list, 41)
	require.Equal(t, []uint8{12, 13, 36, 40}, list[11:15])
	require.Equal(t, []uint8{64, 100}, list[20:22])
	require.Equal(t, []uint8{144, 149}, list[32:34])
	require.Equal(t, uint8(177), list[40])
	for _, c := range []uint8{15, 38, 66, 146, 181, 255} {
		_, err := air.AddAP(sim.APConfig{SSID: "x", Channel: c})
		require.ErrorContains(t, err, "channel", c)
	}
}

// An access point that moves to another channel during a scan is found once, as
// it was heard best.
func TestScanHearsAnAccessPointTwice(t *testing.T) {
	for _, rssi := range []int8{-30, -70} {
		bubble(t, func(t *testing.T) {
			air := sim.NewAir(sim.AirConfig{})
			p := addAP(t, air, sim.APConfig{SSID: "mover", Channel: 2, RSSI: -50})
			addAP(t, air, sim.APConfig{SSID: "other", Channel: 3, RSSI: -40})
			b, _ := started(t, air, sim.BoardConfig{})
			require.NoError(t, b.StartScan(hal.ScanConfig{}))
			time.Sleep(time.Second)
			require.NoError(t, p.Configure(sim.APConfig{SSID: "mover", Channel: 12, RSSI: rssi}))
			time.Sleep(time.Second)
			want := []string{"other 3 -40", "mover 2 -50"}
			if rssi == -30 {
				want = []string{"mover 12 -30", "other 3 -40"}
			}
			require.Equal(t, want, results(t, b))
		})
	}
}

// A hidden network takes no place from another, and can be joined.
func TestHiddenNetworks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		for i := range 16 {
			addAP(t, air, sim.APConfig{SSID: "hidden", Hidden: true, RSSI: int8(-31 - i)})
		}
		addAP(t, air, sim.APConfig{SSID: "visible", RSSI: -60})
		b, _ := started(t, air, sim.BoardConfig{})
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		time.Sleep(2 * time.Second)
		list := make([]hal.AccessPoint, 1)
		n, err := b.ScanResults(list)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, hal.SSID("visible"), list[0].SSID)
		connect(t, b, hal.StationConfig{SSID: "hidden"})
		time.Sleep(time.Second)
		_, err = b.Link()
		require.NoError(t, err)
	})
}

// Active scans send a probe request to whom they hear, passive ones none.
func TestProbes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		p := addAP(t, air, home)
		b, _ := started(t, air, sim.BoardConfig{})
		for _, passive := range []bool{true, false, true} {
			before := p.Probes()
			require.NoError(t, b.StartScan(hal.ScanConfig{Passive: passive}))
			time.Sleep(time.Minute)
			require.Equal(t, passive, p.Probes() == before)
		}
	})
}
