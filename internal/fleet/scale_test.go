// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/internal/fleet"
	"github.com/wifiprov/wifiprov/internal/test/long"
)

// start returns a fleet of n devices that wait for clients under security 2, each with
// a password of its own.
func start(tb testing.TB, n int, device simdevice.Config) *fleet.Fleet {
	tb.Helper()
	cfg := fleet.Config{Networks: []sim.APConfig{simdevice.Home}}
	for i := range n {
		device.Name = fmt.Sprintf("PROV_%05d", i)
		device.Security = simdevice.Security2(simdevice.DefaultUsername, hal.Secret(fmt.Sprintf("password %d", i)))
		cfg.Devices = append(cfg.Devices, device)
	}
	f, err := fleet.New(cfg)
	require.NoError(tb, err)
	tb.Cleanup(f.Close)
	require.NoError(tb, f.Start())
	for _, d := range f.Devices() {
		_, err := d.Await(tb.Context(), simdevice.Is(wifiprov.EventStart))
		require.NoError(tb, err)
	}
	return f
}

// memory returns what heap and stacks take, in bytes.
func memory() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapInuse + m.StackInuse)
}

// An idle device of a fleet takes at most 40 KiB, and over HTTP one goroutine, that of
// its listener.
func TestIdleDevices(t *testing.T) {
	if long.Race {
		t.Skip("the race detector takes memory for itself")
	}
	const most = 40 << 10
	for name, c := range map[string]struct {
		device     simdevice.Config
		goroutines int
	}{
		"in memory":   {simdevice.Config{}, 1},
		"on loopback": {simdevice.Config{Listen: simnet.Loopback}, 1},
		"BLE":         {simdevice.Config{Transport: simdevice.BLE}, 0},
		"console":     {simdevice.Config{Transport: simdevice.Console}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			n := long.Count(t, 1000, 10_000)
			before, running := memory(), runtime.NumGoroutine()
			f := start(t, n, c.device)
			require.LessOrEqual(t, runtime.NumGoroutine()-running, c.goroutines*n+10)
			each := (memory() - before) / n
			t.Logf("%d bytes each", each)
			require.Less(t, each, most)
			f.Close()
		})
	}
}

// BenchmarkFleet provisions 1,000 devices, each under security 2 with a password of its
// own, 200 at a time. The devices take the time of an ESP32 to join their network.
func BenchmarkFleet(b *testing.B) {
	const workers = 200
	n := long.Count(b, 1000, 10_000)
	for name, device := range map[string]simdevice.Config{
		"memory":   {},
		"loopback": {Listen: simnet.Loopback},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				f := start(b, n, device)
				b.StartTimer()
				provisionAll(b, f, workers)
				b.StopTimer()
				require.Equal(b, n, f.Network(simdevice.Home.SSID).Stations())
				f.Close()
				b.StartTimer()
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Minutes(), "devices/min")
		})
	}
}

func provisionAll(tb testing.TB, f *fleet.Fleet, workers int) {
	queue := make(chan *simdevice.Device)
	var work sync.WaitGroup
	for range workers {
		work.Go(func() {
			for d := range queue {
				if err := provision(tb.Context(), d); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	for _, d := range f.Devices() {
		queue <- d
	}
	close(queue)
	work.Wait()
}

func provision(ctx context.Context, d *simdevice.Device) error {
	c, err := d.Client(client.Config{PollInterval: 500 * time.Millisecond})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Provision(ctx, simdevice.Right)
	return err
}
