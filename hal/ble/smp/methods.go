// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"crypto/subtle"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/internal/smpcrypto"
)

// The two ways to agree on a key, both with the association model Just Works.
// The central is the initiator.

func (p *peer) initiator() smpcrypto.Address { return smpcrypto.Address(p.link.Peer) }
func (p *peer) responder() smpcrypto.Address { return smpcrypto.Address(p.link.Local) }

// append16 appends a PDU that has a code and 16 bytes.
func append16(dst []byte, code byte, value [16]byte) []byte {
	var pdu [17]byte
	pdu[0] = code
	smpcrypto.Reverse(pdu[1:], value[:])
	dst = att.AppendPairing(dst, pdu[:]...)
	clear(pdu[:])
	return dst
}

func same(a, b [16]byte) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

// legacyConfirm answers Pairing Confirm with ours. The temporary key is zero.
func (p *peer) legacyConfirm(dst, pdu []byte) []byte {
	p.confirm = smpcrypto.Reversed16(pdu[1:])
	if !p.draw(p.ours[:]) {
		return p.fail(dst, reasonUnspecified)
	}
	p.step = random
	return append16(dst, pduConfirm, smpcrypto.C1([16]byte{}, p.ours, p.req, p.rsp, p.initiator(), p.responder()))
}

// legacyRandom checks the client's confirm value and makes the short-term key.
func (p *peer) legacyRandom(dst, pdu []byte) []byte {
	p.theirs = smpcrypto.Reversed16(pdu[1:])
	if !same(p.confirm, smpcrypto.C1([16]byte{}, p.theirs, p.req, p.rsp, p.initiator(), p.responder())) {
		return p.fail(dst, reasonConfirm)
	}
	p.key = smpcrypto.S1([16]byte{}, p.ours, p.theirs)
	p.step = encryption
	return append16(dst, pduRandom, p.ours)
}

// publicKey answers with a public key of our own, new for each pairing, and our
// confirm value.
func (p *peer) publicKey(dst, pdu []byte) []byte {
	smpcrypto.Reverse(p.x[:], pdu[1:33])
	smpcrypto.Reverse(p.y[:], pdu[33:65])
	pair, err := smpcrypto.NewKeyPair(p.m.cfg.Rand)
	if err != nil || !p.draw(p.ours[:]) {
		return p.fail(dst, reasonUnspecified)
	}
	if pair.Check(p.x, p.y) != nil {
		return p.fail(dst, reasonCheck)
	}
	p.pair = pair
	p.step = nonce
	var own [65]byte
	own[0] = pduPublicKey
	smpcrypto.Reverse(own[1:33], pair.X[:])
	smpcrypto.Reverse(own[33:65], pair.Y[:])
	dst = att.AppendPairing(dst, own[:]...)
	return append16(dst, pduConfirm, smpcrypto.F4(pair.X, p.x, p.ours, 0))
}

// nonce answers the client's random number with ours.
func (p *peer) nonce(dst, pdu []byte) []byte {
	p.theirs = smpcrypto.Reversed16(pdu[1:])
	p.step = check
	return append16(dst, pduRandom, p.ours)
}

// check computes the key, and answers the client's check value with ours if it
// shows that the client has the same key.
func (p *peer) check(dst, pdu []byte) []byte {
	secret, err := p.pair.Agree(p.x, p.y)
	if err != nil {
		return p.fail(dst, reasonCheck)
	}
	macKey, ltk := smpcrypto.F5(secret, p.theirs, p.ours, p.initiator(), p.responder())
	clear(secret[:])
	defer clear(macKey[:])
	defer clear(ltk[:])
	theirs := smpcrypto.F6(macKey, p.theirs, p.ours, [16]byte{}, capabilities(p.req), p.initiator(), p.responder())
	if !same(theirs, smpcrypto.Reversed16(pdu[1:])) {
		return p.fail(dst, reasonCheck)
	}
	p.key = ltk
	p.step = encryption
	return append16(dst, pduCheck, smpcrypto.F6(macKey, p.ours, p.theirs, [16]byte{}, capabilities(p.rsp), p.responder(), p.initiator()))
}

// capabilities are AuthReq, OOB and IO capability of a request or response, the
// last byte of which comes first.
func capabilities(b [7]byte) [3]byte { return [3]byte(b[3:6]) }
