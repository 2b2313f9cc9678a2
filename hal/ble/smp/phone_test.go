// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/internal/smpcrypto"
)

var (
	deviceAddress = att.Address{0, 0x24, 0x0A, 0xC4, 1, 2, 3}
	phoneAddress  = att.Address{1, 0x5A, 9, 8, 7, 6, 5} // private, not resolvable by anybody
	phoneIdentity = att.Address{0, 0xAC, 0x37, 0x43, 1, 2, 3}
	phoneIRK      = Key{1, 2, 3, 4}
)

// source is a source of random numbers that are always the same.
func source(seed uint64) *rand.ChaCha8 {
	return rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
}

// phone is a central's half of a pairing, PDU by PDU: next returns what it sends
// next, and heard takes what the device sends.
type phone struct {
	secure    bool
	auth      byte // of the request
	dist      byte
	address   att.Address
	identity  att.Address
	irk       Key
	random    *rand.ChaCha8
	step      int
	req, rsp  [7]byte // as sent
	na, nb    [16]byte
	confirmed [16]byte
	pair      *smpcrypto.KeyPair
	x, y      [32]byte
	mac       [16]byte
	key       [16]byte // STK or LTK; zero: none yet
	ltk       [16]byte // that was distributed
	name      [10]byte
	devices   att.Address // the device's identity
	failed    byte        // reason of Pairing Failed
	wrong     string      // what the device did wrong
}

func newPhone(secure bool) *phone {
	p := &phone{secure: secure, auth: 0x05, dist: 0x0F, address: phoneAddress, identity: phoneIdentity, irk: phoneIRK, random: source(9)}
	if secure {
		p.auth |= 0x08
	}
	return p
}

// steps is how many PDUs a phone sends, and before which of them the link has to
// be encrypted.
func (p *phone) steps() (n, encrypted int) {
	if p.secure {
		return 6, 4
	}
	return 7, 3
}

func pdu16(code byte, v [16]byte) []byte {
	b := make([]byte, 17)
	b[0] = code
	smpcrypto.Reverse(b[1:], v[:])
	return b
}

func (p *phone) addresses() (a, b smpcrypto.Address) {
	return smpcrypto.Address(p.address), smpcrypto.Address(deviceAddress)
}

func reversed7(b [7]byte) (out [7]byte) {
	smpcrypto.Reverse(out[:], b[:])
	return out
}

func (p *phone) c1(r [16]byte) [16]byte {
	a, b := p.addresses()
	return smpcrypto.C1([16]byte{}, r, reversed7(p.req), reversed7(p.rsp), a, b)
}

// next returns the next PDU.
func (p *phone) next() []byte {
	p.step++
	if p.step == 1 {
		p.req = [7]byte{pduRequest, 4, 0, p.auth, 16, p.dist, p.dist}
		return bytes.Clone(p.req[:])
	}
	if !p.secure {
		switch p.step {
		case 2:
			_, _ = p.random.Read(p.na[:])
			return pdu16(pduConfirm, p.c1(p.na))
		case 3:
			return pdu16(pduRandom, p.na)
		case 4:
			return pdu16(pduKey, [16]byte{7})
		case 5:
			return append([]byte{pduKeyName}, make([]byte, 10)...)
		}
		return p.identify(p.step - 6)
	}
	switch p.step {
	case 2:
		p.pair, _ = smpcrypto.NewKeyPair(p.random)
		b := make([]byte, 65)
		b[0] = pduPublicKey
		smpcrypto.Reverse(b[1:33], p.pair.X[:])
		smpcrypto.Reverse(b[33:], p.pair.Y[:])
		return b
	case 3:
		_, _ = p.random.Read(p.na[:])
		return pdu16(pduRandom, p.na)
	case 4:
		a, b := p.addresses()
		return pdu16(pduCheck, smpcrypto.F6(p.mac, p.na, p.nb, [16]byte{}, [3]byte{p.req[3], p.req[2], p.req[1]}, a, b))
	}
	return p.identify(p.step - 5)
}

func (p *phone) identify(step int) []byte {
	if step == 0 {
		return pdu16(pduIRK, p.irk)
	}
	b := []byte{pduIdentity, p.identity[0], 0, 0, 0, 0, 0, 0}
	smpcrypto.Reverse(b[2:], p.identity[1:])
	return b
}

