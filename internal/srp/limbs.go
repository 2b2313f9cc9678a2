// SPDX-License-Identifier: Apache-2.0

package srp

import "math/bits"

// The race detector leaves the arithmetic out (go:norace). It works on memory of its
// caller alone, and watched word by word a handshake takes eight times as long.

// mac returns x·y + a + c, which two words can hold.
func mac(x, y, a, c uint) (hi, lo uint) {
	if bits.UintSize == 32 {
		t := uint64(x)*uint64(y) + uint64(a) + uint64(c)
		return uint(t >> 32), uint(t)
	}
	hi, lo = bits.Mul(x, y)
	lo, carry := bits.Add(lo, a, 0)
	hi, _ = bits.Add(hi, 0, carry)
	lo, carry = bits.Add(lo, c, 0)
	hi, _ = bits.Add(hi, 0, carry)
	return hi, lo
}

// addMul adds x·y and c to z and returns the carry. y is as long as z, a
// multiple of eight. Nearly all time is spent here: eight steps at once keep
// the loop out of the way.
//
//go:norace
func addMul(z, y []uint, x, c uint) uint {
	y = y[:len(z)]
	for j := 0; j+8 <= len(z); j += 8 {
		p, q := (*[8]uint)(y[j:j+8]), (*[8]uint)(z[j:j+8])
		c, q[0] = mac(x, p[0], q[0], c)
		c, q[1] = mac(x, p[1], q[1], c)
		c, q[2] = mac(x, p[2], q[2], c)
		c, q[3] = mac(x, p[3], q[3], c)
		c, q[4] = mac(x, p[4], q[4], c)
		c, q[5] = mac(x, p[5], q[5], c)
		c, q[6] = mac(x, p[6], q[6], c)
		c, q[7] = mac(x, p[7], q[7], c)
	}
	return c
}

// half is one half of an element.
type half [limbs / 2]uint

// wide is a product before its reduction, with room for its making.
type wide struct {
	v        [2 * limbs]uint
	mid, sum element
	x, y     half
}

// product stores x·y in t, by Karatsuba's rule: with x = x1·h + x0 and
// y = y1·h + y0 it needs x0·y0, x1·y1 and (x0-x1)·(y1-y0) only. (Going another
// level down costs more than it saves.)
//
//go:norace
func product(t *wide, x, y *element) {
	x0, x1 := (*half)(x[:limbs/2]), (*half)(x[limbs/2:])
	y0, y1 := (*half)(y[:limbs/2]), (*half)(y[limbs/2:])
	halfProduct((*element)(t.v[:limbs]), x0, y0)
	halfProduct((*element)(t.v[limbs:]), x1, y1)
	minus := distance(&t.x, x0, x1) ^ distance(&t.y, y1, y0)
	halfProduct(&t.mid, &t.x, &t.y)
	t.addMiddle(minus)
}

// distance stores |x-y| in z and returns all ones if x is less than y, else 0.
//
//go:norace
func distance(z, x, y *half) (less uint) {
	var borrow uint
	for i := range z {
		z[i], borrow = bits.Sub(x[i], y[i], borrow)
	}
	less = -borrow
	for i := range z {
		z[i], borrow = bits.Add(z[i]^less, 0, borrow)
	}
	return less
}

// addMiddle adds the sum of both halves of t.v and, if minus is 0, t.mid to
// the middle of t.v; it subtracts t.mid if minus is all ones.
//
//go:norace
func (t *wide) addMiddle(minus uint) {
	copy(t.sum[:], t.v[:limbs])
	top := addTo(t.sum[:], t.v[limbs:], 0)
	for i := range t.mid {
		t.mid[i] ^= minus
	}
	// -m is ^m + 1 - 2^3072, the latter in top.
	top += minus + addTo(t.sum[:], t.mid[:], minus&1)
	top += addTo(t.v[limbs/2:limbs/2+limbs], t.sum[:], 0)
	for i := limbs/2 + limbs; i < 2*limbs; i++ {
		t.v[i], top = bits.Add(t.v[i], top, 0)
	}
}

// halfProduct stores x·y in t.
//
//go:norace
func halfProduct(t *element, x, y *half) {
	const n = limbs / 2
	clear(t[:n])
	for i, w := range x {
		t[i+n] = addMul(t[i:i+n], y[:], w, 0)
	}
}

