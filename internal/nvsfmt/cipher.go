// SPDX-License-Identifier: Apache-2.0

package nvsfmt

import (
	"crypto/aes"

	"golang.org/x/crypto/xts"
)

// Cipher encrypts entries one by one (nvs-encryption.md 1): XTS-AES with the entry's
// offset in the partition as tweak. The nil Cipher leaves entries plain.
type Cipher struct{ x *xts.Cipher }

// NewCipher makes the Cipher of a key pair.
func NewCipher(data, tweak *[32]byte) (*Cipher, error) {
	var both [64]byte
	copy(both[:], data[:])
	copy(both[32:], tweak[:])
	x, err := xts.NewCipher(aes.NewCipher, both[:])
	if err != nil {
		return nil, err
	}
	return &Cipher{x}, nil
}

// Encrypt encrypts whole entries that lie at off, in place.
func (c *Cipher) Encrypt(b []byte, off int64) {
	if c == nil {
		return
	}
	for ; len(b) > 0; b, off = b[EntrySize:], off+EntrySize {
		c.x.Encrypt(b[:EntrySize], b[:EntrySize], uint64(off))
	}
}

// Decrypt is the reverse of Encrypt.
func (c *Cipher) Decrypt(b []byte, off int64) {
	if c == nil {
		return
	}
	for ; len(b) > 0; b, off = b[EntrySize:], off+EntrySize {
		c.x.Decrypt(b[:EntrySize], b[:EntrySize], uint64(off))
	}
}
