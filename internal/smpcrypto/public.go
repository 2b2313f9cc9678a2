// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo || go1.24

package smpcrypto

import "crypto/ecdh"

// publicKey returns a private key's public key.
func publicKey(private *ecdh.PrivateKey) (x, y [32]byte, err error) {
	public := private.PublicKey().Bytes()
	return [32]byte(public[1:33]), [32]byte(public[33:]), nil
}
