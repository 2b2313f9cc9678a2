// SPDX-License-Identifier: Apache-2.0

package smpcrypto

import (
	"crypto/aes"
	"crypto/subtle"
)

// encrypt is the security function e: one block of AES-128.
func encrypt(key, block [16]byte) (out [16]byte) {
	c, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // not with a key of this length
	}
	c.Encrypt(out[:], block[:])
	return out
}

// cmac returns the AES-CMAC of a message (RFC 4493).
func cmac(key [16]byte, message []byte) (mac [16]byte) {
	c, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // not with a key of this length
	}
	var sub [16]byte
	c.Encrypt(sub[:], sub[:])
	double(&sub)
	for ; len(message) > 16; message = message[16:] {
		subtle.XORBytes(mac[:], mac[:], message[:16])
		c.Encrypt(mac[:], mac[:])
	}
	var last [16]byte
	if n := copy(last[:], message); n < 16 {
		last[n] = 0x80
		double(&sub)
	}
	subtle.XORBytes(mac[:], mac[:], last[:])
	subtle.XORBytes(mac[:], mac[:], sub[:])
	c.Encrypt(mac[:], mac[:])
	return mac
}

// double multiplies by x in the field of CMAC's subkeys, in constant time.
func double(b *[16]byte) {
	carry := byte(0)
	for i := 15; i >= 0; i-- {
		carry, b[i] = b[i]>>7, b[i]<<1|carry
	}
	b[15] ^= 0x87 * carry
}
