// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"sync/atomic"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// tracer shows the packets of the attribute protocol and of pairings that pass
// between phone and controller.
type tracer struct {
	*sim.Controller
	quiet          bool
	sent, received atomic.Int32
	mtu            atomic.Int32
}

// Send passes a packet of the host on.
func (t *tracer) Send(packet []byte) error {
	if packet[0] == att.PacketACL {
		t.sent.Add(1)
		t.show("→", packet)
	}
	return t.Controller.Send(packet)
}

// SetReceiver sets the host.
func (t *tracer) SetReceiver(fn func([]byte)) {
	t.Controller.SetReceiver(func(packet []byte) {
		if packet[0] == att.PacketACL {
			t.received.Add(1)
			t.show("←", packet)
		}
		fn(packet)
	})
}

// show prints the first fragment of a PDU: HCI has 5 bytes of header, L2CAP 4.
func (t *tracer) show(arrow string, packet []byte) {
	const header = 9
	if len(packet) <= header || packet[2]&0x30 == 0x10 {
		return
	}
	pdu := packet[header:]
	const security = 6
	pairing := packet[7] == security
	if pdu[0] == 0x03 && len(pdu) == 3 && !pairing {
		t.mtu.Store(int32(pdu[1]) | int32(pdu[2])<<8)
	}
	if !t.quiet {
		length := int(packet[5]) | int(packet[6])<<8
		what := name(pdu[0])
		if pairing {
			what = pairingName(pdu[0])
		}
		fmt.Printf("  %s %-28s %3d bytes  % x\n", arrow, what, length, pdu[:min(len(pdu), 16)])
	}
}

// name returns the specification's name of an opcode. That of an answer is one
// higher than its request's.
func name(opcode byte) string {
	kind := "Request"
	if opcode&1 != 0 {
		kind = "Response"
	}
	switch opcode &^ 1 {
	case 0x00:
		return "Error " + kind
	case 0x02:
		return "Exchange MTU " + kind
	case 0x04:
		return "Find Information " + kind
	case 0x06:
		return "Find By Type Value " + kind
	case 0x08:
		return "Read By Type " + kind
	case 0x0A:
		return "Read " + kind
	case 0x0C:
		return "Read Blob " + kind
	case 0x12:
		return "Write " + kind
	case 0x16:
		return "Prepare Write " + kind
	case 0x18:
		return "Execute Write " + kind
	}
	return fmt.Sprintf("opcode %02x", opcode)
}

// pairingName returns the specification's name of a packet of the security
// manager.
func pairingName(code byte) string {
	names := [...]string{
		0x01: "Pairing Request", 0x02: "Pairing Response", 0x03: "Pairing Confirm", 0x04: "Pairing Random",
		0x05: "Pairing Failed", 0x06: "Encryption Information", 0x07: "Central Identification",
		0x08: "Identity Information", 0x09: "Identity Address", 0x0C: "Pairing Public Key", 0x0D: "Pairing DHKey Check",
	}
	if int(code) < len(names) && names[code] != "" {
		return names[code]
	}
	return fmt.Sprintf("security code %02x", code)
}
