// SPDX-License-Identifier: Apache-2.0

package x25519

import (
	"crypto/subtle"

	"filippo.io/edwards25519/field"
)

// laddered is a Private that uses the ladder.
type laddered struct{ secret, public [Size]byte }

func (p *laddered) init(secret *[Size]byte) {
	p.secret = *secret
	ladder(&p.public, secret, &[Size]byte{9})
}

// Clear forgets the key.
func (p *laddered) Clear() { clear(p.secret[:]) }

// Public stores the public key.
func (p *laddered) Public(public *[Size]byte) { *public = p.public }

// Agree stores the secret that this key's owner shares with the owner of the public key
// peer. It fails with ErrLowOrder.
func (p *laddered) Agree(secret, peer *[Size]byte) error {
	ladder(secret, &p.secret, peer)
	var zero [Size]byte
	if subtle.ConstantTimeCompare(secret[:], zero[:]) == 1 {
		return ErrLowOrder
	}
	return nil
}

// ladder stores k·u in dst, by section 5 of RFC 7748. It takes the same time for all keys.
func ladder(dst, k, u *[Size]byte) {
	scalar := *k
	defer clear(scalar[:])
	scalar[0] &= 248
	scalar[31] = scalar[31]&127 | 64

	var x1, x2, z2, x3, z3, a, b, c, d, e field.Element
	_, _ = x1.SetBytes(u[:]) // fails for another length only
	x2.One()
	x3.Set(&x1)
	z3.One()
	swapped := 0
	for i := 254; i >= 0; i-- {
		bit := int(scalar[i/8]>>(i%8)) & 1
		x2.Swap(&x3, bit^swapped)
		z2.Swap(&z3, bit^swapped)
		swapped = bit

		a.Add(&x2, &z2)
		b.Subtract(&x2, &z2)
		c.Add(&x3, &z3)
		d.Subtract(&x3, &z3)
		d.Multiply(&d, &a)
		c.Multiply(&c, &b)
		a.Square(&a)
		b.Square(&b)
		x2.Multiply(&a, &b)
		e.Subtract(&a, &b)
		b.Mult32(&e, 121665)
		a.Add(&a, &b)
		z2.Multiply(&e, &a)
		x3.Add(&d, &c)
		x3.Square(&x3)
		z3.Subtract(&d, &c)
		z3.Square(&z3)
		z3.Multiply(&z3, &x1)
	}
	x2.Swap(&x3, swapped)
	z2.Swap(&z3, swapped)
	z2.Invert(&z2)
	x2.Multiply(&x2, &z2)
	copy(dst[:], x2.Bytes())
}
