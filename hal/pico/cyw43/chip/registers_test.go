// SPDX-License-Identifier: Apache-2.0

package chip

import (
	"encoding/binary"
	"sync"

	"github.com/wifiprov/wifiprov/internal/test/cyw43test"
)

// registers is a whole chip on the bus: the simulated Wi-Fi firmware, and the registers
// and the memory that the driver touches before the firmware runs.
type registers struct {
	*cyw43test.Chip

	mu     sync.Mutex
	late   bool // words are in order, since the bus was set up
	bus    [64]byte
	own    [0x20]byte // of the backplane's interface, from 0x10000 on
	memory map[uint32]*[0x8000]byte
}

const (
	busTest      = 0x14
	busInterrupt = 0x04
	ownWindow    = 0x0a
	ownClock     = 0x0e

	btControl = 0x18000c7c
	btBase    = 0x18000d68
	btMemory  = 0x00060000
	hostIn    = btMemory + 0x2000 // what the host has written
	btIn      = btMemory + 0x2008 // what the controller has written
	btOut     = btMemory + 0x200c // what the host has read
)

func newRegisters(c *cyw43test.Chip) *registers {
	r := &registers{Chip: c, memory: map[uint32]*[0x8000]byte{}}
	r.poke(btControl, 1<<24|1<<8)
	r.poke(btBase, btMemory)
	return r
}

// power is the pin that switches the chip on.
func (r *registers) power(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.late = false
}

func (r *registers) at(addr uint32) *byte {
	page := r.memory[addr&^0x7fff]
	if page == nil {
		page = new([0x8000]byte)
		r.memory[addr&^0x7fff] = page
	}
	return &page[addr&0x7fff]
}

func (r *registers) poke(addr, v uint32) {
	for i := range uint32(4) {
		*r.at(addr + i) = byte(v >> (8 * i))
	}
}

func (r *registers) peek(addr uint32) (v uint32) {
	for i := range uint32(4) {
		v |= uint32(*r.at(addr + i)) << (8 * i)
	}
	return v
}

// target returns the bytes that a command is about; nil: packets.
func (r *registers) target(cmd uint32) (function uint32, bytes []*byte) {
	function = cmd >> 28 & 3
	addr := cmd >> 11 & 0x1ffff
	for i := range cmd & 0x7ff {
		switch {
		case function == 0:
			bytes = append(bytes, &r.bus[addr+i])
		case function == 1 && addr >= 0x10000:
			bytes = append(bytes, &r.own[addr-0x10000+i])
		case function == 1:
			window := uint32(r.own[ownWindow])<<8&0x8000 | uint32(r.own[ownWindow+1])<<16 | uint32(r.own[ownWindow+2])<<24
			bytes = append(bytes, r.at(window|(addr+i)&0x7fff))
		}
	}
	return function, bytes
}

func swap(v uint32) uint32 { return v>>16 | v<<16 }

// CmdWrite implements cyw43.Wire.
func (r *registers) CmdWrite(cmd uint32, buf []uint32) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.late {
		cmd, buf = swap(cmd), []uint32{swap(buf[0])}
	}
	function, bytes := r.target(cmd)
	if function == 2 {
		return r.Chip.CmdWrite(cmd, buf)
	}
	for i, b := range bytes {
		*b = byte(buf[i/4] >> (8 * (i % 4)))
	}
	r.late = r.late || cmd>>11&0x1ffff == 0
	return nil
}

// CmdRead implements cyw43.Wire.
func (r *registers) CmdRead(cmd uint32, buf []uint32) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.late {
		cmd = swap(cmd)
	}
	binary.LittleEndian.PutUint32(r.bus[busTest:], 0xfeedbead)
	r.bus[busInterrupt] = byte(r.LastStatus() >> 8 << 5 & 0x20) // a packet
	r.own[ownClock] |= 0xc0                                     // all clocks run
	function, bytes := r.target(cmd)
	if function == 2 {
		return r.Chip.CmdRead(cmd, buf)
	}
	clear(buf)
	words := buf[function:] // the backplane's begin with one that says nothing
	for i, b := range bytes {
		words[i/4] |= uint32(*b) << (8 * (i % 4))
	}
	if !r.late {
		words[0] = swap(words[0])
	}
	return nil
}
