// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package x25519

// Private is a private key. It has to be made by NewPrivate.
type Private struct{ laddered }

// NewPrivate returns the private key of a secret, which may be any bytes.
func NewPrivate(secret *[Size]byte) *Private { return &Private{newLaddered(secret)} }
