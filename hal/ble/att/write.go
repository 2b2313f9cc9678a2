// SPDX-License-Identifier: Apache-2.0

package att

import (
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/le"
)

// mayWrite says whether an attribute may be written.
func (h *Host) mayWrite(c *conn, a attr) ble.ATTError {
	switch a.kind {
	case attrNone:
		return ble.ATTInvalidHandle
	case attrDescription:
		return ble.ATTUnlikely // transports.md 2.2
	case attrValue:
		if !h.serves(c) {
			return ble.ATTUnlikely
		}
		return h.permits(c)
	case attrConfiguration:
		return ble.ATTSuccess
	}
	return ble.ATTWriteNotPermitted
}

func (h *Host) write(c *conn, p []byte) {
	if len(p) < 3 {
		h.refuse(c, p[0], 0, ble.ATTInvalidPDU)
		return
	}
	handle, value := le.Uint16(p[1:]), p[3:]
	a := h.table.at(handle)
	code := h.mayWrite(c, a)
	if code == ble.ATTSuccess && len(value) > ble.MaxValue {
		code = ble.ATTInvalidLength
	}
	switch {
	case code != ble.ATTSuccess:
		h.refuse(c, p[0], handle, code)
	case a.kind == attrConfiguration:
		h.configure(c, a, p)
	default:
		h.handOver(c, p[0], a, value)
	}
}

// configure writes descriptor 0x2902. Notifications may be switched on, but
// none is ever sent (Q-T35).
func (h *Host) configure(c *conn, a attr, p []byte) {
	switch {
	case len(p) != 5:
		h.refuse(c, p[0], a.handle, ble.ATTInvalidLength)
	case le.Uint16(p[3:])&^1 != 0:
		h.refuse(c, p[0], a.handle, ble.ATTRequestNotSupported)
	default:
		c.notify = c.notify&^(1<<a.char) | uint32(p[3])<<a.char
		h.send(c, c.pdu(reqWrite+1))
	}
}

// handOver gives a whole value to the handler. mu is held, but not during the
// call.
func (h *Host) handOver(c *conn, op byte, a attr, value []byte) {
	c.writing, c.op, c.handle = true, op, a.handle
	id, handler := c.id, h.handler
	h.mu.Unlock()
	handler.Write(id, a.char, value)
	h.mu.Lock()
}

// answerWrite ends what handOver began.
func (h *Host) answerWrite(c *conn, code ble.ATTError) {
	if code != ble.ATTSuccess {
		h.refuse(c, c.op, c.handle, code)
		return
	}
	h.send(c, c.pdu(c.op+1))
}

func (h *Host) prepare(c *conn, p []byte) {
	if len(p) < 5 {
		h.refuse(c, p[0], 0, ble.ATTInvalidPDU)
		return
	}
	handle := le.Uint16(p[1:])
	a := h.table.at(handle)
	code := h.mayWrite(c, a)
	switch {
	case code != ble.ATTSuccess:
	case a.kind != attrValue:
		code = ble.ATTRequestNotSupported
	default:
		code = c.queue.add(handle, le.Uint16(p[3:]), p[5:])
	}
	if code != ble.ATTSuccess {
		h.refuse(c, p[0], handle, code)
		return
	}
	h.send(c, append(c.pdu(reqPrepare+1), p[1:]...))
}

func (h *Host) execute(c *conn, p []byte) {
	if len(p) != 2 || p[1] > 1 {
		h.refuse(c, p[0], 0, ble.ATTInvalidPDU)
		return
	}
	q := &c.queue
	a := h.table.at(q.handle)
	switch {
	case p[1] == 0 || q.handle == 0: // cancelled, or nothing to do
		h.send(c, c.pdu(reqExecute+1))
	case !h.serves(c):
		h.refuse(c, p[0], q.handle, ble.ATTUnlikely)
	case h.permits(c) != ble.ATTSuccess: // not any more
		h.refuse(c, p[0], q.handle, h.permits(c))
	case !q.whole():
		h.refuse(c, p[0], q.handle, ble.ATTInvalidOffset)
	default:
		id := c.id
		h.handOver(c, p[0], a, q.value[:q.end])
		if !c.used || c.id != id {
			return
		}
	}
	q.drop()
}
