// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet"
	"github.com/wifiprov/wifiprov/internal/test/long"
	"github.com/wifiprov/wifiprov/scheme/ble"
)

// life is a device of a soak, and the people around it.
type life struct {
	*simdevice.Device
	random *rand.Rand
	t      *testing.T

	faults    map[simdevice.FaultKind]int
	succeeded int
	failed    int
}

// fault returns a fault of any kind that the device can have.
func (l *life) fault() simdevice.Fault {
	kinds := simdevice.FaultKinds()
	f := simdevice.Fault{Kind: kinds[l.random.IntN(len(kinds))]}
	switch f.Kind {
	case simdevice.SmallMTU:
		if l.Transport() != simdevice.BLE {
			return l.fault()
		}
	case simdevice.RefuseJoin:
		f.Times = 1 + l.random.IntN(3)
		f.Reason = []hal.Reason{0, hal.ReasonAuthExpire, hal.ReasonNoAPFound}[l.random.IntN(3)]
	case simdevice.NoAddress, simdevice.PowerCut, simdevice.PowerCutInFlash:
		f.For = l.upTo(5 * time.Minute)
	case simdevice.SlowScan:
		f.Delay, f.For = l.upTo(30*time.Second), l.upTo(10*time.Minute)
	case simdevice.DelayAnswer:
		f.Delay = l.upTo(time.Minute)
	case simdevice.TruncateAnswer:
		f.Bytes = l.random.IntN(20)
	}
	switch l.random.IntN(3) {
	case 0:
		f.After = l.upTo(20 * time.Second)
	case 1:
		f.Request = 1 + l.random.IntN(10)
	case 2:
		f.Endpoint = []string{"prov-session", "prov-scan", "prov-config", "prov-ctrl"}[l.random.IntN(4)]
	}
	return f
}

func (l *life) upTo(d time.Duration) time.Duration {
	return 1 + time.Duration(l.random.Int64N(int64(d)))
}

// hour is what happens to a device in an hour: faults, phones that provision it, and
// now and then somebody who resets it.
func (l *life) hour() {
	for range 2 {
		time.Sleep(l.upTo(10 * time.Minute))
		for range 1 + l.random.IntN(2) {
			f := l.fault()
			require.NoError(l.t, l.Inject(f), f)
			l.faults[f.Kind]++
		}
		if l.random.IntN(4) > 0 {
			_ = l.FactoryReset() // it may be without power, or its flash
		}
		if err := l.provision(); err == nil {
			l.succeeded++
		} else {
			l.failed++
		}
	}
}

// provision is a phone's attempt.
func (l *life) provision() error {
	ctx, cancel := context.WithTimeout(l.t.Context(), 5*time.Minute)
	defer cancel()
	c, err := l.Client(client.Config{PollInterval: 2 * time.Second, PollTimeout: time.Minute})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Connect(ctx); err != nil {
		return err
	}
	_, scanned := c.Scan(ctx, client.ScanOptions{})
	_, err = c.Provision(ctx, simdevice.Right)
	return errors.Join(scanned, err)
}

// rest ends what goes wrong with a device, and lets it come to rest.
func (l *life) rest() {
	l.ClearFaults()
	if err := l.PowerOn(); !errors.Is(err, simdevice.ErrOn) {
		require.NoError(l.t, err)
	}
	time.Sleep(10 * time.Minute)
}

// renew makes the device wait for its first phone.
func (l *life) renew() {
	require.NoError(l.t, l.FactoryReset())
	time.Sleep(5 * time.Minute)
}

// all calls a method of every device at the same time.
func all(lives []*life, method func(*life)) {
	var group sync.WaitGroup
	for _, l := range lives {
		group.Go(func() { method(l) })
	}
	group.Wait()
}

// load returns the heap and the goroutines when all devices rest.
func load() (heap uint64, goroutines int) {
	synctest.Wait()
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, runtime.NumGoroutine()
}

// Devices live with random faults of every kind. Their memory stays the same, no
// goroutine is left, and each can be provisioned at the end. The long form is 200
// devices for 24 hours.
func TestSoak(t *testing.T) {
	devices, hours := 20, 3
	if long.Count(t, 0, 1) > 0 && !long.Race {
		devices, hours = 200, 24
	}
	synctest.Test(t, func(t *testing.T) {
		cfg := fleet.Config{Air: sim.AirConfig{Seed: 1}, Networks: []sim.APConfig{simdevice.Home}}
		securities := []simdevice.Security{simdevice.Security0(), {}, simdevice.Security1("other pop")}
		for i := range devices {
			cfg.Devices = append(cfg.Devices, simdevice.Config{
				Name: fmt.Sprintf("PROV_%03d", i), Transport: simdevice.Transport(i % 3), Security: securities[i/3%3],
				BLE:        ble.Config{Encrypt: i%2 == 0, Bonding: i%4 == 0},
				App:        simdevice.App{ServeAgain: i%5 == 0, ResetOnFailure: i % 4},
				KeepEvents: 64, KeepExchanges: 16,
			})
		}
		f, err := fleet.New(cfg)
		require.NoError(t, err)
		defer f.Close()
		require.NoError(t, f.Start())
		var lives []*life
		for i, d := range f.Devices() {
			lives = append(lives, &life{Device: d, random: rand.New(rand.NewPCG(1, uint64(i))), t: t, faults: map[simdevice.FaultKind]int{}})
		}
		began := time.Now()
		var heap uint64 // after hour 2, when all that is kept has been filled
		var goroutines int
		for hour := 1; hour <= hours; hour++ {
			all(lives, (*life).hour)
			all(lives, (*life).rest)
			if hour == 2 || hour == hours {
				all(lives, (*life).renew)
				nowHeap, nowGoroutines := load()
				t.Logf("hour %d: %d KiB, %d goroutines", hour, nowHeap>>10, nowGoroutines)
				if hour == 2 {
					heap, goroutines = nowHeap, nowGoroutines
				}
				require.Equal(t, goroutines, nowGoroutines)
				require.Less(t, nowHeap, heap*21/20+100<<10)
			}
			time.Sleep(time.Until(began.Add(time.Duration(hour) * time.Hour)))
		}

		faults, succeeded, failed := map[simdevice.FaultKind]int{}, 0, 0
		for _, l := range lives {
			for kind, n := range l.faults {
				faults[kind] += n
			}
			succeeded, failed = succeeded+l.succeeded, failed+l.failed
		}
		t.Log(succeeded, "provisioned,", failed, "not; faults:", faults)
		require.Len(t, faults, len(simdevice.FaultKinds()))
		require.NotZero(t, failed)
		require.NotZero(t, succeeded)

		all(lives, func(l *life) {
			require.NoError(t, l.provision(), l.Name())
			require.True(t, l.Provisioned(), l.Name())
		})
	})
}
