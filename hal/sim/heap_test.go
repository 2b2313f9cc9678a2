// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// TestIdleHeap bounds what an idle simulated device holds: an air with five
// access points, a board with a subscriber, its store with credentials.
func TestIdleHeap(t *testing.T) {
	const n, limit = 200, 4 << 10
	type device struct {
		air *sim.Air
		b   *sim.Board
	}
	devices := make([]device, n)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range devices {
		air := sim.NewAir(sim.AirConfig{})
		for range 5 {
			addAP(t, air, home)
		}
		b, err := air.NewBoard(sim.BoardConfig{})
		require.NoError(t, err)
		b.Subscribe(func(hal.Event) {})
		require.NoError(t, b.SetStationConfig(homeSTA))
		devices[i] = device{air, b}
	}
	each := int(heap()-before) / n
	runtime.KeepAlive(devices)
	t.Logf("%d bytes", each)
	require.Less(t, each, limit)
}
