// SPDX-License-Identifier: Apache-2.0

package cyw43

import "github.com/wifiprov/wifiprov/hal/tinygo"

// Packets is the Bluetooth controller as a cyw43439.Device offers it.
type Packets interface {
	// BufferedHCI returns how long the next packet is; 0: there is none.
	BufferedHCI() int
	// ReadHCI reads a whole packet, after BufferedHCI. b is longer than the packet
	// by 7 bytes or more.
	ReadHCI(b []byte) (int, error)
	// WriteHCI sends a whole packet, of 252 bytes at most.
	WriteHCI(b []byte) (int, error)
}

// maxWrite is the longest packet that cyw43439 sends, and maxData how much data of one
// that leaves behind its headers.
const (
	maxWrite = 252
	maxData  = maxWrite - 5
)

// HCI is a tinygo.Port on a controller that reads and writes whole packets, for
// tinygo.NewVHCI. It tells the host that the controller's buffers are no longer than
// what can be sent. Make it with NewHCI.
type HCI struct {
	packets Packets
	buf     [1032]byte // the controller's longest packet, and room to read it
	rest    []byte     // of buf, not yet read
}

var _ tinygo.Port = (*HCI)(nil)

// NewHCI returns the port.
func NewHCI(p Packets) *HCI { return &HCI{packets: p} }

// Buffered implements tinygo.Port.
func (h *HCI) Buffered() int {
	if len(h.rest) > 0 {
		return len(h.rest)
	}
	return h.packets.BufferedHCI()
}

// Read implements tinygo.Port, without waiting.
func (h *HCI) Read(p []byte) (int, error) {
	if len(h.rest) == 0 {
		if h.packets.BufferedHCI() == 0 {
			return 0, nil
		}
		n, err := h.packets.ReadHCI(h.buf[:])
		if err != nil {
			return 0, err
		}
		h.rest = h.buf[:n]
		bound(h.rest)
	}
	n := copy(p, h.rest)
	h.rest = h.rest[n:]
	return n, nil
}

// Write implements tinygo.Port; p is one packet.
func (h *HCI) Write(p []byte) (int, error) { return h.packets.WriteHCI(p) }

// bound changes the answer to LE Read Buffer Size: an event of that type, with the
// command, a status, and the length.
func bound(p []byte) {
	const complete, low, high = 0x0e, 0x02, 0x20
	if len(p) >= 9 && p[0] == 4 && p[1] == complete && p[4] == low && p[5] == high && u16(p[7:]) > maxData {
		put16(p[7:], maxData)
	}
}
