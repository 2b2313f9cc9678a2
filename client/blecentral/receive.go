// SPDX-License-Identifier: Apache-2.0

package blecentral

import (
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/internal/le"
)

// receive takes one packet from the controller. It drops invalid ones.
func (c *Central) receive(packet []byte) {
	if len(packet) < 3 {
		return
	}
	switch p := packet[1:]; packet[0] {
	case att.PacketEvent:
		if int(p[1]) == len(p)-2 {
			c.event(p[0], p[2:])
		}
	case att.PacketACL:
		if len(p) >= 4 && le.Uint16(p[2:]) == len(p)-4 {
			c.data(le.Uint16(p), p[4:])
		}
	}
}

func (c *Central) event(code byte, p []byte) {
	switch {
	case code == 0x0E && len(p) >= 4:
		c.replied(p[1], p[2], p[3:])
	case code == 0x0F && len(p) >= 4:
		c.replied(p[2], p[3], p[:1])
	case code == 0x05 && len(p) >= 4:
		c.mu.Lock()
		defer c.mu.Unlock()
		if l := c.link; l != nil && le.Uint16(p[1:]) == l.handle {
			c.endLink(ble.HCIReason(p[3]))
		}
	case code == 0x10: // Hardware Error: the link is lost
		c.mu.Lock()
		l := c.link
		c.mu.Unlock()
		c.giveUp(l)
	case code == 0x08 && len(p) >= 4: // Encryption Change
		c.mu.Lock()
		defer c.mu.Unlock()
		c.encryptionChanged(le.Uint16(p[1:]), p[0], p[3] != 0)
	case code == 0x30 && len(p) >= 3: // Encryption Key Refresh Complete
		c.mu.Lock()
		defer c.mu.Unlock()
		c.encryptionChanged(le.Uint16(p[1:]), p[0], true)
	case code == 0x13 && len(p) >= 5:
		c.mu.Lock()
		defer c.mu.Unlock()
		if l := c.link; l != nil && le.Uint16(p[1:]) == l.handle {
			n := min(le.Uint16(p[3:]), l.inFlight)
			l.inFlight -= n
			c.aclFree += n
			c.wake()
		}
	case code == 0x3E && len(p) >= 1:
		c.eventLE(p[0], p[1:])
	}
}

func (c *Central) eventLE(code byte, p []byte) {
	switch {
	case code == 0x01 && len(p) >= 11:
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.made == nil { // no Connect waits for it
			return
		}
		if p[0] == 0 && c.link == nil {
			c.link = newLink(c, le.Uint16(p[1:]), [7]byte(p[4:11]))
		}
		c.made <- append([]byte(nil), p...)
		c.made = nil
	case code == 0x02 && len(p) >= 11 && p[0] == 1 && int(p[9]) == len(p)-11:
		r := report{addr: [7]byte(p[2:9]), data: append([]byte(nil), p[10:len(p)-1]...), rssi: int8(p[len(p)-1])}
		c.mu.Lock()
		defer c.mu.Unlock()
		select {
		case c.reports <- r:
		default: // the device will repeat it soon
		}
	}
}

func (c *Central) replied(lo, hi byte, params []byte) {
	select {
	case c.reply <- append([]byte{lo, hi}, params...):
	default:
	}
}

// wake wakes the senders that wait for buffers. The caller holds mu.
func (c *Central) wake() {
	close(c.room)
	c.room = make(chan struct{})
}

// data takes a fragment of an L2CAP frame.
func (c *Central) data(head int, p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.link
	if l == nil || head&0x0FFF != l.handle {
		return
	}
	if head&0x3000 != 0x1000 {
		l.frame, l.more = l.frame[:0], true
	}
	if !l.more {
		return
	}
	l.frame = append(l.frame, p...)
	if len(l.frame) < 4 {
		return
	}
	want := 4 + le.Uint16(l.frame)
	if want <= 4+att.MaxMTU && len(l.frame) < want {
		return
	}
	l.more = false // the frame is complete or too long
	if len(l.frame) != want {
		return
	}
	channel := l.answers
	switch cid := le.Uint16(l.frame[2:]); {
	case cid == 4 && isAnswer(l.frame[4:]):
	case cid == 6 && want > 4:
		channel = l.security
	default:
		return
	}
	select {
	case channel <- append([]byte(nil), l.frame[4:]...):
	default: // no request waits for it
	}
}

// isAnswer tells responses from PDUs that a device may send on its own, which are
// notifications, indications, and requests to a server.
func isAnswer(pdu []byte) bool {
	if len(pdu) == 0 || pdu[0]&1 == 0 {
		return false
	}
	return pdu[0] != 0x1B && pdu[0] != 0x1D && pdu[0] != 0x23
}
