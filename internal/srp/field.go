// SPDX-License-Identifier: Apache-2.0

package srp

import "math/bits"

// Size is the length of the modulus, and of what is exchanged, in bytes.
const Size = 384

const (
	wordBytes = bits.UintSize / 8
	limbs     = Size / wordBytes
)

// element is a residue modulo N, lowest word first, in Montgomery form unless
// said otherwise: x stands for x·2^3072. Any representative below 2^3072 will
// do; one residue in 2^64 has two.
type element [limbs]uint

// field is the modulus and what belongs to it.
type field struct {
	n element // N
	// p is (N+1)/2^w for words of w bits: the lowest word is all ones.
	p element
	// 1 and 2^3072 in Montgomery form.
	one, square element
}

// set takes the modulus, which has to begin and end with a word of ones.
func (f *field) set(modulus *[Size]byte) {
	f.n.setBytes(modulus)
	copy(f.p[:], f.n[1:])
	carry := uint(1)
	for i := range f.p {
		f.p[i], carry = bits.Add(f.p[i], 0, carry)
	}
	// 1 in Montgomery form is 2^3072 mod N, which is 2^3072 - N.
	var borrow uint
	for i := range f.one {
		f.one[i], borrow = bits.Sub(0, f.n[i], borrow)
	}
	f.square.set(&f.one)
	for range 8 * Size {
		f.add(&f.square, &f.square, &f.square)
	}
}

// set copies y to x. For an assignment TinyGo makes two instructions for each
// word.
func (x *element) set(y *element) { copy(x[:], y[:]) }

// equals reports whether x and y, which are public, are the same words.
func (x *element) equals(y *element) bool {
	var different uint
	for i, w := range x {
		different |= w ^ y[i]
	}
	return different == 0
}

// setNumber stores a big-endian number of up to Size bytes, not in Montgomery
// form.
func (x *element) setNumber(b []byte) {
	clear(x[:])
	for i := range b {
		x[i/wordBytes] |= uint(b[len(b)-1-i]) << (8 * uint(i%wordBytes))
	}
}

// setBytes stores a big-endian number, not in Montgomery form.
func (x *element) setBytes(b *[Size]byte) {
	for i := range x {
		x[i] = word(b[:], i)
	}
}

// word returns word i, the lowest being 0, of a big-endian number.
func word(b []byte, i int) (w uint) {
	for _, c := range b[len(b)-(i+1)*wordBytes : len(b)-i*wordBytes] {
		w = w<<8 | uint(c)
	}
	return w
}

// bytes stores x, which is not in Montgomery form, in b.
func (x *element) bytes(b *[Size]byte) {
	for i, w := range x {
		for j := range wordBytes {
			b[Size-1-i*wordBytes-j] = byte(w >> (8 * j))
		}
	}
}

// add stores x+y in z; each may be any other.
func (f *field) add(z, x, y *element) {
	var carry uint
	for i := range z {
		z[i], carry = bits.Add(x[i], y[i], carry)
	}
	// The sum is below 2·2^3072, which is a little more than 2N.
	carry -= f.subtractIf(z, carry)
	f.subtractIf(z, carry)
}

// sub stores x-y in z; each may be any other.
func (f *field) sub(z, x, y *element) {
	var borrow uint
	for i := range z {
		z[i], borrow = bits.Sub(x[i], y[i], borrow)
	}
	borrow -= f.addIf(z, borrow)
	f.addIf(z, borrow)
}

// subtractIf subtracts N from z if yes is 1, not if it is 0, and returns the
// borrow.
//
//go:norace
func (f *field) subtractIf(z *element, yes uint) (borrow uint) {
	mask := -yes
	for i := range z {
		z[i], borrow = bits.Sub(z[i], f.n[i]&mask, borrow)
	}
	return borrow
}

// addIf adds N to z if yes is 1, not if it is 0, and returns the carry.
//
//go:norace
func (f *field) addIf(z *element, yes uint) (carry uint) {
	mask := -yes
	for i := range z {
		z[i], carry = bits.Add(z[i], f.n[i]&mask, carry)
	}
	return carry
}

// canonical brings x below N.
//
//go:norace
func (f *field) canonical(x *element) {
	borrow := f.subtractIf(x, 1)
	f.addIf(x, borrow)
}

// isZero reports whether x is a multiple of N. x is public, and changed to its
// representative below N.
func (f *field) isZero(x *element) bool {
	f.canonical(x)
	var all uint
	for _, w := range x {
		all |= w
	}
	return all == 0
}

// mul stores x·y in z; each may be any other.
func (f *field) mul(z, x, y *element, t *wide) {
	product(t, x, y)
	f.reduce(z, t)
}

// sqr stores x² in z, which may be x.
func (f *field) sqr(z, x *element, t *wide) {
	square(t, x)
	f.reduce(z, t)
}

// enter brings x into Montgomery form.
func (f *field) enter(x *element, t *wide) { f.mul(x, x, &f.square, t) }

// leave brings x out of Montgomery form and below N.
func (f *field) leave(x *element, t *wide) {
	copy(t.v[:limbs], x[:])
	clear(t.v[limbs:])
	f.reduce(x, t)
	f.canonical(x)
}

// reduce stores t/2^3072 in z. One word of t after the other is cleared by
// adding a multiple of N; the multiple is the word itself, because N ends in
// ones: t + w·N = t - w + w·p·2^w.
//
//go:norace
func (f *field) reduce(z *element, t *wide) {
	var carry uint // belongs beyond the words that the row before reached
	for i := range limbs {
		row := t.v[i+1 : i+1+limbs]
		c := addMul(row, f.p[:], t.v[i], 0)
		row[limbs-1], carry = bits.Add(row[limbs-1], carry, 0)
		carry += c
	}
	copy(z[:], t.v[limbs:])
	f.subtractIf(z, carry)
}
