// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"encoding/binary"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/internal/smpcrypto"
)

// Distribution of keys (Bluetooth Core, Vol 3 Part H 2.4.3, 3.6): the peripheral's
// first, then the client's, in the order of their codes.

// firstKey is the code of the first of the client's keys; 0: it sends none.
func firstKey(dist byte) byte {
	switch {
	case dist&distKey != 0:
		return pduKey
	case dist&distID != 0:
		return pduIRK
	}
	return 0
}

// distribute sends our keys over the link that is now encrypted.
func (p *peer) distribute(dst []byte) []byte {
	p.new = Bond{Identity: p.link.Peer, SecureConnections: p.secure}
	if p.secure {
		p.new.LTK = Key(p.key)
	}
	p.key = [16]byte{}
	if p.send&distKey != 0 {
		var name [10]byte
		if !p.draw(p.new.LTK[:]) || !p.draw(name[:]) {
			return p.fail(dst, reasonUnspecified)
		}
		p.new.Diversifier = binary.LittleEndian.Uint16(name[:])
		p.new.Random = binary.LittleEndian.Uint64(name[2:])
		dst = append16(dst, pduKey, p.new.LTK)
		dst = att.AppendPairing(dst, append([]byte{pduKeyName}, name[:]...)...)
	}
	if p.send&distID != 0 {
		// The device never uses a private address, so the key resolves none. A
		// new key for each client says nothing about the others.
		var irk [16]byte
		if !p.draw(irk[:]) {
			return p.fail(dst, reasonUnspecified)
		}
		dst = append16(dst, pduIRK, irk)
		identity := [8]byte{pduIdentity, p.link.Local[0]}
		smpcrypto.Reverse(identity[2:], p.link.Local[1:])
		dst = att.AppendPairing(dst, identity[:]...)
	}
	p.step = keys
	if p.want == 0 {
		p.done()
	}
	return dst
}

// take takes one of the client's keys. It drops the long-term key, which is for links
// that the device would begin.
func (p *peer) take(dst, pdu []byte) []byte {
	switch pdu[0] {
	case pduKey:
		p.want = pduKeyName
		return dst
	case pduKeyName:
		if p.want = firstKey(p.rsp[1] &^ distKey); p.want != 0 {
			return dst
		}
	case pduIRK:
		p.new.IRK = Key(smpcrypto.Reversed16(pdu[1:]))
		p.want = pduIdentity
		return dst
	case pduIdentity:
		identity := att.Address{pdu[1]}
		smpcrypto.Reverse(identity[1:], pdu[2:])
		if identity[0] > 1 || identity[0] == 1 && identity[1]>>6 != 3 {
			return p.fail(dst, reasonInvalid) // it may change
		}
		p.new.Identity = identity
	}
	p.done()
	return dst
}

// done ends a pairing that succeeded.
func (p *peer) done() {
	p.m.attempts.succeeded(p.who)
	b, keep := p.new, p.bonding && p.new.LTK != Key{}
	p.run = run{}
	p.paired = true
	if keep {
		p.bond, p.bonded = b, true
		p.m.keep(b)
	}
	method := "legacy"
	if b.SecureConnections {
		method = "secure connections"
	}
	p.m.cfg.Logger.Log(hal.LevelInfo, "a Bluetooth client has paired", hal.Attr{Key: "method", Value: method})
}
