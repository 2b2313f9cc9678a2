// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/long"
)

// life lets some boards scan and join at the same moments and returns what
// happened, each board's part on its own.
func life(t *testing.T, seed uint64) (log string) {
	if long.Race {
		// The race detector of Go 1.26 crashes in its own code when many
		// timers of one bubble fire on several processors at once.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	t.Helper()
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{Seed: seed})
		for i := range 20 {
			addAP(t, air, sim.APConfig{
				SSID: hal.SSID(fmt.Sprintf("AP%02d", i)), Channel: uint8(1 + i%13), RSSI: int8(-30 - i), Drift: 20,
			})
		}
		const boards = 8
		logs := [boards]strings.Builder{}
		var wg sync.WaitGroup
		for i := range logs {
			b, j := started(t, air, sim.BoardConfig{})
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range 3 {
					_ = b.StartScan(hal.ScanConfig{})
					time.Sleep(2 * time.Second)
					list := results(t, b)
					j.note(strings.Join(list, ", "))
					ssid, _, _ := strings.Cut(list[0], " ")
					_ = b.SetStationConfig(hal.StationConfig{SSID: hal.SSID(ssid)})
					_ = b.Connect()
					time.Sleep(time.Second)
					_ = b.Disconnect()
					time.Sleep(time.Second)
				}
				j.mu.Lock()
				defer j.mu.Unlock()
				logs[i].WriteString(strings.Join(j.lines, "\n") + "\n")
			}()
		}
		wg.Wait()
		for i := range logs {
			log += logs[i].String()
		}
	})
	return log
}

func TestSameSeedSameLife(t *testing.T) {
	first := life(t, 1)
	require.Contains(t, first, "GotIP")
	for range 3 {
		require.Equal(t, first, life(t, 1))
	}
	require.NotEqual(t, first, life(t, 2))
}

// TestAnyCallsKeepOrder runs random calls and checks what must be true of
// every driver: each scan that began is reported once, each attempt to join
// has one outcome, and no address comes without a link.
func TestAnyCallsKeepOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ops := rapid.SliceOfN(rapid.IntRange(0, 15), 1, 60).Draw(rt, "ops")
		waits := rapid.SliceOfN(rapid.IntRange(0, 700), len(ops), len(ops)).Draw(rt, "waits")
		var err error
		bubble(t, func(t *testing.T) { err = anyCalls(t, ops, waits) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}

func anyCalls(t *testing.T, ops, waits []int) error {
	air := sim.NewAir(sim.AirConfig{HandshakeTry: 50 * time.Millisecond})
	ap := addAP(t, air, with(func(c *sim.APConfig) { c.DHCPDelay = 100 * time.Millisecond }))
	other, _ := started(t, air, sim.BoardConfig{})
	if err := other.StartSoftAP(hal.SoftAPConfig{SSID: "PROV"}); err != nil {
		return err
	}
	b, _ := started(t, air, sim.BoardConfig{BeaconTimeout: 300 * time.Millisecond})
	scans, joins, connected, linked, lost := 0, 0, 0, false, 0
	var wrong error
	var mu sync.Mutex
	b.Subscribe(func(e hal.Event) {
		mu.Lock()
		defer mu.Unlock()
		switch e.Kind {
		case hal.EventScanDone:
			scans--
		case hal.EventConnected:
			connected++
			linked = true
		case hal.EventGotIP:
			if !linked {
				wrong = fmt.Errorf("address without a link")
			}
		case hal.EventDisconnected:
			lost++
			linked = false
		}
	})
	configs := []hal.StationConfig{homeSTA, {SSID: "HomeNet", Passphrase: "wrongpass"}, {SSID: "Nowhere"}, {SSID: "PROV"}}
	for i, op := range ops {
		count := func(n *int, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				*n++
			}
		}
		switch op {
		case 0, 1, 2, 3:
			_ = b.SetStationConfig(configs[op])
		case 4, 5:
			// With a link it succeeds and begins nothing.
			if err := b.Connect(); err == nil && errors.Is(b.Connect(), hal.ErrBusy) {
				count(&joins, nil)
			}
		case 6:
			_ = b.Disconnect()
		case 7, 8:
			count(&scans, b.StartScan(hal.ScanConfig{PeriodMillis: 30}))
		case 9:
			_ = b.StopScan()
		case 10:
			ap.Vanish()
		case 11:
			ap.Appear()
		case 12:
			ap.Kick(hal.ReasonAuthLeave)
		case 13:
			_ = b.SetMode(hal.ModeAP)
		case 14:
			_ = b.SetMode(hal.ModeSTA)
		case 15:
			_ = b.StartSoftAP(hal.SoftAPConfig{SSID: "own"})
		}
		time.Sleep(time.Duration(waits[i]) * time.Millisecond)
	}
	time.Sleep(time.Hour)
	mu.Lock()
	defer mu.Unlock()
	if wrong == nil && scans != 0 {
		wrong = fmt.Errorf("%d scans without an end", scans)
	}
	// An attempt ends with a loss, or a link that still stands.
	stands := 0
	if linked {
		stands = 1
	}
	if wrong == nil && joins != lost+stands {
		wrong = fmt.Errorf("%d attempts, %d losses, %d links stand", joins, lost, stands)
	}
	if want := ap.Stations(); wrong == nil && want > stands {
		wrong = fmt.Errorf("the access point counts %d stations", want)
	}
	return wrong
}
