// SPDX-License-Identifier: Apache-2.0

package att

import "github.com/wifiprov/wifiprov/hal/ble"

// conn is one connection, or a free slot.
//
// rx belongs to the receiver. tx holds an answer until the controller has it; txLen
// is its length, 0 if there is none. Until then, and while a write waits for
// Respond, further requests are dropped.
type conn struct {
	used   bool
	id     ble.Conn
	era    uint32 // of the service that it belongs to
	mtu    int
	ending bool // the controller was told to end it

	rx   []byte // L2CAP frame being put together
	have int
	want int // its length; 0: no frame has begun, or the rest of it is dropped

	tx       []byte // L2CAP frame: an answer
	txLen    int
	txSent   int
	signal   [headL2CAP + 16]byte // L2CAP frame: a signal
	sigLen   int
	sigSent  int
	inFlight int // packets that the controller has

	writing bool // the handler has a write and has not responded
	op      byte // of the write's request
	handle  int  // of the attribute to write
	notify  uint32
	queue   prepared
	sec     *security
}

func (c *conn) idle() bool { return c.txLen == 0 && !c.writing }

// open makes c a new connection.
func (c *conn) open(id ble.Conn, era uint32) {
	c.wipe()
	rx, tx, value, sec := c.rx, c.tx, c.queue.value, c.sec
	*c = conn{used: true, id: id, era: era, mtu: MinMTU, rx: rx, tx: tx, sec: sec}
	c.queue.value = value
}

// close frees the slot. mu is held.
func (c *conn) close() {
	if c.used {
		c.sec.stale = true
		c.sec.halt()
	}
	c.used = false
}

func (h *Host) freeConn() *conn {
	for i := range h.conns {
		if !h.conns[i].used {
			return &h.conns[i]
		}
	}
	return nil
}

func (h *Host) anyConn() bool {
	for i := range h.conns {
		if h.conns[i].used {
			return true
		}
	}
	return false
}

func (h *Host) eachConn(fn func(*conn)) {
	for i := range h.conns {
		if h.conns[i].used {
			fn(&h.conns[i])
		}
	}
}

// byHandle returns the connection with the controller's handle, or nil.
func (h *Host) byHandle(handle int) *conn {
	for i := range h.conns {
		if h.conns[i].used && int(h.conns[i].id.Handle()) == handle {
			return &h.conns[i]
		}
	}
	return nil
}

func (h *Host) find(id ble.Conn) *conn {
	if c := h.byHandle(int(id.Handle())); c != nil && c.id == id {
		return c
	}
	return nil
}

// serves reports whether c may use the service as it is now.
func (h *Host) serves(c *conn) bool { return h.serving && c.era == h.era }

// wipe clears the buffers. It must not be called while a call of the handler runs,
// which may use them.
func (c *conn) wipe() {
	clear(c.rx)
	clear(c.tx)
	clear(c.queue.value)
}

// forgetConns drops all connections after a reset, without telling the handler.
func (h *Host) forgetConns() {
	for i := range h.conns {
		h.conns[i].close() // wiped when the next one opens: a handler may be running
	}
	h.wakeDrained()
}

func (h *Host) wakeDrained() {
	if h.drained != nil {
		close(h.drained)
		h.drained = nil
	}
}

// connected takes a new connection, or the failure to make one. mu is held, but
// not during calls of the handler.
func (h *Host) connected(status, handle int, peripheral bool, peer Address) {
	if !h.up {
		return
	}
	h.advOn = false
	if status != 0 {
		h.advertise()
		return
	}
	if handle > maxHandle || !peripheral {
		return
	}
	if h.byHandle(handle) != nil {
		h.disconnected(handle, ble.ReasonSupervisionTimeout) // its end was lost
	}
	h.count++
	id := ble.Conn(h.count)<<16 | ble.Conn(handle)
	c := h.freeConn()
	if c == nil || !h.serving {
		room := conn{id: id}
		h.hangUp(&room, ble.ReasonRemoteUser)
		return
	}
	c.open(id, h.era)
	h.introduce(c, peer)
	if !c.used || c.id != id || !h.serves(c) {
		return // the service ended meanwhile
	}
	if h.cfg.ConnParams != (ConnParams{}) {
		h.askParams(c)
	}
	h.advertise()
	handler := h.handler
	h.mu.Unlock()
	handler.Connected(id)
	h.mu.Lock()
}

// disconnected takes the end of a connection. mu is held, but not during calls of
// the handler.
func (h *Host) disconnected(handle int, reason ble.HCIReason) {
	c := h.byHandle(handle)
	if c == nil {
		return
	}
	id, tell := c.id, h.serves(c)
	h.aclFree += c.inFlight
	c.close()
	c.wipe()
	if !h.anyConn() {
		h.wakeDrained()
		if h.leaving {
			h.powerDown()
		}
	}
	h.advertise()
	if !tell {
		return
	}
	handler := h.handler
	h.mu.Unlock()
	handler.Disconnected(id, reason)
	h.mu.Lock()
}
