// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm"
)

// BenchmarkBLERequest is a request and its answer through client, central, both
// controllers, attribute server and protocomm, delays removed. What it
// allocates is the phone's and the air's; TestBLEDeviceAllocatesNothing holds the
// device to none. The floor is the air alone: as many packets of the same lengths
// over the same controllers, with hosts that only count.
func BenchmarkBLERequest(b *testing.B) {
	for _, n := range []int{20, 244, 480} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := NewBLE(b, sim.AirConfig{TimeScale: 1e9}, att.Config{MTU: 517, Clock: hal.SystemClock{}})
			require.NoError(b, d.Manager.Init(d.Config()))
			require.NoError(b, d.Manager.CreateEndpoint("custom-data"))
			require.NoError(b, d.Manager.DisableAutoStop(0))
			d.StartOnly(false)
			require.NoError(b, d.Manager.RegisterEndpoint("custom-data", func(_ protocomm.SessionID, req []byte) ([]byte, error) { return req, nil }))
			controller, err := d.Air.NewController(sim.ControllerConfig{})
			require.NoError(b, err)
			central, err := blecentral.New(controller, blecentral.Config{SupervisionTimeout: 32 * time.Second})
			require.NoError(b, err)
			transport, err := client.NewBLE(client.BLEConfig{Central: central})
			require.NoError(b, err)
			body := make([]byte, n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := transport.Do(b.Context(), "custom-data", body); err != nil {
					b.Fatal(err)
				}
			}
			transport.Close()
			d.Stop()
		})
		b.Run(fmt.Sprint(n, " floor"), func(b *testing.B) { air(b, n) })
	}
}

// air passes the packets of a request and its answer between two controllers.
func air(b *testing.B, n int) {
	const connected, handle = 0x3E, 0x40
	a := sim.NewAir(sim.AirConfig{TimeScale: 1e9})
	var ends [2]*sim.Controller
	var frames [2]chan struct{} // that arrived whole
	ready := make(chan struct{}, 2)
	for i := range ends {
		c, err := a.NewController(sim.ControllerConfig{})
		require.NoError(b, err)
		ends[i], frames[i] = c, make(chan struct{}, 8)
		left := 0
		c.SetReceiver(func(p []byte) {
			switch {
			case p[0] == att.PacketEvent && p[1] == connected:
				ready <- struct{}{}
			case p[0] == att.PacketACL:
				if p[2]&0x30 == 0x20 {
					left = 4 + (int(p[5]) | int(p[6])<<8)
				}
				if left -= len(p) - 5; left == 0 {
					frames[i] <- struct{}{}
				}
			}
		})
	}
	require.NoError(b, ends[0].Send([]byte{att.PacketCommand, 0x0A, 0x20, 1, 1}))
	require.NoError(b, ends[1].Send([]byte{att.PacketCommand, 0x0D, 0x20, 25, 0x60, 0, 0x60, 0, 0, 0, 0xBE, 1, 0, 0x66, 0x77, 0x02, 0, 24, 0, 24, 0, 0, 0, 0x80, 0x0C, 0, 0, 0, 0}))
	<-ready
	<-ready
	send := func(from int, all [][]byte) {
		for _, p := range all {
			if err := ends[from].Send(p); err != nil {
				b.Fatal(err)
			}
		}
		<-frames[1-from]
	}
	steps := [4][][]byte{packets(make([]byte, 3+n)), packets(make([]byte, 1)), packets(make([]byte, 3)), packets(make([]byte, 1+n))}
	for _, step := range steps {
		for i, p := range step {
			p[1], p[2] = handle, byte(min(i, 1)<<4)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for i, step := range steps {
			send(1-i%2, step)
		}
	}
	for _, c := range ends {
		c.Close()
	}
}
