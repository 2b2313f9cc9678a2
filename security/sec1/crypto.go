// SPDX-License-Identifier: Apache-2.0

package sec1

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"io"

	"github.com/wifiprov/wifiprov/internal/x25519"
	"github.com/wifiprov/wifiprov/protocomm"
)

// newKey draws an X25519 private key.
func newKey(random io.Reader) (*x25519.Private, error) {
	var b [keySize]byte
	defer clear(b[:])
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return nil, scheme.Fail("handshake", protocomm.ErrFail, "no random numbers for a private key", err)
	}
	key, err := x25519.NewPrivate(&b)
	if err != nil {
		return nil, scheme.Fail("handshake", protocomm.ErrFail, "no private key", err)
	}
	return key, nil
}

// sessionKey stores the AES key (protocomm.md 4.2, steps 4 and 5) in key. It
// fails with the kind given when peer is unusable: a point of low order makes the
// result known to everybody.
func (p *params) sessionKey(key *[keySize]byte, own *x25519.Private, peer *[keySize]byte, kind error) error {
	if err := own.Agree(key, peer); err != nil {
		return scheme.Fail("handshake", kind, "no shared secret", err)
	}
	if p.hasPoP {
		subtle.XORBytes(key[:], key[:], p.pop[:])
	}
	return nil
}

// newStream returns the session's key stream from its beginning. It continues
// within a block from call to call, and its counter wraps from all ones to
// zero.
func newStream(key *[keySize]byte, counter *[randomSize]byte) (cipher.Stream, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, scheme.Fail("handshake", protocomm.ErrFail, "no cipher", err)
	}
	return cipher.NewCTR(block, counter[:]), nil
}

// appendXOR appends src, encrypted or decrypted, to dst.
func appendXOR(stream cipher.Stream, dst, src []byte) []byte {
	n := len(dst)
	dst = append(dst, src...)
	stream.XORKeyStream(dst[n:], dst[n:])
	return dst
}
