// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package x25519

// Private is a private key. It has to be made by NewPrivate.
type Private struct{ laddered }

// NewPrivate returns the private key of a secret, which may be any bytes. It does not fail.
func NewPrivate(secret *[Size]byte) (*Private, error) {
	p := new(Private)
	p.init(secret)
	return p, nil
}
