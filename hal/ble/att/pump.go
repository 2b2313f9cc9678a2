// SPDX-License-Identifier: Apache-2.0

package att

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/le"
)

// pump sends commands and data as far as the controller takes them now. mu is
// held, but not during Send. If several callers meet, one sends for all.
func (h *Host) pump() {
	if h.sending {
		return
	}
	h.sending = true
	for {
		n := h.nextCommand()
		var c *conn // the data's connection
		if n == 0 {
			n, c = h.nextData()
		}
		if n == 0 {
			break
		}
		var id ble.Conn
		if c != nil {
			id = c.id
		}
		h.mu.Unlock()
		err := h.t.Send(h.out[:n])
		h.mu.Lock()
		if h.secret {
			clear(h.out[:n])
			h.secret = false
		}
		switch {
		case err == nil:
		case c == nil:
			h.commandFailed(err)
		case c.used && c.id == id:
			h.dataFailed(c, err)
		}
	}
	h.sending = false
}

// dataFailed ends the link of a client that will not get its answer whole.
func (h *Host) dataFailed(c *conn, err error) {
	h.sendErr = err
	h.cfg.Logger.Log(hal.LevelError, "data for the BLE controller is lost; its link is ended", hal.Err(err))
	if c.inFlight > 0 {
		c.inFlight--
		h.aclFree++
	}
	c.txLen, c.txSent, c.sigLen, c.sigSent = 0, 0, 0, 0
	c.sec.drop()
	h.hangUp(c, ble.ReasonRemoteUser)
}

// commandFailed drops all commands, since the controller takes none.
func (h *Host) commandFailed(err error) {
	h.sendErr = err
	h.dropCommands()
	h.eachConn(func(c *conn) { c.ending = false })
	if h.waiter != nil {
		h.finish(completion{err: err})
		return
	}
	h.cfg.Logger.Log(hal.LevelError, "a packet to the BLE controller is lost", hal.Err(err))
	if h.advOn {
		h.advertiseLater() // the command to advertise may be lost too
	}
}

// nextCommand puts the next command into out and returns its length; 0: none.
func (h *Host) nextCommand() int {
	if h.queued == 0 || h.credits == 0 {
		return 0
	}
	c := &h.queue[h.first]
	h.first = (h.first + 1) % len(h.queue)
	h.queued--
	h.credits--
	h.out[0] = PacketCommand
	le.PutUint16(h.out[1:], int(c.op))
	h.out[3] = c.length
	n := 4 + copy(h.out[4:], c.params[:c.length])
	if c.op == opLELTKReply {
		clear(c.params[:])
		h.secret = true
	}
	return n
}

// nextData puts the next fragment into out and returns its length and its
// connection; 0: there is none. Connections take turns. A connection's frame is
// sent whole before its next one begins.
func (h *Host) nextData() (int, *conn) {
	if h.aclFree == 0 {
		return 0, nil
	}
	for range h.conns {
		c := &h.conns[h.next]
		h.next = (h.next + 1) % len(h.conns)
		if !c.used || c.inFlight > 0 && h.aclFree <= h.reserved(c) {
			continue
		}
		switch {
		case c.sec.waiting() && c.sec.sent > 0:
			return h.fragmentPairing(c), c
		case c.txSent > 0 || c.sigLen == 0 && c.txLen > 0:
			return h.fragment(c, c.tx, &c.txLen, &c.txSent), c
		case c.sigLen > 0:
			return h.fragment(c, c.signal[:], &c.sigLen, &c.sigSent), c
		case c.sec.waiting():
			return h.fragmentPairing(c), c
		}
	}
	return 0, nil
}

// reserved returns how many buffers are reserved for other connections, present and
// future, that use none now. So a client whose link layer takes no packets cannot
// hold all buffers.
func (h *Host) reserved(c *conn) (n int) {
	for i := range h.conns {
		if other := &h.conns[i]; other != c && (!other.used || other.inFlight == 0) {
			n++
		}
	}
	return n
}

// fragment puts the next part of a frame into out and returns its length.
func (h *Host) fragment(c *conn, frame []byte, length, sent *int) int {
	flags := pbStart
	if *sent > 0 {
		flags = pbContinue
	}
	n := min(*length-*sent, h.aclLen)
	h.out[0] = PacketACL
	le.PutUint16(h.out[1:], int(c.id.Handle())|flags)
	le.PutUint16(h.out[3:], n)
	copy(h.out[1+headACL:], frame[*sent:*sent+n])
	*sent += n
	if *sent == *length {
		*length, *sent = 0, 0
	}
	c.inFlight++
	h.aclFree--
	return 1 + headACL + n
}
