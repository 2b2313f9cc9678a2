// SPDX-License-Identifier: Apache-2.0

package smpcrypto

import (
	"crypto/ecdh"
	"encoding/binary"
)

// element is a number modulo the curve's prime, the least significant word first. It
// is for public numbers only: its methods do not run in constant time.
type element [8]uint32

var (
	prime  = element{0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0, 0, 1, 0xFFFFFFFF}
	curveB = element{0x27D2604B, 0x3BCE3C3E, 0xCC53B0F6, 0x651D06B0, 0x769886BC, 0xB3EBBD55, 0xAA3A93E7, 0x5AC635D8}
	// root is (prime + 1) / 4: a number to this power is its square root.
	root = element{0, 0, 0x40000000, 0, 0, 0x40000000, 0xC0000000, 0x3FFFFFFF}
)

// publicByAgreement returns a private key's public key. An agreement with the curve's
// generator gives X; the curve's equation gives Y or its negative. Either will do: the
// agreed secret is the same, and the other functions use X only.
func publicByAgreement(private *ecdh.PrivateKey) (x, y [32]byte, err error) {
	generator, err := ecdh.P256().NewPublicKey([]byte("\x04" +
		"\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96" +
		"\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5"))
	if err != nil {
		return x, y, err
	}
	shared, err := private.ECDH(generator)
	if err != nil {
		return x, y, err
	}
	x = [32]byte(shared)
	e := elementOf(x)
	minus3 := prime
	minus3[0] -= 3
	square := e.mul(e).add(minus3).mul(e).add(curveB) // x³ − 3x + b
	return x, square.power(root).bytes(), nil
}

func elementOf(b [32]byte) (e element) {
	for i := range e {
		e[i] = binary.BigEndian.Uint32(b[28-4*i:])
	}
	return e
}

func (e element) bytes() (b [32]byte) {
	for i := range e {
		binary.BigEndian.PutUint32(b[28-4*i:], e[i])
	}
	return b
}

func (e element) bit(i int) bool { return e[i/32]>>(i%32)&1 != 0 }

// plus adds f, or subtracts it, and returns the carry.
func (e *element) plus(f *element, sign int64) (carry int64) {
	for i := range e {
		carry += int64(e[i]) + sign*int64(f[i])
		e[i] = uint32(carry)
		carry >>= 32
	}
	return carry
}

// reduce brings e and the carry above it below the prime.
func (e *element) reduce(carry int64) {
	for carry < 0 {
		carry += e.plus(&prime, 1)
	}
	for {
		less := *e
		if carry += less.plus(&prime, -1); carry < 0 {
			return
		}
		*e = less
	}
}

func (e element) add(f element) element {
	e.reduce(e.plus(&f, 1))
	return e
}

func (e element) mul(f element) element {
	var p [16]uint32
	for i := range e {
		carry := uint64(0)
		for j := range f {
			carry += uint64(e[i])*uint64(f[j]) + uint64(p[i+j])
			p[i+j] = uint32(carry)
			carry >>= 32
		}
		p[i+8] = uint32(carry)
	}
	// The upper half is reduced to multiples of lower powers (FIPS 186-4, D.2.3).
	c := func(i int) int64 { return int64(p[i]) }
	carry := int64(0)
	for i, sum := range [8]int64{
		c(8) + c(9) - c(11) - c(12) - c(13) - c(14),
		c(9) + c(10) - c(12) - c(13) - c(14) - c(15),
		c(10) + c(11) - c(13) - c(14) - c(15),
		2*c(11) + 2*c(12) + c(13) - c(15) - c(8) - c(9),
		2*c(12) + 2*c(13) + c(14) - c(9) - c(10),
		2*c(13) + 2*c(14) + c(15) - c(10) - c(11),
		3*c(14) + 2*c(15) + c(13) - c(8) - c(9),
		3*c(15) + c(8) - c(10) - c(11) - c(12) - c(13),
	} {
		carry += c(i) + sum
		e[i] = uint32(carry)
		carry >>= 32
	}
	e.reduce(carry)
	return e
}

func (e element) power(f element) element {
	p := element{1}
	for i := 255; i >= 0; i-- {
		p = p.mul(p)
		if f.bit(i) {
			p = p.mul(e)
		}
	}
	return p
}
