// SPDX-License-Identifier: Apache-2.0

package att

import (
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/le"
)

// receive takes one packet from the controller.
func (h *Host) receive(packet []byte) {
	if len(packet) < 1 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch body := packet[1:]; packet[0] {
	case PacketEvent:
		if len(body) >= 2 && int(body[1]) <= len(body)-2 {
			h.event(body[0], body[2:2+int(body[1])])
		}
	case PacketACL:
		if len(body) >= headACL && le.Uint16(body[2:]) <= len(body)-headACL {
			h.data(le.Uint16(body), body[headACL:headACL+le.Uint16(body[2:])])
		}
	}
	h.forgetPeers()
	h.pump()
}

// event takes an HCI event. mu is held, but not during calls of the handler.
func (h *Host) event(code byte, p []byte) {
	switch code {
	case evComplete:
		if len(p) >= 3 {
			h.completed(le.Uint16(p[1:]), int(p[0]), p[3:])
		}
	case evStatus:
		if len(p) >= 4 {
			h.completed(le.Uint16(p[2:]), int(p[1]), p[:1])
		}
	case evDisconnected:
		if len(p) >= 4 && p[0] == 0 {
			h.disconnected(le.Uint16(p[1:]), ble.HCIReason(p[3]))
		}
	case evEncryption:
		if len(p) >= 4 {
			h.encryption(le.Uint16(p[1:]), p[0] == 0 && p[3] != 0)
		}
	case evKeyRefresh:
		if len(p) >= 3 {
			h.encryption(le.Uint16(p[1:]), p[0] == 0)
		}
	case evSentPackets:
		h.sentPackets(p)
	case evHardwareError:
		if len(p) >= 1 {
			h.failed(p[0])
		}
	case evLE:
		h.eventLE(p)
	}
}

func (h *Host) eventLE(p []byte) {
	if len(p) == 0 {
		return
	}
	switch p[0] {
	case subConnected, subConnectedMore:
		if len(p) >= 5 {
			var peer Address
			if len(p) >= 12 {
				peer = Address{p[5] & 1, p[11], p[10], p[9], p[8], p[7], p[6]}
			}
			h.connected(int(p[1]), le.Uint16(p[2:]), p[4] == 1, peer)
		}
	case subLTKRequest:
		if len(p) >= 3 {
			h.keyRequest(p[1:])
		}
	}
}

// sentPackets notes which buffers of the controller are free again.
func (h *Host) sentPackets(p []byte) {
	if len(p) < 1 {
		return
	}
	for p, n := p[1:], int(p[0]); n > 0 && len(p) >= 4; p, n = p[4:], n-1 {
		if c := h.byHandle(le.Uint16(p)); c != nil {
			sent := min(le.Uint16(p[2:]), c.inFlight)
			c.inFlight -= sent
			h.aclFree += sent
		}
	}
}

// data takes a fragment of an L2CAP frame. mu is held, but not during calls of
// the handler.
func (h *Host) data(head int, p []byte) {
	c := h.byHandle(head & 0x0FFF)
	if c == nil || len(p) == 0 {
		return
	}
	switch head & pbMask {
	case pbStart, pbAuto:
		c.have, c.want = 0, headL2CAP
	case pbContinue:
		if c.want == 0 {
			return
		}
	default:
		return
	}
	if c.have < headL2CAP {
		n := copy(c.rx[c.have:headL2CAP], p)
		c.have += n
		p = p[n:]
		if c.have < headL2CAP {
			return
		}
		c.want = headL2CAP + le.Uint16(c.rx)
	}
	if len(p) > c.want-c.have { // longer than the frame: malformed
		c.want = 0
		return
	}
	// Of a frame longer than the buffer the beginning is kept, to refuse it.
	copy(c.rx[min(c.have, len(c.rx)):], p)
	if c.have += len(p); c.have < c.want {
		return
	}
	length := c.want - headL2CAP
	frame := c.rx[headL2CAP:min(c.want, len(c.rx))]
	c.want = 0
	switch le.Uint16(c.rx[2:]) {
	case cidATT:
		h.request(c, frame, length)
	case cidSignal:
		h.signal(c, frame, length)
	case cidSecurity:
		h.security(c, frame, length)
	}
}

// signal refuses L2CAP signals. It ignores answers, flow control (there are no such
// channels), and signals with the invalid identifier 0 (Bluetooth Core, Vol 3 Part A
// 4). p is the beginning of the frame, length the whole frame's length.
func (h *Host) signal(c *conn, p []byte, length int) {
	if len(p) < 4 || p[1] == 0 || c.sigLen > 0 {
		return
	}
	switch p[0] {
	case sigReject, 0x03, 0x05, 0x07, 0x09, 0x0B, 0x0D, 0x0F, 0x11, 0x13, 0x15, 0x16, 0x18, 0x1A:
		return
	}
	if length > MinMTU {
		c.sendSignal(cidSignal, sigReject, p[1], 4, 0, 1, 0, MinMTU, 0) // too long
		return
	}
	c.sendSignal(cidSignal, sigReject, p[1], 2, 0, 0, 0) // not understood
}

// security hands a frame to Config.Pairing, or refuses to pair. p is the beginning
// of the frame, length the whole frame's length.
func (h *Host) security(c *conn, p []byte, length int) {
	if len(p) < length {
		p = p[:1] // a wrong length too
	}
	if c.sec.peer != nil {
		h.pair(c, p)
		return
	}
	const pairingRequest, pairingFailed, notSupported = 0x01, 0x05, 0x05
	if len(p) >= 1 && p[0] == pairingRequest && c.sigLen == 0 {
		c.sendSignal(cidSecurity, pairingFailed, notSupported)
	}
}

// askParams asks the client for other connection parameters.
func (h *Host) askParams(c *conn) {
	p := h.cfg.ConnParams
	c.sendSignal(cidSignal, sigParamUpdate, 1, 8, 0,
		byte(p.MinInterval), byte(p.MinInterval>>8), byte(p.MaxInterval), byte(p.MaxInterval>>8),
		byte(p.Latency), byte(p.Latency>>8), byte(p.Timeout), byte(p.Timeout>>8))
}

func (c *conn) sendSignal(cid int, p ...byte) {
	n := copy(c.signal[headL2CAP:], p)
	le.PutUint16(c.signal[0:], n)
	le.PutUint16(c.signal[2:], cid)
	c.sigLen, c.sigSent = headL2CAP+n, 0
}
