// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"io"
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/internal/smpcrypto"
)

// step is what a pairing waits for:
//
//	idle ── Pairing Request ─┬─ legacy ─ confirm ─ random ──────────┐
//	                         └─ SC ── publicKey ─ nonce ─ check ──┤
//	idle ── all keys ── keys ── the link is encrypted ── encryption ┘
//
// Any other PDU ends the pairing with Pairing Failed.
type step uint8

const (
	idle       step = iota
	confirm         // legacy: Pairing Confirm
	random          // legacy: Pairing Random
	publicKey       // Secure Connections: Pairing Public Key
	nonce           // Secure Connections: Pairing Random
	check           // Secure Connections: Pairing DHKey Check
	encryption      // the link has to be encrypted with key
	keys            // the client's keys
)

// peer implements att.PairingPeer. Its Host calls it from one goroutine.
type peer struct {
	m      *Manager
	link   att.PairingLink
	who    att.Address // whose failures are counted: the identity, or the address if it is unknown
	bond   Bond        // if bonded
	bonded bool
	paired bool // in this connection
	back   bool // the client has asked for bond's key
	run
}

// run is one pairing. It is zero while there is none, so that no secrets stay.
// Numbers have their most significant byte first.
type run struct {
	step     step
	secure   bool    // by Secure Connections
	bonding  bool    // the keys are kept
	req, rsp [7]byte // the last byte of the PDU first
	confirm  [16]byte
	ours     [16]byte // random number
	theirs   [16]byte
	pair     *smpcrypto.KeyPair
	x, y     [32]byte // the client's public key
	key      [16]byte // STK of legacy pairing, or LTK of Secure Connections
	given    bool     // the controller has key
	send     byte     // keys to send
	want     byte     // code of the next key to come
	new      Bond     // what will be kept
}

var _ att.PairingPeer = (*peer)(nil)

// Connected implements att.PairingPeer.
func (p *peer) Connected(link att.PairingLink) {
	p.Disconnected()
	p.link, p.who = link, link.Peer
	if !link.Bonding {
		return
	}
	if p.bond, p.bonded = p.m.bondOf(link.Peer); p.bonded {
		p.who = p.bond.Identity
	}
}

// Disconnected implements att.PairingPeer.
func (p *peer) Disconnected() {
	p.abort("a client went in the middle of a pairing", reasonUnspecified)
	*p = peer{m: p.m}
}

// State implements att.PairingPeer.
func (p *peer) State() att.PairingState {
	return att.PairingState{Running: p.step != idle, Bonded: p.bonded}
}

// Receive implements att.PairingPeer.
func (p *peer) Receive(dst, pdu []byte) []byte {
	switch {
	case len(pdu) == 0:
		return dst
	case pdu[0] == pduFailed: // of any length: it must not be answered
		p.abort("the client ended a pairing", pdu[len(pdu)-1])
		return dst
	case length(pdu[0]) == 0:
		return p.fail(dst, reasonNotSupported)
	case len(pdu) != length(pdu[0]):
		return p.fail(dst, reasonInvalid)
	}
	switch {
	case pdu[0] == pduRequest && p.step == idle:
		return p.request(dst, pdu)
	case pdu[0] == pduConfirm && p.step == confirm:
		return p.legacyConfirm(dst, pdu)
	case pdu[0] == pduRandom && p.step == random:
		return p.legacyRandom(dst, pdu)
	case pdu[0] == pduPublicKey && p.step == publicKey:
		return p.publicKey(dst, pdu)
	case pdu[0] == pduRandom && p.step == nonce:
		return p.nonce(dst, pdu)
	case pdu[0] == pduCheck && p.step == check:
		return p.check(dst, pdu)
	case p.step == keys && pdu[0] == p.want:
		return p.take(dst, pdu)
	}
	return p.fail(dst, reasonUnspecified)
}

// fail ends a pairing and says why.
func (p *peer) fail(dst []byte, reason byte) []byte {
	p.abort("a pairing failed", reason)
	return att.AppendPairing(dst, pduFailed, reason)
}

