// SPDX-License-Identifier: Apache-2.0

package att

import (
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/le"
)

// Requests of the attribute protocol.
const (
	reqMTU         = 0x02
	reqFindInfo    = 0x04
	reqFindByValue = 0x06
	reqReadByType  = 0x08
	reqRead        = 0x0A
	reqReadBlob    = 0x0C
	reqReadByGroup = 0x10
	reqWrite       = 0x12
	reqPrepare     = 0x16
	reqExecute     = 0x18
	confirmation   = 0x1E
	flagCommand    = 0x40
	rspError       = 0x01
)

// request answers one ATT PDU. It drops commands, signed ones included, and PDUs
// that only servers send. It refuses a request that it does not know, or that is
// longer than the MTU. p is the beginning of the PDU, length the whole PDU's length.
// mu is held, but not during calls of the handler.
func (h *Host) request(c *conn, p []byte, length int) {
	if len(p) == 0 || p[0]&flagCommand != 0 || p[0]&1 != 0 || p[0] == confirmation || !c.idle() {
		return
	}
	if length > c.mtu {
		h.refuse(c, p[0], 0, ble.ATTInvalidPDU)
		return
	}
	switch p[0] {
	case reqMTU:
		h.exchangeMTU(c, p)
	case reqFindInfo:
		h.findInfo(c, p)
	case reqFindByValue:
		h.findByValue(c, p)
	case reqReadByType:
		h.readByType(c, p)
	case reqRead:
		h.read(c, p, 3)
	case reqReadBlob:
		h.read(c, p, 5)
	case reqReadByGroup:
		h.readByGroup(c, p)
	case reqWrite:
		h.write(c, p)
	case reqPrepare:
		h.prepare(c, p)
	case reqExecute:
		h.execute(c, p)
	default:
		h.refuse(c, p[0], 0, ble.ATTRequestNotSupported)
	}
}

// refuse sends an Error Response.
func (h *Host) refuse(c *conn, op byte, handle int, code ble.ATTError) {
	b := append(c.pdu(rspError), op, byte(handle), byte(handle>>8), byte(code))
	h.send(c, b)
}

// pdu begins an answer in tx; the result's capacity is the MTU.
func (c *conn) pdu(op byte) []byte {
	end := headL2CAP + min(c.mtu, len(c.tx)-1-headL2CAP)
	return append(c.tx[headL2CAP:headL2CAP:end], op)
}

// send sends the answer that pdu began.
func (h *Host) send(c *conn, pdu []byte) {
	le.PutUint16(c.tx[0:], len(pdu))
	le.PutUint16(c.tx[2:], cidATT)
	c.txLen, c.txSent = headL2CAP+len(pdu), 0
}

func (h *Host) exchangeMTU(c *conn, p []byte) {
	if len(p) != 3 {
		h.refuse(c, p[0], 0, ble.ATTInvalidPDU)
		return
	}
	h.send(c, append(c.pdu(reqMTU+1), byte(h.cfg.MTU), byte(h.cfg.MTU>>8)))
	mtu := max(MinMTU, min(le.Uint16(p[1:]), h.cfg.MTU))
	if mtu == c.mtu {
		return
	}
	c.mtu = mtu
	if h.serves(c) {
		id, handler := c.id, h.handler
		h.mu.Unlock()
		handler.MTU(id, mtu)
		h.mu.Lock()
	}
}

// span returns the range of handles that a request begins with, clamped to the
// table. If the range is invalid, or ok is false, it refuses the request.
func (h *Host) span(c *conn, p []byte, ok bool) (first, last int, valid bool) {
	if !ok {
		h.refuse(c, p[0], 0, ble.ATTInvalidPDU)
		return 0, 0, false
	}
	first, last = le.Uint16(p[1:]), le.Uint16(p[3:])
	if first == 0 || first > last {
		h.refuse(c, p[0], first, ble.ATTInvalidHandle)
		return 0, 0, false
	}
	return first, min(last, h.table.last), true
}

func (h *Host) findInfo(c *conn, p []byte) {
	first, last, ok := h.span(c, p, len(p) == 5)
	if !ok {
		return
	}
	b := append(c.pdu(reqFindInfo+1), 0)
	size := 0
	for handle := first; handle <= last; handle++ {
		var buf [ble.UUIDSize]byte
		typ := h.table.appendType(buf[:0], h.table.at(handle))
		if size == 0 {
			size = len(typ)
		}
		if len(typ) != size || len(b)+2+size > cap(b) {
			break
		}
		b = append(b, byte(handle), byte(handle>>8))
		b = append(b, typ...)
	}
	if size == 0 {
		h.refuse(c, p[0], first, ble.ATTAttributeNotFound)
		return
	}
	b[1] = 1
	if size == ble.UUIDSize {
		b[1] = 2
	}
	h.send(c, b)
}

