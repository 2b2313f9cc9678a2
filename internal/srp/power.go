// SPDX-License-Identifier: Apache-2.0

package srp

import (
	"crypto/sha512"
	"hash"
	"math/bits"
)

// work is the memory of one computation.
type work struct {
	h      hash.Hash // SHA-512
	t      wide
	digit  element // what was taken from a table
	x, y   element // the computation's own
	high   element
	u      [HashSize]byte
	name   [HashSize]byte           // H(I)
	secret [Size]byte               // S
	window [1 << windowBits]element // powers of a base that has no comb
}

// newWork keeps the work off the stack, where its 9 KiB would not fit on a
// microcontroller.
//
//go:noinline
func newWork() *work { return &work{h: sha512.New()} }

// wipe forgets what went on.
func (w *work) wipe() {
	h := w.h
	*w = work{}
	w.h = h
}

// power stores x^e in z, which may be x; e is big-endian and secret. It takes
// one squaring a bit of e, and one multiplication for each windowBits of them,
// whatever x and e are.
func (f *field) power(z, x *element, e []byte, w *work) {
	table := &w.window
	table[0].set(&f.one)
	table[1].set(x)
	for i := 2; i < len(table); i += 2 {
		f.sqr(&table[i], &table[i/2], &w.t)
		f.mul(&table[i+1], &table[i], &table[1], &w.t)
	}
	digits := (8*len(e) + windowBits - 1) / windowBits
	for d := digits - 1; d >= 0; d-- {
		var index uint
		for i := windowBits - 1; i >= 0; i-- {
			index = index<<1 | bit(e, d*windowBits+i)
		}
		if d == digits-1 {
			choose(z, table[:], index)
			continue
		}
		for range windowBits {
			f.sqr(z, z, &w.t)
		}
		choose(&w.digit, table[:], index)
		f.mul(z, z, &w.digit, &w.t)
	}
}

// bit returns bit i of the big-endian number e, 0 beyond its end.
func bit(e []byte, i int) uint {
	if i >= 8*len(e) {
		return 0
	}
	return uint(e[len(e)-1-i/8]>>(i%8)) & 1
}

// choose stores table[index] in z; the table has an even number of entries. It
// reads all of them, so that the index leaves no trace in the cache.
//
//go:norace
func choose(z *element, table []element, index uint) {
	clear(z[:])
	for i := 0; i+2 <= len(table); i += 2 {
		m0, m1 := equal(uint(i), index), equal(uint(i)+1, index)
		e0, e1 := &table[i], &table[i+1]
		for j := 0; j < limbs; j += 8 {
			p0, p1, q := (*[8]uint)(e0[j:j+8]), (*[8]uint)(e1[j:j+8]), (*[8]uint)(z[j:j+8])
			q[0] |= p0[0]&m0 | p1[0]&m1
			q[1] |= p0[1]&m0 | p1[1]&m1
			q[2] |= p0[2]&m0 | p1[2]&m1
			q[3] |= p0[3]&m0 | p1[3]&m1
			q[4] |= p0[4]&m0 | p1[4]&m1
			q[5] |= p0[5]&m0 | p1[5]&m1
			q[6] |= p0[6]&m0 | p1[6]&m1
			q[7] |= p0[7]&m0 | p1[7]&m1
		}
	}
}

// equal returns all ones if x and y are equal, else 0.
func equal(x, y uint) uint {
	different := x ^ y
	return (different|-different)>>(bits.UintSize-1) - 1
}
