// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idftest

import "github.com/wifiprov/wifiprov/hal/esp32/idf"

// bluetooth is the controller's state. It is guarded by Chip.mu.
type bluetooth struct {
	status   int // 0 idle, 1 initialised, 2 enabled
	released int // modes
	busy     bool
}

// BTStep implements idf.Chip.
func (c *Chip) BTStep(from, to int) int32 {
	c.mu.Lock()
	if c.bt.status != from || from == 0 && c.bt.released&1 != 0 {
		c.mu.Unlock()
		return ErrInvalidState
	}
	c.bt.status = to
	c.mu.Unlock()
	switch {
	case to == 2:
		c.Controller.SetReceiver(idf.Packet)
	case from == 2:
		c.Controller.SetReceiver(nil)
		_ = c.Controller.Send([]byte{1, 0x03, 0x0C, 0}) // HCI Reset: it is off
	}
	return 0
}

// BTStatus implements idf.Chip.
func (c *Chip) BTStatus() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bt.status
}

// BTRelease implements idf.Chip.
func (c *Chip) BTRelease(mode int) int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.bt.status != 0:
		return ErrInvalidState
	case c.bt.released&mode == mode:
		return ErrInvalidState
	}
	c.bt.released |= mode
	if mode == 3 {
		c.bt.released |= 4
	}
	return 0
}

// Released returns the modes whose memory was given back: 1 LE, 2 classic; and 4 for
// the memory that both need, which is given back when both are released at once.
func (c *Chip) Released() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bt.released
}

// SetBusy makes the controller take no packets until it is called with false.
func (c *Chip) SetBusy(busy bool) {
	c.mu.Lock()
	c.bt.busy = busy
	c.mu.Unlock()
	if !busy {
		idf.Room()
	}
}

// BTRoom implements idf.Chip.
func (c *Chip) BTRoom() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.bt.busy
}

// BTSend implements idf.Chip.
func (c *Chip) BTSend(packet []byte) {
	if err := c.Controller.Send(append([]byte(nil), packet...)); err != nil {
		c.tb.Error(err)
	}
}
