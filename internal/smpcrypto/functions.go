// SPDX-License-Identifier: Apache-2.0

package smpcrypto

// Address is a device address as the functions take it: its type, 0 public or 1
// random, and its six bytes.
type Address [7]byte

// C1 is the confirm value of legacy pairing. preq and pres are the Pairing
// Request and Response, the last byte of the command first; initiator and
// responder are the addresses of the connection.
func C1(k, r [16]byte, preq, pres [7]byte, initiator, responder Address) [16]byte {
	var p1, p2 [16]byte
	copy(p1[0:], pres[:])
	copy(p1[7:], preq[:])
	p1[14], p1[15] = responder[0], initiator[0]
	copy(p2[4:], initiator[1:])
	copy(p2[10:], responder[1:])
	return encrypt(k, xor(encrypt(k, xor(r, p1)), p2))
}

func xor(a, b [16]byte) [16]byte {
	for i := range a {
		a[i] ^= b[i]
	}
	return a
}

// S1 is the short-term key of legacy pairing; r1 is the responder's random
// number, r2 the initiator's.
func S1(k, r1, r2 [16]byte) [16]byte {
	var r [16]byte
	copy(r[:8], r1[8:])
	copy(r[8:], r2[8:])
	return encrypt(k, r)
}

// F4 is the confirm value of Secure Connections. u and v are the X coordinates of the
// public keys, the sender's first; x is the sender's random number.
func F4(u, v [32]byte, x [16]byte, z byte) [16]byte {
	var m [65]byte
	copy(m[0:], u[:])
	copy(m[32:], v[:])
	m[64] = z
	return cmac(x, m[:])
}

// F5 derives the keys of Secure Connections from the agreed secret w, the random
// numbers and the addresses, the initiator's first.
func F5(w [32]byte, n1, n2 [16]byte, a1, a2 Address) (macKey, ltk [16]byte) {
	salt := [16]byte{0x6C, 0x88, 0x83, 0x91, 0xAA, 0xF5, 0xA5, 0x38, 0x60, 0x37, 0x0B, 0xDB, 0x5A, 0x60, 0x83, 0xBE}
	t := cmac(salt, w[:])
	m := [53]byte{1: 'b', 2: 't', 3: 'l', 4: 'e', 51: 1, 52: 0} // 256 bits
	copy(m[5:], n1[:])
	copy(m[21:], n2[:])
	copy(m[37:], a1[:])
	copy(m[44:], a2[:])
	macKey = cmac(t, m[:])
	m[0] = 1
	ltk = cmac(t, m[:])
	clear(t[:])
	return macKey, ltk
}

// F6 is the check value of Secure Connections. n1 is the sender's random number and a1
// the sender's address, n2 and a2 are the other side's; r belongs to the association
// model (zero for Just Works), and io is the sender's AuthReq, OOB, and input and
// output capability.
func F6(w, n1, n2, r [16]byte, io [3]byte, a1, a2 Address) [16]byte {
	var m [65]byte
	copy(m[0:], n1[:])
	copy(m[16:], n2[:])
	copy(m[32:], r[:])
	copy(m[48:], io[:])
	copy(m[51:], a1[:])
	copy(m[58:], a2[:])
	return cmac(w, m[:])
}

// AH is the hash of a resolvable private address.
func AH(irk [16]byte, r [3]byte) (hash [3]byte) {
	var block [16]byte
	copy(block[13:], r[:])
	block = encrypt(irk, block)
	copy(hash[:], block[13:])
	return hash
}

// Resolves reports whether a is a private address made with irk. The zero key
// makes none.
func Resolves(irk [16]byte, a Address) bool {
	if a[0] != 1 || a[1]>>6 != 1 || irk == [16]byte{} {
		return false
	}
	return AH(irk, [3]byte(a[1:4])) == [3]byte(a[4:7])
}

// Reverse copies src to dst, which has the same length, in the other order of
// bytes.
func Reverse(dst, src []byte) {
	for i, b := range src {
		dst[len(src)-1-i] = b
	}
}

// Reversed16 returns the first 16 bytes of b in the other order.
func Reversed16(b []byte) (out [16]byte) {
	Reverse(out[:], b[:16])
	return out
}
