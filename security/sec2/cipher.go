// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"github.com/wifiprov/wifiprov/protocomm"
)

// rules are the revisions of how nonces are used (protocomm.md 5.4), by
// `sec_patch_ver`.
type rules int

const (
	fixed    rules = 0 // one nonce for all messages
	counting rules = 1 // 8 random bytes and a counter
)

// Lengths in bytes.
const (
	keySize     = 32
	tagSize     = 16
	fixedNonce  = 16
	minNonce    = 12
	countNonce  = 12
	countPrefix = 8 // the counter follows
)

// box is AES-256-GCM with a session's nonce.
type box struct {
	rules rules
	spent bool // the counter wrapped
	aead  cipher.AEAD
	nonce []byte
}

// set makes the cipher with the first bytes of key.
func (b *box) set(r rules, key, nonce []byte) error {
	block, err := aes.NewCipher(key[:keySize])
	if err != nil {
		return scheme.Fail("handshake", protocomm.ErrFail, "no cipher", err)
	}
	aead, err := cipher.NewGCMWithNonceSize(block, len(nonce))
	if err != nil {
		return scheme.Fail("handshake", protocomm.ErrFail, "no cipher", err)
	}
	*b = box{rules: r, aead: aead, nonce: append([]byte(nil), nonce...)}
	return nil
}

// check fails when there is no key, or no nonce left.
func (b *box) check(op string) error {
	switch {
	case b.aead == nil:
		return scheme.Fail(op, protocomm.ErrInvalidState, "the handshake is not complete", nil)
	case b.spent:
		return scheme.Fail(op, protocomm.ErrInvalidState, "the session's nonces are used up; begin a new one", nil)
	}
	return nil
}

// next moves the counter on, which both directions share.
func (b *box) next() {
	if b.rules != counting {
		return
	}
	counter := b.nonce[countPrefix:countNonce]
	n := binary.BigEndian.Uint32(counter) + 1
	binary.BigEndian.PutUint32(counter, n)
	b.spent = n == 0
}

// seal appends the encrypted plain to dst.
func (b *box) seal(dst, plain []byte) ([]byte, error) {
	if err := b.check("encrypt"); err != nil {
		return dst, err
	}
	dst = b.aead.Seal(dst, b.nonce, plain, nil)
	b.next()
	return dst, nil
}

// open appends the decrypted text to dst. A failure changes nothing (Q-P13).
func (b *box) open(dst, text []byte) ([]byte, error) {
	const op = "decrypt"
	if err := b.check(op); err != nil {
		return dst, err
	}
	if len(text) < tagSize {
		return dst, scheme.Fail(op, protocomm.ErrInvalidArg, "the message is shorter than its tag of 16 bytes", nil)
	}
	out, err := b.aead.Open(dst, b.nonce, text, nil)
	if err != nil {
		return dst, scheme.Fail(op, protocomm.ErrFail, "the message was altered, or is not the next one of this session", err)
	}
	b.next()
	return out, nil
}

// wipe forgets the key. The expanded one inside the standard library's cipher
// cannot be overwritten; it is left to the garbage collector.
func (b *box) wipe() {
	clear(b.nonce)
	*b = box{}
}
