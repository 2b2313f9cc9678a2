// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package x25519

import "crypto/ecdh"

// Private is a private key. It has to be made by NewPrivate.
type Private struct{ key *ecdh.PrivateKey }

// NewPrivate returns the private key of a secret, which may be any bytes.
func NewPrivate(secret *[Size]byte) *Private {
	key, err := ecdh.X25519().NewPrivateKey(secret[:])
	if err != nil {
		panic(err) // for another length only
	}
	return &Private{key}
}

// Public stores the public key.
func (p *Private) Public(public *[Size]byte) { copy(public[:], p.key.PublicKey().Bytes()) }

// Agree stores the secret that this key's owner shares with the owner of the public key
// peer. It fails with ErrLowOrder.
func (p *Private) Agree(secret, peer *[Size]byte) error {
	public, err := ecdh.X25519().NewPublicKey(peer[:])
	if err != nil {
		panic(err) // for another length only
	}
	shared, err := p.key.ECDH(public)
	if err != nil {
		return ErrLowOrder
	}
	copy(secret[:], shared)
	clear(shared)
	return nil
}
