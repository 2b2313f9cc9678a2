// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// chip is a controller with the least work of its own: it completes commands
// and takes data.
type chip struct {
	fn     func([]byte)
	frames int // that the host sent, with their last fragment
	left   int // of the frame that is being sent
	given  [8]byte
}

func (c *chip) SetReceiver(fn func([]byte)) { c.fn = fn }

func (c *chip) Send(p []byte) error {
	if p[0] == att.PacketACL {
		if p[2]&0x30 == 0 {
			c.left = 4 + (int(p[5]) | int(p[6])<<8)
		}
		if c.left -= len(p) - 5; c.left == 0 {
			c.frames++
		}
		return nil
	}
	reply := []byte{att.PacketEvent, 0x0E, 8, 1, p[1], p[2], 0, chipACL, 0, 8, 0}
	go c.fn(reply) // never from inside Send; StartGATT waits for each
	return nil
}

const chipACL = 251

// giveBack returns the buffers of what was sent.
func (c *chip) giveBack() {
	c.given = [8]byte{att.PacketEvent, 0x13, 5, 1, 1, 0, 8, 0}
	c.fn(c.given[:])
}

// packets cuts a PDU of a client into what a controller hands over.
func packets(pdu []byte) (out [][]byte) {
	frame := append([]byte{byte(len(pdu)), byte(len(pdu) >> 8), 4, 0}, pdu...)
	for flags := byte(0x20); len(frame) > 0; flags = 0x10 {
		n := min(chipACL, len(frame))
		out = append(out, append([]byte{att.PacketACL, 1, flags, byte(n), 0}, frame[:n]...))
		frame = frame[n:]
	}
	return out
}

// exchange returns the packets with which a client writes a request of n bytes
// to the first characteristic and reads its answer, with that MTU.
func exchange(n, mtu int) (all [][]byte) {
	body := make([]byte, n)
	if n+3 <= mtu {
		all = packets(append([]byte{0x12, 9, 0}, body...))
	} else {
		for offset := 0; offset < n; offset += mtu - 5 {
			part := body[offset:min(n, offset+mtu-5)]
			all = append(all, packets(append([]byte{0x16, 9, 0, byte(offset), byte(offset >> 8)}, part...))...)
		}
		all = append(all, packets([]byte{0x18, 1})...)
	}
	all = append(all, packets([]byte{0x0A, 9, 0})...)
	for offset := mtu - 1; offset <= n; offset += mtu - 1 {
		all = append(all, packets([]byte{0x0C, 9, 0, byte(offset), byte(offset >> 8)})...)
	}
	return all
}

// serving returns a device, from HCI to an endpoint that echoes, with a client
// that has that MTU.
func serving(tb testing.TB, mtu int) *chip {
	c := &chip{}
	host, err := att.New(c, att.Config{MTU: max(mtu, att.MinMTU)})
	require.NoError(tb, err)
	server := gatt.New(host, gatt.Config{Go: func(fn func()) { fn() }})
	pc := protocomm.New(protocomm.Config{})
	require.NoError(tb, pc.SetSecurity("prov-session", sec0.New()))
	require.NoError(tb, pc.AddEndpoint("echo", func(_ protocomm.SessionID, req []byte) ([]byte, error) { return req, nil }))
	require.NoError(tb, server.Start(pc, gatt.Settings{
		Config:    ble.Config{DeviceName: "PROV_1", Service: ble.UUID{13: 1}},
		Endpoints: []gatt.Endpoint{{Name: "echo", ID: 0xFF54}, {Name: "prov-session", ID: 0xFF51}},
	}))
	c.fn(append([]byte{att.PacketEvent, 0x3E, 19, 1, 0, 1, 0, 1}, make([]byte, 14)...))
	for _, p := range packets([]byte{0x02, byte(mtu), byte(mtu >> 8)}) {
		c.fn(p)
	}
	c.giveBack()
	require.Equal(tb, 1, c.frames)
	return c
}

// round hands the packets of a client to the device.
func (c *chip) round(all [][]byte) {
	for _, p := range all {
		c.fn(p)
		c.giveBack()
	}
}

// A request and its answer cost the device no allocation, from HCI to the
// endpoint's handler and back, at any MTU.
func TestBLEDeviceAllocatesNothing(t *testing.T) {
	for _, mtu := range []int{23, 185, 517} {
		for _, n := range []int{20, 244, 480} {
			c := serving(t, mtu)
			all := exchange(n, mtu)
			c.round(all) // the buffers grow
			c.round(all)
			c.frames = 0
			require.Zero(t, testing.AllocsPerRun(100, func() { c.round(all) }), "%d bytes, MTU %d", n, mtu)
			requests := 0
			for _, p := range all {
				if p[2] == 0x20 {
					requests++
				}
			}
			require.Equal(t, 101*requests, c.frames, "each request is answered")
		}
	}
}

// BenchmarkBLEDevice is the device's share of a request and its answer, from
// HCI to the endpoint's handler and back. The floor is the copying that cannot
// be avoided: packets into a request, request into an answer, answer into
// packets.
func BenchmarkBLEDevice(b *testing.B) {
	for _, tc := range []struct{ n, mtu int }{{20, 517}, {244, 517}, {480, 517}, {480, 23}} {
		all := exchange(tc.n, tc.mtu)
		b.Run(fmt.Sprintf("%d bytes MTU %d", tc.n, tc.mtu), func(b *testing.B) {
			c := serving(b, tc.mtu)
			b.ReportAllocs()
			for b.Loop() {
				c.round(all)
			}
			b.ReportMetric(float64(len(all)), "packets/op")
		})
		b.Run(fmt.Sprintf("%d bytes MTU %d floor", tc.n, tc.mtu), func(b *testing.B) {
			var frame, value, out [1024]byte
			b.ReportAllocs()
			for b.Loop() {
				for _, p := range all {
					copy(frame[:], p)
				}
				copy(value[:tc.n], frame[:])
				for at := 0; at < tc.n; at += tc.mtu - 1 {
					copy(out[9:], value[at:min(tc.n, at+tc.mtu-1)])
				}
			}
		})
	}
}
