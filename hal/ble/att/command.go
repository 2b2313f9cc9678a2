// SPDX-License-Identifier: Apache-2.0

package att

import (
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// command waits to be sent.
type command struct {
	op     uint16
	length uint8
	params [1 + maxAdv]byte
}

// waiter is a StartGATT that waits for a command to be complete.
type waiter struct {
	op      uint16
	done    chan struct{} // closed when outcome is there
	outcome completion
}

// completion is the outcome of a command.
type completion struct {
	params [8]byte // status and what follows it
	err    error
}

// enqueue adds a command to the queue and reports whether there was room. mu is
// held; pump has to follow.
func (h *Host) enqueue(op uint16, params ...byte) bool {
	if h.queued == len(h.queue) {
		h.cfg.Logger.Log(hal.LevelError, "a command to the BLE controller is dropped", hal.Err(errQueue))
		return false
	}
	c := &h.queue[(h.first+h.queued)%len(h.queue)]
	h.queued++
	c.op = op
	c.length = uint8(copy(c.params[:], params))
	return true
}

// dropCommands empties the queue, wipes the keys in it, and lets the controller
// take one command again. mu is held.
func (h *Host) dropCommands() {
	clear(h.queue[:])
	h.queued, h.credits = 0, 1
}

// run sends a command and waits until it is complete. mu is held, but not
// while waiting.
func (h *Host) run(what string, op uint16, params ...byte) ([8]byte, error) {
	w := &waiter{op: op, done: make(chan struct{})}
	if !h.enqueue(op, params...) {
		return [8]byte{}, &stackError{what, errQueue}
	}
	h.waiter = w
	h.pump()
	h.mu.Unlock()
	timer := h.cfg.Clock.AfterFunc(h.cfg.Timeout, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.waiter == w {
			h.finish(completion{err: errTimeout})
		}
	})
	hal.Await(w.done, h.cfg.PollController)
	timer.Stop()
	h.mu.Lock()
	c := w.outcome
	if c.err == nil && c.params[0] != 0 {
		c.err = &stackError{"the controller refused it with status " + strconv.Itoa(int(c.params[0])), nil}
	}
	if c.err != nil {
		return c.params, &stackError{what, c.err}
	}
	return c.params, nil
}

// finish wakes the waiter. mu is held.
func (h *Host) finish(c completion) {
	h.waiter.outcome = c
	close(h.waiter.done)
	h.waiter = nil
}

// completed takes the outcome of a command. mu is held.
func (h *Host) completed(op, credits int, params []byte) {
	h.credits = credits
	if len(params) == 0 {
		return
	}
	if h.waiter != nil && int(h.waiter.op) == op {
		var c completion
		copy(c.params[:], params)
		h.finish(c)
		return
	}
	if params[0] == 0 {
		return
	}
	switch op {
	case opLEAdvEnable:
		h.advertiseLater()
	case opDisconnect:
		// Usually the link is gone already. If it is not, Disconnect may be
		// repeated, with a reason that the controller accepts.
		h.eachConn(func(c *conn) { c.ending = false })
	}
	if op != opDisconnect {
		h.cfg.Logger.Log(hal.LevelWarn, "the BLE controller refused a command",
			hal.Attr{Key: "opcode", Value: strconv.Itoa(op)}, hal.Attr{Key: "status", Value: strconv.Itoa(int(params[0]))})
	}
}

// hangUp ends a connection. Further calls for it do nothing. mu is held; pump has
// to follow.
func (h *Host) hangUp(c *conn, reason ble.HCIReason) bool {
	handle := c.id.Handle()
	if !c.ending {
		c.ending = h.enqueue(opDisconnect, byte(handle), byte(handle>>8), byte(reason))
	}
	return c.ending
}

// awaitDrained waits a little for the links that StopGATT has ended, so that
// their clients hear of it. mu is held, but not while waiting.
func (h *Host) awaitDrained() {
	if !h.leaving || !h.anyConn() {
		return
	}
	drained := make(chan struct{})
	h.drained = drained
	timer := h.cfg.Clock.AfterFunc(h.cfg.Timeout, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.drained == drained {
			close(drained)
			h.drained = nil
		}
	})
	h.mu.Unlock()
	hal.Await(drained, h.cfg.PollController)
	timer.Stop()
	h.mu.Lock()
}