// heard takes one PDU of the device.
func (p *phone) heard(pdu []byte) {
	a, b := p.addresses()
	switch pdu[0] {
	case pduFailed:
		p.failed = pdu[1]
		p.key = [16]byte{}
	case pduResponse:
		p.rsp = [7]byte(pdu)
	case pduConfirm:
		p.confirmed = smpcrypto.Reversed16(pdu[1:])
	case pduRandom:
		p.nb = smpcrypto.Reversed16(pdu[1:])
		if !p.secure {
			if p.c1(p.nb) != p.confirmed {
				p.wrong = "confirm value"
			}
			p.key = smpcrypto.S1([16]byte{}, p.nb, p.na)
			return
		}
		if p.pair == nil {
			return
		}
		if smpcrypto.F4(p.x, p.pair.X, p.nb, 0) != p.confirmed {
			p.wrong = "confirm value"
		}
		secret, err := p.pair.Agree(p.x, p.y)
		if err != nil {
			p.wrong = "public key"
		}
		p.mac, p.key = smpcrypto.F5(secret, p.na, p.nb, a, b)
	case pduPublicKey:
		smpcrypto.Reverse(p.x[:], pdu[1:33])
		smpcrypto.Reverse(p.y[:], pdu[33:])
	case pduCheck:
		if smpcrypto.F6(p.mac, p.nb, p.na, [16]byte{}, [3]byte{p.rsp[3], p.rsp[2], p.rsp[1]}, b, a) != smpcrypto.Reversed16(pdu[1:]) {
			p.wrong = "check value"
		}
	case pduKey:
		p.ltk = smpcrypto.Reversed16(pdu[1:])
	case pduKeyName:
		p.name = [10]byte(pdu[1:])
	case pduIdentity:
		p.devices[0] = pdu[1]
		smpcrypto.Reverse(p.devices[1:], pdu[2:])
	}
}

// split returns the PDUs of L2CAP frames.
func split(t testing.TB, frames []byte) (pdus [][]byte) {
	for len(frames) > 0 {
		n := int(frames[0]) + int(frames[1])<<8
		require.Equal(t, []byte{6, 0}, frames[2:4])
		pdus = append(pdus, frames[4:4+n])
		frames = frames[4+n:]
	}
	return pdus
}

// rig is a device's peer and a phone.
type rig struct {
	testing.TB
	m *Manager
	*peer
	phone *phone
}

func newRig(t testing.TB, secure, bonding bool) *rig {
	m, err := New(Config{Rand: source(1)})
	require.NoError(t, err)
	r := &rig{TB: t, m: m, peer: m.NewPeer().(*peer), phone: newPhone(secure)}
	r.connect(bonding)
	return r
}

func (r *rig) connect(bonding bool) {
	r.peer.Connected(att.PairingLink{Local: deviceAddress, Peer: r.phone.address, Bonding: bonding, SecureConnections: true})
}

// say gives the device a PDU and returns its answers, which the phone hears.
func (r *rig) say(pdu []byte) [][]byte {
	answers := split(r, r.Receive(nil, bytes.Clone(pdu)))
	for _, a := range answers {
		r.phone.heard(a)
	}
	return answers
}

// encrypt encrypts the link as the phone wants, and returns whether there was a
// key.
func (r *rig) encrypt() bool {
	key, ok := r.LongTermKey(0, 0)
	if !ok {
		return false
	}
	require.Equal(r, r.phone.key, smpcrypto.Reversed16(key[:]))
	for _, a := range split(r, r.Encrypted(nil, true)) {
		r.phone.heard(a)
	}
	return true
}

// advance brings a pairing forward by n PDUs of the phone.
func (r *rig) advance(n int) *rig {
	r.Helper()
	_, encrypted := r.phone.steps()
	for range n {
		r.say(r.phone.next())
		require.Zero(r, r.phone.failed, "step %d", r.phone.step)
		require.Empty(r, r.phone.wrong, "step %d", r.phone.step)
		if r.phone.step == encrypted {
			require.True(r, r.encrypt())
		}
	}
	return r
}