// square stores x² in t, by blocks of eight words: the products of different
// blocks once, doubled, and the squares of the blocks. (Karatsuba's rule costs
// more than it saves here.)
//
//go:norace
func square(t *wide, x *element) {
	v := &t.v
	clear(v[:limbs])
	for i := 0; i < limbs; i += 8 {
		for j, w := range x[i : i+8] {
			v[i+j+limbs] = addMul(v[2*i+j+8:i+j+limbs], x[i+8:], w, 0)
		}
	}
	addTo(v[:], v[:], 0)
	var block [16]uint
	var carry uint
	for i := 0; i < limbs; i += 8 {
		square8(&block, (*[8]uint)(x[i:]))
		carry = addTo(v[2*i:2*i+16], block[:], carry)
	}
}

// addTo adds y and c to z and returns the carry. y is as long as z, a multiple
// of eight.
//
//go:norace
func addTo(z, y []uint, c uint) uint {
	y = y[:len(z)]
	for j := 0; j+8 <= len(z); j += 8 {
		p, q := (*[8]uint)(y[j:j+8]), (*[8]uint)(z[j:j+8])
		q[0], c = bits.Add(q[0], p[0], c)
		q[1], c = bits.Add(q[1], p[1], c)
		q[2], c = bits.Add(q[2], p[2], c)
		q[3], c = bits.Add(q[3], p[3], c)
		q[4], c = bits.Add(q[4], p[4], c)
		q[5], c = bits.Add(q[5], p[5], c)
		q[6], c = bits.Add(q[6], p[6], c)
		q[7], c = bits.Add(q[7], p[7], c)
	}
	return c
}

// square8 stores x² in t: the products of different words once, doubled, and
// the squares of the words.
//
//go:norace
func square8(t *[16]uint, x *[8]uint) {
	var c uint
	c, t[1] = mac(x[0], x[1], 0, 0)
	c, t[2] = mac(x[0], x[2], 0, c)
	c, t[3] = mac(x[0], x[3], 0, c)
	c, t[4] = mac(x[0], x[4], 0, c)
	c, t[5] = mac(x[0], x[5], 0, c)
	c, t[6] = mac(x[0], x[6], 0, c)
	t[8], t[7] = mac(x[0], x[7], 0, c)
	c, t[3] = mac(x[1], x[2], t[3], 0)
	c, t[4] = mac(x[1], x[3], t[4], c)
	c, t[5] = mac(x[1], x[4], t[5], c)
	c, t[6] = mac(x[1], x[5], t[6], c)
	c, t[7] = mac(x[1], x[6], t[7], c)
	t[9], t[8] = mac(x[1], x[7], t[8], c)
	c, t[5] = mac(x[2], x[3], t[5], 0)
	c, t[6] = mac(x[2], x[4], t[6], c)
	c, t[7] = mac(x[2], x[5], t[7], c)
	c, t[8] = mac(x[2], x[6], t[8], c)
	t[10], t[9] = mac(x[2], x[7], t[9], c)
	c, t[7] = mac(x[3], x[4], t[7], 0)
	c, t[8] = mac(x[3], x[5], t[8], c)
	c, t[9] = mac(x[3], x[6], t[9], c)
	t[11], t[10] = mac(x[3], x[7], t[10], c)
	c, t[9] = mac(x[4], x[5], t[9], 0)
	c, t[10] = mac(x[4], x[6], t[10], c)
	t[12], t[11] = mac(x[4], x[7], t[11], c)
	c, t[11] = mac(x[5], x[6], t[11], 0)
	t[13], t[12] = mac(x[5], x[7], t[12], c)
	t[14], t[13] = mac(x[6], x[7], t[13], 0)
	t[0], t[15] = 0, 0
	var double, carry uint
	for i, w := range x {
		hi, lo := bits.Mul(w, w)
		a, b := t[2*i], t[2*i+1]
		t[2*i], carry = bits.Add(a<<1|double, lo, carry)
		t[2*i+1], carry = bits.Add(b<<1|a>>(bits.UintSize-1), hi, carry)
		double = b >> (bits.UintSize - 1)
	}
}
