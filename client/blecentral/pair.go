// SPDX-License-Identifier: Apache-2.0

package blecentral

import (
	"context"
	"crypto/subtle"
	"fmt"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/internal/smpcrypto"
)

// pairing is one attempt to pair. Numbers have their most significant byte first.
type pairing struct {
	*Link
	request, response [7]byte // as they are sent
	key               [16]byte
	named             bond // by legacy pairing
}

// Pair pairs with the device and encrypts the link. The Central keeps the keys if
// both sides bond.
func (l *Link) Pair(ctx context.Context) error {
	cfg := l.c.cfg.Pairing
	if cfg == nil {
		return errNoPairing
	}
	for len(l.security) > 0 {
		<-l.security // of an abandoned pairing
	}
	p := &pairing{Link: l}
	auth := byte(0x04) // asks for protection against an attacker in the middle
	if cfg.Bonding {
		auth |= 0x01
	}
	if !cfg.Legacy {
		auth |= 0x08
	}
	p.request = [7]byte{0x01, 0x04, 0, auth, 16, 0x03, 0x03} // with keyboard and display; keys and identity
	rsp, err := p.ask(ctx, 0x02, 7, p.request[:]...)
	if err != nil {
		return err
	}
	p.response = [7]byte(rsp)
	if rsp[4] != 16 {
		return p.refuse(ctx, 0x06, fmt.Errorf("blecentral: the device offers keys of %d bytes", rsp[4]))
	}
	secure := rsp[3]&auth&0x08 != 0
	agree := p.legacy
	if secure {
		agree = p.secureConnections
	}
	if err := agree(ctx); err != nil {
		return err
	}
	if err := p.encrypt(ctx, bond{key: p.key}); err != nil {
		return err
	}
	if err := p.takeKeys(ctx, secure); err != nil {
		return err
	}
	if err := p.giveKeys(ctx, secure); err != nil {
		return err
	}
	if auth&rsp[3]&0x01 != 0 && (secure || p.response[6]&1 != 0) {
		b := p.named
		if secure {
			b = bond{key: p.key}
		}
		l.c.mu.Lock()
		defer l.c.mu.Unlock()
		l.c.bonds[l.device] = &b
	}
	return nil
}

// ask sends a PDU and waits for the answer.
func (p *pairing) ask(ctx context.Context, code byte, length int, pdu ...byte) ([]byte, error) {
	if err := p.send(ctx, 6, pdu); err != nil {
		return nil, err
	}
	return p.await(ctx, code, length)
}

