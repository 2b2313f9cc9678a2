package att

import "github.com/wifiprov/wifiprov/hal"

// pump sends what waits and may be sent now. mu is held, but not during Send.
// Of several callers one sends for all.
func (h *Host) pump() {
	if h.sending {
		return
	}
	h.sending = true
	for {
		n := h.nextCommand()
		if n == 0 {
			n = h.nextData()
		}
		if n == 0 {
			break
		}
		h.mu.Unlock()
		err := h.t.Send(h.out[:n])
		h.mu.Lock()
		if err != nil {
			h.sendFailed(err)
		}
	}
	h.sending = false
}

// sendFailed gives up what waits for a controller that takes nothing.
func (h *Host) sendFailed(err error) {
	h.sendErr = err
	h.queued, h.credits = 0, 1
	if h.waiter != nil {
		h.finish(completion{err: err})
		return
	}
	h.cfg.Logger.Log(hal.LevelError, "a packet to the BLE controller is lost", hal.Err(err))
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
	putLE16(h.out[1:], int(c.op))
	h.out[3] = c.length
	return 4 + copy(h.out[4:], c.params[:c.length])
}

// nextData puts the next fragment into out and returns its length; 0: none.
// Connections take turns; a frame is sent whole before the next one begins.
func (h *Host) nextData() int {
	if h.aclFree == 0 {
		return 0
	}
	for range h.conns {
		c := &h.conns[h.next]
		h.next = (h.next + 1) % len(h.conns)
		if !c.used {
			continue
		}
		switch {
		case c.txSent > 0 || c.sigLen == 0 && c.txLen > 0:
			return h.fragment(c, c.tx, &c.txLen, &c.txSent)
		case c.sigLen > 0:
			return h.fragment(c, c.signal[:], &c.sigLen, &c.sigSent)
		}
	}
	return 0
}

func (h *Host) fragment(c *conn, frame []byte, length, sent *int) int {
	flags := pbStart
	if *sent > 0 {
		flags = pbContinue
	}
	n := min(*length-*sent, h.aclLen)
	h.out[0] = PacketACL
	putLE16(h.out[1:], int(c.id.Handle())|flags)
	putLE16(h.out[3:], n)
	copy(h.out[1+headACL:], frame[*sent:*sent+n])
	*sent += n
	if *sent == *length {
		*length, *sent = 0, 0
	}
	c.inFlight++
	h.aclFree--
	return 1 + headACL + n
}
