// SPDX-License-Identifier: Apache-2.0

package cyw43

import (
	"errors"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
)

// Wire is the way to the chip as cyw43439.New takes it: three wires of gSPI.
type Wire interface {
	CmdRead(cmd uint32, buf []uint32) error
	CmdWrite(cmd uint32, buf []uint32) error
	LastStatus() uint32
}

// A command to the chip, the first word of each transfer.
const (
	cmdFunction = 3 << 28
	cmdWLAN     = 2 << 28 // packets to and from the Wi-Fi firmware
	cmdLength   = 0x7ff   // bytes
)

// statusPacket is a status of the chip: a packet of four bytes can be read.
const statusPacket = 1<<8 | 4<<9

// Packets of the Wi-Fi firmware begin with a header, which says what follows.
const (
	headLen     = 12
	atSeq       = 4
	atChannel   = 5
	atDataStart = 7

	channelControl = 0
	channelEvent   = 1
)

// A control packet has another header, then data.
const (
	controlLen  = 16
	atCommand   = 0
	atLength    = 4
	atFlags     = 8
	atID        = 10
	atResult    = 12
	flagSet     = 2
	commandJoin = 26 // WLC_SET_SSID
)

var (
	errStopped = errors.New("cyw43: the attempt to join was ended")
	errNotSent = errors.New("cyw43: the driver sent no control packet")
	errRefused = errors.New("cyw43: the firmware refused a command")
	errShort   = errors.New("cyw43: the firmware's answer is too short")
)

// maxOrder is the most data of a command.
const maxOrder = 96

// order is a command to the Wi-Fi firmware.
type order struct {
	command uint32
	set     bool
	data    []byte // what to send; for a get as long as the answer, which replaces it

	sent   bool
	id     uint16
	result uint32
	answer int // bytes
}

// Bus is a Wire that goes between a cyw43439.Device and the chip. The driver joins
// networks and keeps the chip's events, scan results and commands to itself. So Bus
// reads the events as they come by, and sends commands of its own in the place of one
// that the driver sends. It belongs to one Driver. Make it with NewBus.
type Bus struct {
	wire Wire

	mu     sync.Mutex
	order  *order // to be sent, or sent and not yet answered; nil: none
	join   attempt
	scan   search
	words  [(headLen + controlLen + maxOrder) / 4]uint32
	packet [2048]byte // being looked at
}

// attempt is an attempt to join.
type attempt struct {
	on     bool
	asked  bool       // the firmware has the command, and answered
	id     uint16     // of the command
	reason hal.Reason // why it failed; 0: not known
	stop   bool
}

// NewBus returns the way to a chip, for cyw43439.New.
func NewBus(w Wire) *Bus { return &Bus{wire: w} }

// LastStatus implements Wire.
func (b *Bus) LastStatus() uint32 {
	if b.ends() {
		return statusPacket
	}
	return b.wire.LastStatus()
}

// ends reports whether the driver has to be told an error, so that it ends its attempt
// to join. Until the firmware has answered the command, that would cost the answer.
func (b *Bus) ends() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.join.asked && b.join.stop
}

// CmdWrite implements Wire.
func (b *Bus) CmdWrite(cmd uint32, buf []uint32) error {
	if cmd&cmdFunction == cmdWLAN && 4*len(buf) >= headLen+controlLen {
		cmd, buf = b.outgoing(cmd, buf)
	}
	return b.wire.CmdWrite(cmd, buf)
}

// outgoing looks at a packet to the firmware, and returns what to send.
func (b *Bus) outgoing(cmd uint32, buf []uint32) (uint32, []uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	head := b.packet[:headLen+controlLen]
	load(head, buf)
	if head[atChannel]&0xf != channelControl {
		return cmd, buf
	}
	control := head[headLen:]
	id := u16(control[atID:])
	o := b.order
	if o == nil || o.sent {
		if b.join.on && u32(control[atCommand:]) == commandJoin {
			b.join.id, b.join.asked = id, false
		}
		return cmd, buf
	}
	o.sent, o.id = true, id
	n := headLen + controlLen + len(o.data)
	p := b.packet[:(n+3)/4*4] // the last word may end with anything
	copy(p[headLen+controlLen:], o.data)
	put16(p, uint16(n))
	put16(p[2:], ^uint16(n))
	put32(control[atCommand:], o.command)
	put32(control[atLength:], uint32(len(o.data)))
	control[atFlags] &^= flagSet
	if o.set {
		control[atFlags] |= flagSet
	}
	words := b.words[:len(p)/4]
	for i := range words {
		words[i] = u32(p[4*i:])
	}
	return cmd&^uint32(cmdLength) | uint32(n), words
}

// CmdRead implements Wire.
func (b *Bus) CmdRead(cmd uint32, buf []uint32) error {
	wlan := cmd&cmdFunction == cmdWLAN
	if wlan && b.ends() {
		return errStopped
	}
	err := b.wire.CmdRead(cmd, buf)
	if n := int(cmd & cmdLength); err == nil && wlan && n >= headLen && n <= 4*len(buf) {
		b.incoming(n, buf)
	}
	return err
}

// incoming looks at a packet of n bytes from the firmware.
func (b *Bus) incoming(n int, buf []uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.packet[:n]
	load(p, buf)
	start := int(p[atDataStart])
	if u16(p) != ^u16(p[2:]) || start < headLen || start > n {
		return
	}
	switch p[atChannel] & 0xf {
	case channelControl:
		b.answered(p[start:])
	case channelEvent:
		if e, ok := parseEvent(p[start:]); ok {
			b.event(e)
		}
	}
}

// answered takes the answer to a command.
func (b *Bus) answered(p []byte) {
	if len(p) < controlLen {
		return
	}
	id := u16(p[atID:])
	if b.join.on && b.join.id == id {
		b.join.asked = true
	}
	if o := b.order; o != nil && o.sent && o.id == id {
		o.result = u32(p[atResult:])
		o.answer = copy(o.data, p[controlLen:])
		b.order = nil
	}
}

// do carries out a command. carry makes the driver send a control packet and wait for
// the answer.
func (b *Bus) do(o *order, carry func() error) error {
	b.mu.Lock()
	b.order = o
	b.mu.Unlock()
	err := carry()
	b.mu.Lock()
	defer b.mu.Unlock()
	waits := b.order == o
	b.order = nil
	switch {
	case !waits && o.result != 0:
		return errRefused
	case err != nil:
		return err
	case waits:
		return errNotSent
	case !o.set && o.answer < len(o.data):
		return errShort
	}
	return nil
}

// beginJoin is called before an attempt to join, endJoin when the driver is done.
func (b *Bus) beginJoin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.join = attempt{on: true}
}

// endJoin returns why the attempt failed, 0 if that is not known.
func (b *Bus) endJoin() hal.Reason {
	b.mu.Lock()
	defer b.mu.Unlock()
	reason := b.join.reason
	b.join = attempt{}
	return reason
}

// stopJoin ends an attempt.
func (b *Bus) stopJoin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.join.stop = b.join.on
}

// load fills p with the bytes of words.
func load(p []byte, words []uint32) {
	for i := range p {
		p[i] = byte(words[i/4] >> (8 * (i % 4)))
	}
}

func u16(p []byte) uint16 { return uint16(p[0]) | uint16(p[1])<<8 }
func u32(p []byte) uint32 { return uint32(u16(p)) | uint32(u16(p[2:]))<<16 }

func put16(p []byte, v uint16) { p[0], p[1] = byte(v), byte(v>>8) }
func put32(p []byte, v uint32) {
	put16(p, uint16(v))
	put16(p[2:], uint16(v>>16))
}
