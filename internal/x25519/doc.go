// SPDX-License-Identifier: Apache-2.0

// Package x25519 is the key exchange of RFC 7748 on Curve25519.
//
// It is that of the standard library but under TinyGo: crypto/ecdh brings FIPS 140's random
// number generator and its self-tests along, which take flash, and start a timer that a
// runtime without a scheduler does not have. There it is a ladder on the field arithmetic of
// filippo.io/edwards25519.
package x25519

import "errors"

// Size is that of private and public keys and of shared secrets, in bytes.
const Size = 32

// ErrLowOrder is returned for a peer's public key with which the shared secret would be
// zero whatever the own key is.
var ErrLowOrder = errors.New("x25519: the peer's public key is a point of low order")
