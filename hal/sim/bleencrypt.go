// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"time"

	"github.com/wifiprov/wifiprov/internal/le"
)

// Codes of HCI for encryption.
const (
	hciEncryption  = 0x08 // event Encryption Change
	hciKeyRefresh  = 0x30 // event Encryption Key Refresh Complete
	leKeyRequest   = 0x05
	hciKeyMissing  = 0x06
	hciNoAnswer    = 0x22 // the other link layer does not answer
	hciMICFailure  = 0x3D
	opEncrypt      = 0x2019
	opKeyReply     = 0x201A
	opKeyNegative  = 0x201B
	encryptionWait = 40 * time.Second
)

// encryptStep is the state of a link's encryption procedure.
type encryptStep uint8

const (
	encryptNone    encryptStep = iota
	encryptAsked               // the central's host asked for it
	encryptKeyless             // the peripheral's host was asked for its key
	encryptKeyed               // the peripheral's host has answered
)

// encryption is the state of a link's encryption and of the procedure that begins it.
// During the procedure data waits.
type encryption struct {
	on      bool
	step    encryptStep
	before  int      // packets that the central sent before the procedure
	request [10]byte // random number and diversifier
	keys    [2][16]byte
	none    bool // the peripheral has no key
	wait    alarm
}

// encryptLocked carries out a command about encryption.
func (c *Controller) encryptLocked(op int, p []byte) {
	l := c.linkLocked(le.Uint16(p))
	status := byte(0)
	switch {
	case l == nil:
		status = hciNoConnection
	case op == opEncrypt && (l.side(c) != 0 || l.enc.step != encryptNone),
		op != opEncrypt && (l.side(c) != 1 || l.enc.step != encryptKeyless):
		status = hciDisallowed
	}
	if op == opEncrypt {
		c.status(op, status)
	} else {
		c.complete(op, status, p[0], p[1])
	}
	if status != 0 {
		return
	}
	e := &l.enc
	switch op {
	case opEncrypt:
		e.step, e.before, e.none = encryptAsked, len(l.queues[0]), false
		e.request = [10]byte(p[2:12])
		e.keys[0] = [16]byte(p[12:28])
	case opKeyReply:
		e.step = encryptKeyed
		e.keys[1] = [16]byte(p[2:18])
	case opKeyNegative:
		e.step, e.none = encryptKeyed, true
	}
	l.wakeLocked()
}

// heldLocked reports whether data of a side has to wait for encryption.
func (l *bleLink) heldLocked(side int) bool {
	switch l.enc.step {
	case encryptNone:
		return false
	case encryptAsked:
		return side == 0 && l.enc.before == 0
	}
	return true
}

// procedureLocked advances the encryption procedure in a connection event. It reports
// whether a packet was lost. The link may have ended when it returns.
func (l *bleLink) procedureLocked() (lost bool) {
	e := &l.enc
	switch {
	case e.step == encryptAsked && e.before == 0:
		if l.ends[0].lostLocked() {
			return true
		}
		e.step = encryptKeyless
		e.wait.set(l.air, encryptionWait, func() { l.endLocked(hciNoAnswer, hciNoAnswer) })
		h := l.handles[1]
		l.ends[1].event(hciLE, append([]byte{leKeyRequest, byte(h), byte(h >> 8)}, e.request[:]...)...)
	case e.step == encryptKeyed:
		if l.ends[1].lostLocked() {
			return true
		}
		e.wait.stop()
		e.step = encryptNone
		l.encryptedLocked()
	default:
		return false
	}
	l.countLocked()
	return false
}

// countLocked counts one packet that passed.
func (l *bleLink) countLocked() {
	for _, c := range l.ends {
		c.countLocked(1)
	}
}

// encryptedLocked ends the procedure.
func (l *bleLink) encryptedLocked() {
	e := &l.enc
	switch {
	case e.none && e.on:
		l.endLocked(hciKeyMissing, hciLocalHost)
	case e.none:
		h := l.handles[0]
		l.ends[0].event(hciEncryption, hciKeyMissing, byte(h), byte(h>>8), 0)
	case e.keys[0] != e.keys[1]:
		l.endLocked(hciMICFailure, hciMICFailure)
	default:
		for i, c := range l.ends {
			h := l.handles[i]
			if e.on {
				c.event(hciKeyRefresh, 0, byte(h), byte(h>>8))
			} else {
				c.event(hciEncryption, 0, byte(h), byte(h>>8), 1)
			}
		}
		e.on = true
	}
	e.keys = [2][16]byte{}
}

// LinkPacket is a data packet that passed over a link of a Controller.
type LinkPacket struct {
	Sent      bool // the controller sent it; false: it received it
	Encrypted bool
	Data      []byte // a fragment of an L2CAP frame, in clear
}

// SetSniffer sets a function that gets each data packet of the controller's links;
// nil: none. Calls come one at a time, in order, from a timer.
func (c *Controller) SetSniffer(fn func(LinkPacket)) {
	c.air.mu.Lock()
	defer c.air.mu.Unlock()
	c.sniffed = fn != nil
	if !c.sniffed {
		c.sniffer.set(nil)
		return
	}
	c.sniffer.set(func(p []byte) {
		fn(LinkPacket{Sent: p[0]&1 != 0, Encrypted: p[0]&2 != 0, Data: p[1:]})
	})
}

// sniffLocked shows a packet of side i to the sniffers.
func (l *bleLink) sniffLocked(i int, data []byte) {
	for side, c := range l.ends {
		if !c.sniffed {
			continue
		}
		flags := byte(0)
		if side == i {
			flags |= 1
		}
		if l.enc.on {
			flags |= 2
		}
		c.sniffer.put(append([]byte{flags}, data...))
	}
}
