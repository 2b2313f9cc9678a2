// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && !go1.24

package smpcrypto

import "crypto/ecdh"

// publicKey returns a private key's public key, without the tables that
// crypto/ecdh of these releases builds in the heap for it: 113 KB.
func publicKey(private *ecdh.PrivateKey) (x, y [32]byte, err error) {
	return publicByAgreement(private)
}
