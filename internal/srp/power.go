package srp

import "math/bits"

// work is the memory of one computation.
type work struct {
	t      wide
	digit  element // what was taken from a table
	x, y   element // the computation's own
	high   element
	u      [HashSize]byte
	secret [Size]byte               // S
	window [1 << windowBits]element // powers of a base that has no comb
}

// newWork keeps the work off the stack, where its 9 KiB would not fit on a
// microcontroller.
//
//go:noinline
func newWork() *work { return new(work) }

// wipe forgets what went on.
func (w *work) wipe() { *w = work{} }

// power stores x^e in z, which may be x; e is big-endian and secret. It takes
// one squaring a bit of e, and one multiplication for each windowBits of them,
// whatever x and e are.
func (f *field) power(z, x *element, e []byte, w *work) {
	table := &w.window
	table[0] = f.one
	table[1] = *x
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

// choose stores table[index] in z. It reads the whole table, so that the index
// leaves no trace in the cache.
func choose(z *element, table []element, index uint) {
	for j := 0; j < limbs; j += 8 {
		var a0, a1, a2, a3, a4, a5, a6, a7 uint
		for i := range table {
			different := uint(i) ^ index
			mask := (different|-different)>>(bits.UintSize-1) - 1
			p := (*[8]uint)(table[i][j:])
			a0 |= p[0] & mask
			a1 |= p[1] & mask
			a2 |= p[2] & mask
			a3 |= p[3] & mask
			a4 |= p[4] & mask
			a5 |= p[5] & mask
			a6 |= p[6] & mask
			a7 |= p[7] & mask
		}
		*(*[8]uint)(z[j:]) = [8]uint{a0, a1, a2, a3, a4, a5, a6, a7}
	}
}
