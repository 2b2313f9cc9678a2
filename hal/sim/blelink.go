// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"errors"
	"slices"
	"time"
)

// packetsPerEvent is how many data packets a side sends in a connection event.
const packetsPerEvent = 4

// bleLink is a connection of two controllers: end 0 is the central, 1 the peripheral.
// An end is nil if its controller was reset.
type bleLink struct {
	alarm
	air      *Air
	ends     [2]*Controller
	handles  [2]uint16
	interval time.Duration
	timeout  time.Duration
	queues   [2][][]byte // packets that each side sends: flags and data
	closing  [2]byte     // reason for the other side, after the queue
	silent   int         // connection events in a row in which nothing passed
	broken   bool
	enc      encryption
}

var errNoBuffer = errors.New("sim: the host sends data for which the controller has no buffer")

// connectLocked makes a link.
func (a *Air) connectLocked(central, peripheral *Controller, in *initiator) {
	l := &bleLink{air: a, ends: [2]*Controller{central, peripheral}, interval: in.interval, timeout: in.timeout}
	for i, c := range l.ends {
		l.handles[i] = c.freeHandleLocked()
		c.links = append(c.links, l)
		peer, kind := l.ends[1-i].ownLocked()
		if i == 1 {
			peer, kind = reversed(central.cfg.Address), 0
			if in.random {
				peer, kind = central.random, 1
			}
		}
		p := []byte{leConnected, 0, byte(l.handles[i]), byte(l.handles[i] >> 8), byte(i), kind}
		p = append(p, peer[:]...)
		p = append(p, in.params[:]...)
		c.event(hciLE, append(p, 0)...)
	}
	for _, c := range l.ends {
		c.countLocked(0)
	}
}

func (c *Controller) freeHandleLocked() uint16 {
	handle := uint16(0x40)
	for c.linkLocked(int(handle)) != nil {
		handle++
	}
	return handle
}

func (c *Controller) linkLocked(handle int) *bleLink {
	for _, l := range c.links {
		if int(l.handles[l.side(c)]) == handle {
			return l
		}
	}
	return nil
}

func (l *bleLink) side(c *Controller) int {
	if l.ends[0] == c {
		return 0
	}
	return 1
}

// dataLocked takes a data packet from the host, and drops it if its link has just
// ended.
func (c *Controller) dataLocked(head int, data []byte) error {
	l := c.linkLocked(head & 0x0FFF)
	if l == nil {
		return nil
	}
	used := 0
	for _, other := range c.links {
		used += len(other.queues[other.side(c)])
	}
	if used == c.cfg.ACLBuffers {
		return errNoBuffer
	}
	i := l.side(c)
	l.queues[i] = append(l.queues[i], append([]byte{byte(head >> 8 & 0x30)}, data...))
	l.wakeLocked()
	return nil
}

// hangUpLocked ends the link when packets that were sent before have passed.
func (l *bleLink) hangUpLocked(side int, reason byte) {
	l.closing[side] = reason
	l.wakeLocked()
}

// wakeLocked makes connection events happen while there is something to send.
func (l *bleLink) wakeLocked() {
	if l.timer == nil && !l.broken {
		l.set(l.air, l.interval, l.eventLocked)
	}
}

// eventLocked carries out a connection event.
func (l *bleLink) eventLocked() {
	passed, lost := 0, false
	for i := range l.ends {
		c := l.ends[i]
		for n := 0; n < packetsPerEvent && len(l.queues[i]) > 0 && !l.broken && !l.heldLocked(i); n++ {
			if c.lostLocked() {
				lost = true
				break
			}
			packet := l.queues[i][0]
			l.queues[i] = l.queues[i][1:]
			if i == 0 && l.enc.before > 0 {
				l.enc.before--
			}
			l.passLocked(i, packet)
			passed++
		}
		if l.closing[i] != 0 && len(l.queues[i]) == 0 && !l.broken {
			if c.lostLocked() {
				lost = true
				continue
			}
			reasons := [2]byte{hciLocalHost, hciLocalHost}
			reasons[1-i] = l.closing[i]
			l.endLocked(reasons[0], reasons[1])
			return
		}
	}
	if !l.broken && l.procedureLocked() {
		lost = true
	}
	if l.silent++; passed > 0 || !lost {
		l.silent = 0
	}
	switch {
	case l.broken:
	case time.Duration(l.silent)*l.interval >= l.timeout:
		l.endLocked(hciLinkLost, hciLinkLost)
	case len(l.queues[0]) > 0 || len(l.queues[1]) > 0 || l.closing != [2]byte{},
		l.enc.step == encryptAsked, l.enc.step == encryptKeyed:
		l.wakeLocked()
	}
}

// passLocked hands a packet of side i to the other one and gives its buffer
// back.
func (l *bleLink) passLocked(i int, packet []byte) {
	from, to := l.ends[i], l.ends[1-i]
	flags := byte(0x20) // first fragment
	if packet[0]&0x30 == 0x10 {
		flags = 0x10
	}
	h := l.handles[1-i]
	for data := packet[1:]; ; flags = 0x10 {
		n := min(len(data), to.cfg.ACLLength)
		to.out.put(append([]byte{h4Data, byte(h), byte(h>>8) | flags, byte(n), byte(n >> 8)}, data[:n]...))
		if data = data[n:]; len(data) == 0 {
			break
		}
	}
	l.sniffLocked(i, packet[1:])
	from.event(hciSent, 1, byte(l.handles[i]), byte(l.handles[i]>>8), 1, 0)
	l.countLocked()
}

// breakLocked lets nothing pass any more. Both sides notice after the supervision
// timeout.
func (l *bleLink) breakLocked() {
	if !l.broken {
		l.broken = true
		l.set(l.air, l.timeout, func() { l.endLocked(hciLinkLost, hciLinkLost) })
	}
}

// endLocked ends the link with reasons for central and peripheral.
func (l *bleLink) endLocked(reasons ...byte) {
	l.broken = true
	l.stop()
	l.enc.wait.stop()
	for i, c := range l.ends {
		if c == nil {
			continue
		}
		if at := slices.Index(c.links, l); at >= 0 {
			c.links = slices.Delete(c.links, at, at+1)
			c.event(hciDisconnected, 0, byte(l.handles[i]), byte(l.handles[i]>>8), reasons[i])
		}
	}
}
