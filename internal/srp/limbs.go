package srp

import "math/bits"

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

// addMul adds x·y to z and returns the carry. Nearly all time is spent here:
// eight steps at once keep the loop out of the way.
func addMul(z, y *element, x uint) (c uint) {
	for j := 0; j < limbs; j += 8 {
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

// product stores x·y in t.
func product(t *wide, x, y *element) {
	clear(t[:limbs])
	for i, w := range x {
		t[i+limbs] = addMul((*element)(t[i:i+limbs]), y, w)
	}
}

// square stores x² in t: the products of different words once, doubled, and
// the squares of the words.
func square(t *wide, x *element) {
	clear(t[:limbs])
	for i, w := range x {
		t[i+limbs] = addMulN(t[2*i+1:i+limbs], x[i+1:], w)
	}
	var double, carry uint
	for i, w := range x {
		hi, lo := bits.Mul(w, w)
		a, b := t[2*i], t[2*i+1]
		a, b, double = a<<1|double, b<<1|a>>(bits.UintSize-1), b>>(bits.UintSize-1)
		t[2*i], carry = bits.Add(a, lo, carry)
		t[2*i+1], carry = bits.Add(b, hi, carry)
	}
}

func addMulN(z, y []uint, x uint) (c uint) {
	for len(y) >= 8 && len(z) >= 8 {
		p, q := (*[8]uint)(y), (*[8]uint)(z)
		c, q[0] = mac(x, p[0], q[0], c)
		c, q[1] = mac(x, p[1], q[1], c)
		c, q[2] = mac(x, p[2], q[2], c)
		c, q[3] = mac(x, p[3], q[3], c)
		c, q[4] = mac(x, p[4], q[4], c)
		c, q[5] = mac(x, p[5], q[5], c)
		c, q[6] = mac(x, p[6], q[6], c)
		c, q[7] = mac(x, p[7], q[7], c)
		y, z = y[8:], z[8:]
	}
	z = z[:len(y)]
	for i := range y {
		c, z[i] = mac(x, y[i], z[i], c)
	}
	return c
}