// await waits for a PDU with a code and a length.
func (p *pairing) await(ctx context.Context, code byte, length int) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, pairingTimeout, client.ErrTimeout)
	defer cancel()
	for {
		select {
		case pdu := <-p.security:
			switch {
			case pdu[0] == 0x0B: // Security Request, which this pairing fulfils
				continue
			case pdu[0] == 0x05 && len(pdu) == 2:
				return nil, PairingError(pdu[1])
			case pdu[0] != code || len(pdu) != length:
				return nil, p.refuse(ctx, 0x08, fmt.Errorf("blecentral: the device sends security PDU %d instead of %d", pdu[0], code))
			}
			return pdu, nil
		case <-p.gone:
			return nil, ErrLinkLost
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// refuse sends Pairing Failed and returns why.
func (p *pairing) refuse(ctx context.Context, reason byte, why error) error {
	if err := p.send(ctx, 6, []byte{0x05, reason}); err != nil {
		return err
	}
	return why
}

func (p *pairing) addresses() (initiator, responder smpcrypto.Address) {
	responder[0] = p.device[0]
	smpcrypto.Reverse(responder[1:], p.device[1:])
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	return p.c.own, responder
}

// with returns a PDU of a code and a number.
func with(code byte, number []byte) []byte {
	pdu := make([]byte, 1+len(number))
	pdu[0] = code
	smpcrypto.Reverse(pdu[1:], number)
	return pdu
}

// reversed7 is a request or response as c1 takes it.
func reversed7(pdu [7]byte) (out [7]byte) {
	smpcrypto.Reverse(out[:], pdu[:])
	return out
}

// legacy agrees on a short-term key with a temporary key of zero.
func (p *pairing) legacy(ctx context.Context) error {
	r, err := p.c.random(16)
	if err != nil {
		return p.refuse(ctx, 0x08, err)
	}
	ours := [16]byte(r)
	initiator, responder := p.addresses()
	confirm := func(r [16]byte) []byte {
		c := smpcrypto.C1([16]byte{}, r, reversed7(p.request), reversed7(p.response), initiator, responder)
		return with(0x03, c[:])
	}
	confirmed, err := p.ask(ctx, 0x03, 17, confirm(ours)...)
	if err != nil {
		return err
	}
	pdu, err := p.ask(ctx, 0x04, 17, with(0x04, ours[:])...)
	if err != nil {
		return err
	}
	theirs := smpcrypto.Reversed16(pdu[1:])
	if subtle.ConstantTimeCompare(confirm(theirs), confirmed) != 1 {
		return p.refuse(ctx, 0x04, errCheck)
	}
	p.key = smpcrypto.S1([16]byte{}, theirs, ours)
	return nil
}

// secureConnections agrees on a long-term key over P-256.
func (p *pairing) secureConnections(ctx context.Context) error {
	r, err := p.c.random(32 + 16)
	if err != nil {
		return p.refuse(ctx, 0x08, err)
	}
	ours := [16]byte(r[32:])
	keyPair, err := smpcrypto.NewKeyPair(readFunc(func(b []byte) (int, error) { return copy(b, r), nil }))
	if err != nil {
		return p.refuse(ctx, 0x08, err)
	}
	public, err := p.ask(ctx, 0x0C, 65, append(with(0x0C, keyPair.X[:]), with(0, keyPair.Y[:])[1:]...)...)
	if err != nil {
		return err
	}
	var x, y [32]byte
	smpcrypto.Reverse(x[:], public[1:33])
	smpcrypto.Reverse(y[:], public[33:])
	secret, err := keyPair.Agree(x, y)
	if err != nil {
		return p.refuse(ctx, 0x0B, err)
	}
	confirmed, err := p.await(ctx, 0x03, 17)
	if err != nil {
		return err
	}
	pdu, err := p.ask(ctx, 0x04, 17, with(0x04, ours[:])...)
	if err != nil {
		return err
	}
	theirs := smpcrypto.Reversed16(pdu[1:])
	confirm := smpcrypto.F4(x, keyPair.X, theirs, 0)
	if subtle.ConstantTimeCompare(with(0x03, confirm[:]), confirmed) != 1 {
		return p.refuse(ctx, 0x04, errCheck)
	}
	initiator, responder := p.addresses()
	macKey, ltk := smpcrypto.F5(secret, ours, theirs, initiator, responder)
	q, s := p.request, p.response
	check := smpcrypto.F6(macKey, ours, theirs, [16]byte{}, [3]byte{q[3], q[2], q[1]}, initiator, responder)
	pdu, err = p.ask(ctx, 0x0D, 17, with(0x0D, check[:])...)
	if err != nil {
		return err
	}
	check = smpcrypto.F6(macKey, theirs, ours, [16]byte{}, [3]byte{s[3], s[2], s[1]}, responder, initiator)
	if subtle.ConstantTimeCompare(with(0x0D, check[:]), pdu) != 1 {
		return p.refuse(ctx, 0x0B, errCheck)
	}
	p.key = ltk
	return nil
}

// takeKeys receives the device's keys. It drops the identity information, since the
// device's address does not change.
func (p *pairing) takeKeys(ctx context.Context, secure bool) error {
	dist := p.response[6]
	if dist&1 != 0 && !secure {
		key, err := p.await(ctx, 0x06, 17)
		if err != nil {
			return err
		}
		name, err := p.await(ctx, 0x07, 11)
		if err != nil {
			return err
		}
		// The random number comes first over HCI, but the diversifier in this PDU.
		p.named.key = smpcrypto.Reversed16(key[1:])
		copy(p.named.name[0:], name[3:])
		copy(p.named.name[8:], name[1:3])
	}
	if dist&2 != 0 {
		if _, err := p.await(ctx, 0x08, 17); err != nil {
			return err
		}
		if _, err := p.await(ctx, 0x09, 8); err != nil {
			return err
		}
	}
	return nil
}

// giveKeys sends the keys that the device asked for.
func (p *pairing) giveKeys(ctx context.Context, secure bool) error {
	var pdus [][]byte
	if p.response[5]&1 != 0 && !secure {
		r, err := p.c.random(16 + 10) // for links that the device begins
		if err != nil {
			return err
		}
		pdus = append(pdus, with(0x06, r[:16]), with(0x07, r[16:]))
	}
	if p.response[5]&2 != 0 {
		p.c.mu.Lock()
		identity := p.c.public
		p.c.mu.Unlock()
		pdus = append(pdus, with(0x08, p.c.cfg.Pairing.IRK[:]), append([]byte{0x09, identity[0]}, with(0, identity[1:])[1:]...))
	}
	for _, pdu := range pdus {
		if err := p.send(ctx, 6, pdu); err != nil {
			return err
		}
	}
	return nil
}

// readFunc is an io.Reader.
type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }
