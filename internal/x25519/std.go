// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package x25519

import "crypto/ecdh"

// Private is a private key. It has to be made by NewPrivate.
type Private struct{ key *ecdh.PrivateKey }

// NewPrivate returns the private key of a secret, which may be any bytes. It fails where
// the standard library refuses X25519: in a program that is to use FIPS 140 only.
func NewPrivate(secret *[Size]byte) (*Private, error) {
	key, err := ecdh.X25519().NewPrivateKey(secret[:])
	return &Private{key}, err
}

// Clear forgets the key, as far as that can be done.
func (p *Private) Clear() { p.key = nil }

// Public stores the public key.
func (p *Private) Public(public *[Size]byte) { copy(public[:], p.key.PublicKey().Bytes()) }

// Agree stores the secret that this key's owner shares with the owner of the public key
// peer. It fails with ErrLowOrder, or as NewPrivate does.
func (p *Private) Agree(secret, peer *[Size]byte) error {
	public, err := ecdh.X25519().NewPublicKey(peer[:])
	if err != nil {
		return err
	}
	shared, err := p.key.ECDH(public)
	if err != nil {
		return ErrLowOrder
	}
	copy(secret[:], shared)
	clear(shared)
	return nil
}
