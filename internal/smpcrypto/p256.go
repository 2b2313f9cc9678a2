// SPDX-License-Identifier: Apache-2.0

package smpcrypto

import (
	"crypto/ecdh"
	"errors"
	"io"
)

var (
	errRandom = errors.New("smpcrypto: the source of random numbers gives no private key")
	errPublic = errors.New("smpcrypto: the public key is not on the curve, or is our own")
)

// KeyPair is a private key on P-256 and its public key.
type KeyPair struct {
	private *ecdh.PrivateKey
	// X and Y are the coordinates of the public key.
	X, Y [32]byte
}

// NewKeyPair makes a private key from 32 random bytes. It takes the time of one
// multiplication on the curve.
func NewKeyPair(random io.Reader) (*KeyPair, error) {
	var secret [32]byte
	defer clear(secret[:])
	for range 4 { // one attempt in 2³² fails
		if _, err := io.ReadFull(random, secret[:]); err != nil {
			return nil, err
		}
		if private, err := ecdh.P256().NewPrivateKey(secret[:]); err == nil {
			k := &KeyPair{private: private}
			k.X, k.Y, err = publicKey(private)
			return k, err
		}
	}
	return nil, errRandom
}

// Check refuses the other side's public key if it is not on the curve
// (CVE-2018-5383), or has the X coordinate of our own (CVE-2020-26558). With a
// reflected key an attacker can answer without knowing the secret.
func (k *KeyPair) Check(x, y [32]byte) error {
	_, err := k.public(x, y)
	return err
}

func (k *KeyPair) public(x, y [32]byte) (*ecdh.PublicKey, error) {
	if x == k.X {
		return nil, errPublic
	}
	var point [65]byte
	point[0] = 4
	copy(point[1:], x[:])
	copy(point[33:], y[:])
	public, err := ecdh.P256().NewPublicKey(point[:])
	if err != nil {
		return nil, errPublic
	}
	return public, nil
}

// Agree returns the secret that the other side computes too. It fails as Check does,
// and takes the time of one multiplication on the curve.
func (k *KeyPair) Agree(x, y [32]byte) (secret [32]byte, err error) {
	public, err := k.public(x, y)
	if err != nil {
		return secret, err
	}
	shared, err := k.private.ECDH(public)
	if err != nil {
		return secret, errPublic
	}
	copy(secret[:], shared)
	clear(shared)
	return secret, nil
}
