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
			{SSID: "hidden", RSSI: -50, Channel: 3, Hidden: true},
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
		require.Equal(t, []string{"weak 1 -30", " 3 -50", "late but equal 13 -60", "equal 1 -60", "weak 1 -90"}, results(t, b))
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
			ap := addAP(t, air, sim.APConfig{RSSI: int8(-1 - i*7%100), Channel: uint8(1 + i%13)})
			want = append(want, ap.Info())
		}
		addAP(t, air, sim.APConfig{RSSI: -127, Channel: 13}) // found last
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
		require.ErrorContains(t, b.StartScan(hal.ScanConfig{Channel: 15}), "channel")
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
		addAP(t, air, sim.APConfig{Drift: 20})
		a, _ := started(t, air, sim.BoardConfig{})
		b, _ := started(t, air, sim.BoardConfig{})
		differ := false
		for range 5 {
			differ = differ || !slices.Equal(scanAll(t, a), scanAll(t, b))
		}
		require.True(t, differ)
	})
}