// abort ends a pairing, if there is one.
func (p *peer) abort(why string, reason byte) {
	if p.step == idle {
		return
	}
	p.run = run{}
	p.m.attempts.failed(p.who)
	p.m.cfg.Logger.Log(hal.LevelWarn, why, hal.Attr{Key: "reason", Value: strconv.Itoa(int(reason))})
}

// draw fills b from the source of random numbers.
func (p *peer) draw(b []byte) bool {
	_, err := io.ReadFull(p.m.cfg.Rand, b)
	if err != nil {
		p.m.cfg.Logger.Log(hal.LevelError, "there are no random numbers for a pairing", hal.Err(err))
	}
	return err == nil
}

// request answers Pairing Request.
func (p *peer) request(dst, pdu []byte) []byte {
	capability, oob, auth, size := pdu[1], pdu[2], pdu[3], pdu[4]
	secure := p.link.SecureConnections && auth&authSC != 0
	switch {
	case capability > lastCapability || oob > 1 || size < minKeySize || size > keySize:
		return p.fail(dst, reasonInvalid)
	case size < keySize:
		return p.fail(dst, reasonKeySize)
	case secure && oob == 1: // the client means data that we never gave out
		return p.fail(dst, reasonOOB)
	case p.m.attempts.refused(p.who):
		return p.fail(dst, reasonRepeated)
	}
	p.run = run{step: confirm, secure: secure}
	rsp := [7]byte{pduResponse, noInputNoOutput, 0, authMITM, keySize, pdu[5] & (distKey | distID), pdu[6] & (distKey | distID)}
	if p.link.Bonding {
		// A weaker bond would not be kept; the client need not keep it either.
		if weaker := p.bonded && p.bond.SecureConnections && !secure; !weaker {
			rsp[3] |= authBonding
			p.bonding = auth&authBondingMask == authBonding
		}
	}
	if p.link.SecureConnections {
		rsp[3] |= authSC
	}
	if secure {
		p.step = publicKey
		rsp[5] &^= distKey // both sides have it
		rsp[6] &^= distKey
	}
	smpcrypto.Reverse(p.req[:], pdu)
	smpcrypto.Reverse(p.rsp[:], rsp[:])
	p.send = rsp[6]
	p.want = firstKey(rsp[5])
	return att.AppendPairing(dst, rsp[:]...)
}

// LongTermKey implements att.PairingPeer.
func (p *peer) LongTermKey(random uint64, diversifier uint16) (key [16]byte, ok bool) {
	unnamed := random == 0 && diversifier == 0
	switch {
	case p.step == encryption && unnamed:
		p.given = true
		return smpcrypto.Reversed16(p.key[:]), true
	case p.step != idle || !p.link.Bonding:
		return key, false
	}
	// A key of legacy pairing has a name. The name alone finds the bond of a
	// client that has no identity and comes under another address.
	named := func(b *Bond) bool { return b.Random == random && b.Diversifier == diversifier }
	if !p.bonded || !named(&p.bond) {
		b, found := p.m.find(func(b *Bond) bool {
			return named(b) && (b.of(p.link.Peer) || !b.SecureConnections)
		})
		if !found {
			return key, false
		}
		p.bond, p.bonded = b, true
	}
	p.back = true
	return smpcrypto.Reversed16(p.bond.LTK[:]), true
}

// Encrypted implements att.PairingPeer.
func (p *peer) Encrypted(dst []byte, on bool) []byte {
	switch {
	case p.step == encryption && on && p.given:
		return p.distribute(dst)
	case !on:
		p.back = false
		p.abort("the link is not encrypted", reasonUnspecified)
	case p.step == idle && p.back && !p.paired:
		p.use()
	}
	return dst
}

// use notes that the client has come back, unless its bond was deleted meanwhile.
func (p *peer) use() {
	if _, there := p.m.find(func(b *Bond) bool { return b.Identity == p.bond.Identity && same(b.LTK, p.bond.LTK) }); there {
		p.bond.Used = true
		p.m.keep(p.bond)
	}
}
