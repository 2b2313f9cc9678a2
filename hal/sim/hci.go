// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"slices"
	"time"

	"github.com/wifiprov/wifiprov/internal/le"
)

// Types of HCI packets in the H4 framing.
const (
	h4Command = 0x01
	h4Data    = 0x02
	h4Event   = 0x04
)

// Events of a controller.
const (
	hciDisconnected  = 0x05
	hciComplete      = 0x0E
	hciStatus        = 0x0F
	hciHardwareError = 0x10
	hciSent          = 0x13
	hciLE            = 0x3E
	leConnected      = 0x01
	leReport         = 0x02
)

// Error codes of HCI.
const (
	hciUnknownCommand = 0x01
	hciNoConnection   = 0x02
	hciLinkLost       = 0x08
	hciDisallowed     = 0x0C
	hciInvalid        = 0x12
	hciLocalHost      = 0x16
)

// Send takes one packet from the host. It fails if that is no HCI packet, if there is
// no buffer for its data, and if the controller is closed.
func (c *Controller) Send(packet []byte) error {
	c.air.mu.Lock()
	defer c.air.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	switch {
	case len(packet) >= 4 && packet[0] == h4Command && int(packet[3]) == len(packet)-4:
		c.commandLocked(le.Uint16(packet[1:]), packet[4:])
		return nil
	case len(packet) >= 5 && packet[0] == h4Data && le.Uint16(packet[3:]) == len(packet)-5 && len(packet)-5 <= c.cfg.ACLLength:
		return c.dataLocked(le.Uint16(packet[1:]), packet[5:])
	}
	return errPacket
}

// event sends an event to the host.
func (c *Controller) event(code byte, params ...byte) {
	c.out.put(append([]byte{h4Event, code, byte(len(params))}, params...))
}

// complete tells the host that a command is complete.
func (c *Controller) complete(op int, params ...byte) {
	c.event(hciComplete, append([]byte{1, byte(op), byte(op >> 8)}, params...)...)
}

func (c *Controller) status(op int, status byte) {
	c.event(hciStatus, status, 1, byte(op), byte(op>>8))
}

// commandLength returns the length of a command's parameters.
func commandLength(op int) int {
	switch op {
	case 0x0406:
		return 3
	case 0x2005:
		return 6
	case 0x2006:
		return 15
	case 0x2008, 0x2009:
		return 32
	case 0x200A:
		return 1
	case 0x200B:
		return 7
	case 0x200C:
		return 2
	case 0x200D:
		return 25
	case opEncrypt:
		return 28
	case opKeyReply:
		return 18
	case opKeyNegative:
		return 2
	}
	return 0
}

// commandLocked carries a command out.
func (c *Controller) commandLocked(op int, p []byte) {
	if len(p) < commandLength(op) {
		c.complete(op, hciInvalid)
		return
	}
	switch op {
	case 0x0C03:
		c.resetLocked()
		c.complete(op, 0)
	case 0x0C01, 0x2001: // event masks
		c.complete(op, 0)
	case 0x1005:
		n := c.cfg.ACLLength
		c.complete(op, 0, byte(n), byte(n>>8), 0, byte(c.cfg.ACLBuffers), 0, 0, 0)
	case 0x2002:
		n := c.cfg.ACLLength
		c.complete(op, 0, byte(n), byte(n>>8), byte(c.cfg.ACLBuffers))
	case 0x1009:
		a := reversed(c.cfg.Address)
		c.complete(op, append([]byte{0}, a[:]...)...)
	case 0x2005:
		c.random = [6]byte(p)
		c.complete(op, 0)
	case 0x2006, 0x2008, 0x2009, 0x200A:
		c.complete(op, c.advertiseLocked(op, p))
	case 0x200B:
		c.scan.active = p[0] == 1
		c.complete(op, 0)
	case 0x200C:
		c.scan.on, c.scan.once, c.scan.seen = p[0] == 1, p[1] == 1, nil
		c.complete(op, 0)
		c.listenLocked()
	case 0x200D:
		c.initiateLocked(op, p)
	case 0x200E:
		if c.initing == nil {
			c.complete(op, hciDisallowed)
			return
		}
		c.initing = nil
		c.listenLocked()
		c.complete(op, 0)
		c.event(hciLE, append([]byte{leConnected, hciNoConnection}, make([]byte, 17)...)...)
	case opEncrypt, opKeyReply, opKeyNegative:
		c.encryptLocked(op, p)
	case 0x0406:
		l := c.linkLocked(le.Uint16(p))
		switch {
		case l == nil:
			c.status(op, hciNoConnection)
		case !mayHangUp(p[2]):
			c.status(op, hciInvalid)
		default:
			c.status(op, 0)
			l.hangUpLocked(l.side(c), p[2])
		}
	default:
		c.complete(op, hciUnknownCommand)
	}
}

