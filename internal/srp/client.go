// SPDX-License-Identifier: Apache-2.0

package srp

import (
	"crypto/sha512"
	"io"
	"math/bits"
)

// Client is the client's side of one handshake.
type Client struct {
	g      *group
	a      [PrivateSize]byte
	public [Size]byte
}

// NewClient draws private values until A has Size bytes (5.6). It fails if random fails.
func NewClient(random io.Reader) (*Client, error) {
	c := &Client{g: theGroup()}
	w := newWork()
	for range tries {
		if _, err := io.ReadFull(random, c.a[:]); err != nil {
			c.Wipe()
			return nil, err
		}
		c.g.g.power(&c.g.field, &w.y, c.a[:], false, w)
		c.g.leave(&w.y, &w.t)
		w.y.bytes(&c.public)
		if c.public[0] != 0 {
			break
		}
	}
	w.wipe()
	return c, nil
}

// Public returns A, which has Size bytes and must not be changed.
func (c *Client) Public() []byte { return c.public[:] }

// Prove computes p from the device's salt and B, both as received. It takes an
// exponentiation with 1024 bits and one with 512. It fails with ErrPublic if B is a
// multiple of N, or does not have 1 to Size bytes.
func (c *Client) Prove(p *Proofs, user, password, salt, b []byte) error {
	return c.prove(newWork(), p, user, password, salt, b)
}

func (c *Client) prove(w *work, p *Proofs, user, password, salt, b []byte) error {
	defer w.wipe()
	if len(b) == 0 || len(b) > Size {
		return ErrPublic
	}
	g := c.g
	w.x.setNumber(b)
	w.x.bytes(&w.secret)
	if g.isZero(&w.x) {
		return ErrPublic
	}
	scramble(w.h, &w.u, c.public[:], &w.secret)
	if len(trim(w.u[:])) == 0 {
		return ErrPublic
	}
	x := privateKey(user, password, salt)
	var e [2 * HashSize]byte
	defer clear(x[:])
	defer clear(e[:])
	exponent(&e, &c.a, &w.u, &x)
	g.register(&w.y, &x, w)
	g.mul(&w.y, &w.y, &g.k, &w.t)
	g.enter(&w.x, &w.t)
	g.sub(&w.x, &w.x, &w.y)
	g.power(&w.x, &w.x, e[:], w)
	g.leave(&w.x, &w.t)
	w.x.bytes(&w.secret)
	w.h.Reset()
	w.h.Write(user)
	w.h.Sum(w.name[:0])
	p.set(w.h, g, &w.name, salt, c.public[:], b, &w.secret)
	return nil
}

// Wipe forgets the private value.
func (c *Client) Wipe() { clear(c.a[:]); clear(c.public[:]) }

// Verifier returns what a device stores instead of the password
// (protocomm.md 5.2), without leading zero bytes.
func Verifier(user, password, salt []byte) []byte {
	g := theGroup()
	w := newWork()
	defer w.wipe()
	x := privateKey(user, password, salt)
	defer clear(x[:])
	g.register(&w.y, &x, w)
	g.leave(&w.y, &w.t)
	w.y.bytes(&w.secret)
	return append([]byte(nil), trim(w.secret[:])...)
}

// privateKey returns x.
func privateKey(user, password, salt []byte) (x [HashSize]byte) {
	h := sha512.New()
	h.Write(user)
	h.Write([]byte{':'})
	h.Write(password)
	inner := h.Sum(nil)
	h.Reset()
	h.Write(salt)
	h.Write(inner)
	h.Sum(x[:0])
	clear(inner)
	return x
}

// register stores g^x in z. It uses the table of g for each half of x.
func (g *group) register(z *element, x *[HashSize]byte, w *work) {
	g.g.power(&g.field, z, x[:HashSize/2], false, w)
	for range 8 * HashSize / 2 {
		g.sqr(z, z, &w.t)
	}
	low := &w.high
	g.g.power(&g.field, low, x[HashSize/2:], false, w)
	g.mul(z, z, low, &w.t)
}

// exponent stores a + u·x, which is below 2^1024, in e.
func exponent(e *[2 * HashSize]byte, a *[PrivateSize]byte, u, x *[HashSize]byte) {
	const words = HashSize / wordBytes
	var sum [2 * words]uint
	defer clear(sum[:])
	for i := range PrivateSize / wordBytes {
		sum[i] = word(a[:], i)
	}
	for i := range words {
		m := word(u[:], i)
		var c uint
		for j := range words {
			c, sum[i+j] = mac(m, word(x[:], j), sum[i+j], c)
		}
		for k := i + words; k < len(sum); k++ {
			sum[k], c = bits.Add(sum[k], c, 0)
		}
	}
	for i, w := range sum {
		for j := range wordBytes {
			e[len(e)-1-i*wordBytes-j] = byte(w >> (8 * j))
		}
	}
}