// findByValue finds attributes by type and value: primary services by their UUID,
// as phones do, and all others but the application's values.
func (h *Host) findByValue(c *conn, p []byte) {
	first, last, ok := h.span(c, p, len(p) >= 7)
	if !ok {
		return
	}
	b := c.pdu(reqFindByValue + 1)
	for handle := first; handle <= last; handle++ {
		a := h.table.at(handle)
		if a.kind == attrValue || h.table.typeOf(a) != le.Uint16(p[5:]) || !h.table.equals(c, a, p[7:]) {
			continue
		}
		if len(b)+4 > cap(b) {
			break
		}
		end := handle
		if a.kind == attrService {
			end = h.table.serviceEnd(handle)
		}
		b = append(b, byte(handle), byte(handle>>8), byte(end), byte(end>>8))
	}
	if len(b) == 1 {
		h.refuse(c, p[0], first, ble.ATTAttributeNotFound)
		return
	}
	h.send(c, b)
}

func (h *Host) readByGroup(c *conn, p []byte) {
	first, last, ok := h.span(c, p, len(p) == 7 || len(p) == 21)
	if !ok {
		return
	}
	switch short(p[5:]) {
	case typeService:
	case typeSecondary: // there is none
		last = 0
	default:
		h.refuse(c, p[0], first, ble.ATTUnsupportedGroupType)
		return
	}
	b := append(c.pdu(reqReadByGroup+1), 0)
	for handle := first; handle <= last; handle++ {
		if h.table.at(handle).kind != attrService {
			continue
		}
		var buf [ble.UUIDSize]byte
		uuid := h.table.appendService(buf[:0], handle)
		if b[1] == 0 {
			b[1] = byte(4 + len(uuid))
		}
		if int(b[1]) != 4+len(uuid) || len(b)+int(b[1]) > cap(b) {
			break
		}
		end := h.table.serviceEnd(handle)
		b = append(b, byte(handle), byte(handle>>8), byte(end), byte(end>>8))
		b = append(b, uuid...)
	}
	if b[1] == 0 {
		h.refuse(c, p[0], first, ble.ATTAttributeNotFound)
		return
	}
	h.send(c, b)
}

func (h *Host) readByType(c *conn, p []byte) {
	first, last, ok := h.span(c, p, len(p) == 7 || len(p) == 21)
	if !ok {
		return
	}
	const maxEntry = 255
	b := append(c.pdu(reqReadByType+1), 0)
	for handle := first; handle <= last; handle++ {
		a := h.table.at(handle)
		if !h.table.typeIs(a, p[5:]) {
			continue
		}
		room := min(cap(b)-len(b), maxEntry)
		if b[1] != 0 {
			if room < int(b[1]) {
				break
			}
			room = int(b[1]) + 1 // one byte more shows that the value is longer
		}
		at := headL2CAP + len(b)
		value := c.tx[at+2 : at+room]
		id := c.id
		n, code := h.value(c, a, 0, value)
		if !c.used || c.id != id {
			return
		}
		if code != ble.ATTSuccess {
			if b[1] == 0 {
				h.refuse(c, p[0], handle, code)
				return
			}
			break
		}
		if b[1] == 0 {
			b[1] = byte(2 + n)
		} else if int(b[1]) != 2+n {
			break
		}
		b = append(b, byte(handle), byte(handle>>8))
		b = b[:len(b)+n]
	}
	if b[1] == 0 {
		h.refuse(c, p[0], first, ble.ATTAttributeNotFound)
		return
	}
	h.send(c, b)
}

// read answers Read and Read Blob, which differ in the offset.
func (h *Host) read(c *conn, p []byte, length int) {
	if len(p) != length {
		h.refuse(c, p[0], 0, ble.ATTInvalidPDU)
		return
	}
	handle, offset := le.Uint16(p[1:]), 0
	if length == 5 {
		offset = le.Uint16(p[3:])
	}
	a := h.table.at(handle)
	if a.kind == attrNone {
		h.refuse(c, p[0], handle, ble.ATTInvalidHandle)
		return
	}
	op, id := p[0], c.id
	b := c.pdu(op + 1)
	n, code := h.value(c, a, offset, b[len(b):cap(b)])
	switch {
	case !c.used || c.id != id:
	case code != ble.ATTSuccess:
		h.refuse(c, op, handle, code)
	default:
		h.send(c, b[:len(b)+n])
	}
}

// value copies an attribute's value. mu is held, but not during calls of the
// handler.
func (h *Host) value(c *conn, a attr, offset int, dst []byte) (int, ble.ATTError) {
	if a.kind != attrValue {
		return h.table.static(c, a, offset, dst)
	}
	if !h.serves(c) {
		return 0, ble.ATTUnlikely
	}
	if code := h.permits(c); code != ble.ATTSuccess {
		return 0, code
	}
	id, handler := c.id, h.handler
	h.mu.Unlock()
	n, code := handler.Read(id, a.char, offset, dst)
	h.mu.Lock()
	return max(0, min(n, len(dst))), code
}
