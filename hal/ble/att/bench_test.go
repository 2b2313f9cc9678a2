// SPDX-License-Identifier: Apache-2.0

package att

import (
	"fmt"
	"testing"
)

// BenchmarkRequest is a Write Request and a Read Request through HCI, L2CAP and
// ATT of the device, its answers included. The floor is the copying that cannot
// be avoided: packets into a frame, the frame's value into the handler's, that
// one into an answer, and the answer into packets.
func BenchmarkRequest(b *testing.B) {
	for _, n := range []int{20, 244, 480} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			h, v, _ := fuzzed(b)
			h, _ = New(discard{}, Config{MTU: 517})
			v.h = h
			h.gatt, h.handler = gattConfig(false), v
			h.table = newTable(&h.gatt)
			h.up, h.serving, h.era, h.aclLen, h.aclFree = true, true, 1, 251, 8
			h.receive([]byte{PacketEvent, evLE, 19, subConnected, 0, 1, 0, 1, 0, 1, 2, 3, 4, 5, 6, 0x18, 0, 0, 0, 0xF4, 1, 0})
			h.conns[0].mtu = 517
			frame := append([]byte{byte(n + 3), byte((n + 3) >> 8), cidATT, 0, reqWrite, 9, 0}, make([]byte, n)...)
			var parts [][]byte
			for flags := byte(0x20); len(frame) > 0; flags = 0x10 {
				k := min(251, len(frame))
				parts = append(parts, append([]byte{PacketACL, 1, flags, byte(k), 0}, frame[:k]...))
				frame = frame[k:]
			}
			read := []byte{PacketACL, 1, 0x20, 7, 0, 3, 0, cidATT, 0, reqRead, 9, 0}
			sent := []byte{PacketEvent, evSentPackets, 5, 1, 1, 0, 8, 0}
			b.ReportAllocs()
			for b.Loop() {
				for _, p := range parts {
					h.receive(p)
				}
				h.receive(sent)
				h.receive(read)
				h.receive(sent)
			}
			if len(v.value[0]) != n {
				b.Fatal("not written")
			}
		})
		b.Run(fmt.Sprint(n, " floor"), func(b *testing.B) {
			packet := make([]byte, 251)
			var frame, value, answer [600]byte
			b.ReportAllocs()
			for b.Loop() {
				for at := 0; at < n+7; at += len(packet) {
					copy(frame[at:n+7], packet)
				}
				copy(value[:n], frame[7:])
				copy(answer[5:5+n], value[:])
				for at := 0; at < n+5; at += len(packet) {
					copy(packet, answer[at:n+5])
				}
			}
		})
	}
}
