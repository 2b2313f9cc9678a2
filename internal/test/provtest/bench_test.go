// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// BenchmarkProvisioning is a whole simulated provisioning with security 1, from
// Init to Deinit, all delays divided by a million, so that what remains is the
// work: handshake, five requests over HTTP, the air and the state machine.
func BenchmarkProvisioning(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		d := New(b, sim.AirConfig{TimeScale: 1e6})
		if err := d.Manager.Init(d.Config()); err != nil {
			b.Fatal(err)
		}
		if err := d.Manager.DisableAutoStop(0); err != nil { // 30 µs would be too soon
			b.Fatal(err)
		}
		d.StartOnly(true)
		c := d.Client(client.Config{PollInterval: 10 * time.Microsecond})
		if _, err := c.Provision(b.Context(), Right); err != nil {
			b.Fatal(err)
		}
		c.Close()
		d.Stop()
	}
}

// maxIdleHeap is what an idle simulated device may hold: started, its service
// up, nobody connected.
const maxIdleHeap = 32 << 10

// An idle simulated device holds at most 32 KiB of heap: air, board, store,
// manager, endpoints and the waiting transport.
func TestHeapOfAnIdleDevice(t *testing.T) {
	const devices = 50
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	list := make([]*Device, devices)
	before := heap()
	for i := range list {
		list[i] = New(t, sim.AirConfig{})
		list[i].Start(true)
	}
	each := (heap() - before) / devices
	for _, d := range list {
		d.Manager.StopProvisioning()
	}
	for _, d := range list {
		d.Stop()
	}
	t.Logf("%d bytes of heap each", each)
	require.Less(t, each, int64(maxIdleHeap))
	require.Greater(t, each, int64(500), "the measurement does not see the devices")
}