// mayHangUp reports whether a host may end a link for that reason (Bluetooth
// Core, Vol 4 Part E 7.1.6).
func mayHangUp(reason byte) bool {
	switch reason {
	case 0x05, 0x13, 0x14, 0x15, 0x1A, 0x29, 0x3B:
		return true
	}
	return false
}

// advertiser is the state of a controller's advertising.
type advertiser struct {
	alarm
	on       bool
	interval time.Duration
	random   bool
	data     []byte
	response []byte
}

// advertiseLocked carries out a command about advertising.
func (c *Controller) advertiseLocked(op int, p []byte) (status byte) {
	switch {
	case op == 0x200A:
		on := p[0] == 1
		if on == c.adv.on {
			return 0
		}
		c.adv.on = on
		c.adv.stop()
		c.advertiseSoonLocked()
	case op == 0x2006 && c.adv.on:
		return hciDisallowed
	case op == 0x2006:
		c.adv.interval = max(units(p, 625*time.Microsecond), 20*time.Millisecond)
		c.adv.random = p[5] == 1
	case p[0] > 31:
		return hciInvalid
	case op == 0x2008:
		c.adv.data = append([]byte(nil), p[1:1+p[0]]...)
	default:
		c.adv.response = append([]byte(nil), p[1:1+p[0]]...)
	}
	return 0
}

// ownLocked returns the address under which the controller advertises, least
// significant byte first, and its type.
func (c *Controller) ownLocked() (addr [6]byte, kind byte) {
	if c.adv.random {
		return c.random, 1
	}
	return reversed(c.cfg.Address), 0
}

// bleScan is a scan for advertisements.
type bleScan struct {
	on, active, once bool
	seen             map[[6]byte]bool // addresses reported, if once is set
}

// initiator is a central that waits for an advertiser.
type initiator struct {
	addr     [6]byte
	kind     byte
	random   bool // own address
	interval time.Duration
	timeout  time.Duration
	params   [6]byte // interval, latency, timeout as events have them
}

func (c *Controller) initiateLocked(op int, p []byte) {
	if c.initing != nil {
		c.status(op, hciDisallowed)
		return
	}
	in := &initiator{addr: [6]byte(p[6:12]), kind: p[5], random: p[12] == 1}
	copy(in.params[0:], p[15:17])
	copy(in.params[2:], p[17:19])
	copy(in.params[4:], p[19:21])
	in.interval = units(p[15:], 1250*time.Microsecond)
	in.timeout = units(p[19:], 10*time.Millisecond)
	if in.interval < 7500*time.Microsecond || in.timeout < 100*time.Millisecond {
		c.status(op, hciInvalid)
		return
	}
	c.initing = in
	c.status(op, 0)
	c.listenLocked()
}

// listenLocked notes whether the controller listens for advertisements. The first one
// that does starts all advertisers' timers: while nobody listens, advertising costs
// nothing.
func (c *Controller) listenLocked() {
	a := c.air
	i := slices.Index(a.listening, c)
	switch {
	case (c.scan.on || c.initing != nil) == (i >= 0):
	case i >= 0:
		a.listening = slices.Delete(a.listening, i, i+1)
	default:
		a.listening = append(a.listening, c)
		if len(a.listening) > 1 {
			return // the timers run
		}
		for _, adv := range a.controllers {
			adv.advertiseSoonLocked()
		}
	}
}

// advertiseSoonLocked starts the controller's timer if it advertises and somebody listens.
func (c *Controller) advertiseSoonLocked() {
	if c.adv.on && c.adv.timer == nil && len(c.air.listening) > 0 {
		c.adv.set(c.air, max(c.adv.interval, 20*time.Millisecond), c.heardLocked)
	}
}

// heardLocked carries out one advertising event.
func (c *Controller) heardLocked() {
	addr, kind := c.ownLocked()
	for _, other := range c.air.listening {
		if other == c {
			continue
		}
		if s := &other.scan; s.on && !(s.once && s.seen[addr]) {
			if s.once {
				if s.seen == nil {
					s.seen = map[[6]byte]bool{}
				}
				s.seen[addr] = true
			}
			other.report(0, kind, addr, c.adv.data, c.cfg.RSSI)
			if s.active {
				other.report(4, kind, addr, c.adv.response, c.cfg.RSSI)
			}
		}
		if in := other.initing; in != nil && in.addr == addr && in.kind == kind {
			other.initing = nil
			other.listenLocked()
			c.adv.on = false
			c.air.connectLocked(other, c, in)
			break
		}
	}
	c.advertiseSoonLocked()
}

// report tells the host of an advertisement.
func (c *Controller) report(typ, kind byte, addr [6]byte, data []byte, rssi int8) {
	p := append([]byte{leReport, 1, typ, kind}, addr[:]...)
	p = append(p, byte(len(data)))
	p = append(p, data...)
	c.event(hciLE, append(p, byte(rssi))...)
}

func reversed(a [6]byte) [6]byte {
	return [6]byte{a[5], a[4], a[3], a[2], a[1], a[0]}
}
