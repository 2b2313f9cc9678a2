// SPDX-License-Identifier: Apache-2.0

// Package sec1 is security 1 (docs/spec/protocomm.md 4): X25519, an optional proof
// of possession, and AES-256-CTR as one key stream for both directions.
//
// New makes the device's half, NewClient the client's.
//
// What it protects against: a listener learns nothing, and with a proof of possession a
// stranger cannot establish a session; every guess takes a handshake.
//
// What the protocol cannot give in any implementation:
//
//   - Integrity. An attacker who can alter requests on their way can flip bits in them.
//   - The sender's identity. Over HTTP a session is named by a cookie alone, which is
//     sent in the clear. An attacker who hears it and can send from the client's address
//     can have bytes of his choice decrypted and handled as a request. They decrypt to
//     noise; but an endpoint that answers noise with something known, such as a custom
//     one with a constant answer, gives away the key stream that encrypts the answer.
//     The client does not know that this part of the stream is used up, and encrypts its
//     next request with it. So the attacker can read that request, be it the passphrase
//     of a network.
//   - Protection from an impostor. An attacker who poses as the device can try proofs of
//     possession off-line against what one client sent. Without a proof of possession
//     anybody may be at the other end.
//
// Against the second, the library does what can be done on the device: over HTTP a
// session is bound to the address that opened it, and it ends at the first request
// that does not decode (protocomm.Malleable). The handler of a custom endpoint has
// to take part: for a request that it does not understand it returns
// protocomm.ErrDecode. Behind a proxy or NAT all clients have one address; where that
// matters use security 2, which has none of these weaknesses.
package sec1

import (
	"crypto/rand"
	"crypto/sha256"
	"io"
	"strconv"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

// MaxPoP is the largest length of a proof of possession in bytes.
const MaxPoP = 65535

// scheme is this security.
const scheme frame.Scheme = 1

// Lengths of the handshake's parts in bytes.
const (
	keySize    = 32 // X25519 keys, the AES key, SHA-256
	randomSize = 16 // initial counter block
	verifySize = 32 // each side's proof
)

// Config are the parameters of either half.
type Config struct {
	// PoP is the proof of possession, arbitrary bytes up to MaxPoP.
	// Empty: none; both sides must agree on that.
	PoP security.Secret

	// Rand gives private keys and counter blocks; it must be
	// cryptographically secure and usable from several goroutines.
	// nil: crypto/rand.Reader.
	Rand io.Reader
}

// String returns a text without the proof of possession.
func (Config) String() string { return "sec1.Config{…}" }

// GoString returns a text without the proof of possession.
func (Config) GoString() string { return "sec1.Config{…}" }

// params is a checked Config.
type params struct {
	hasPoP bool
	pop    [keySize]byte // SHA-256 of the proof of possession, which itself is not kept
	rand   io.Reader
}

func newParams(cfg Config) (p *params, err error) {
	if len(cfg.PoP) > MaxPoP {
		return nil, scheme.Fail("configuration", protocomm.ErrInvalidArg, "the proof of possession has "+
			strconv.Itoa(len(cfg.PoP))+" bytes; at most "+strconv.Itoa(MaxPoP)+" are allowed", nil)

	}
	p = new(params)
	if len(cfg.PoP) > 0 {
		p.hasPoP = true
		p.pop = sha256.Sum256([]byte(cfg.PoP))
	}
	p.rand = cfg.Rand
	if p.rand == nil {
		p.rand = rand.Reader
	}
	return p, nil
}

// Security is the device's half. It may serve any number of instances and
// sessions, which share nothing but the parameters.
type Security struct{ params *params }

var (
	_ protocomm.Security  = (*Security)(nil)
	_ protocomm.Malleable = (*Security)(nil)
)

// New returns the device's half, or ErrInvalidArg when the proof of possession
// is too long.
func New(cfg Config) (*Security, error) {
	p, err := newParams(cfg)
	if err != nil {
		return nil, err
	}
	return &Security{params: p}, nil
}

// Version returns 1.
func (*Security) Version() int { return 1 }

// PatchVersion returns 0.
func (*Security) PatchVersion() int { return 0 }

// Capability returns "no_pop" without a proof of possession, else nothing.
func (s *Security) Capability() string {
	if s.params.hasPoP {
		return ""
	}
	return "no_pop"
}

// Malleable returns true: nothing tells a request from a forged one.
func (*Security) Malleable() bool { return true }

// NeedsSession returns true.
func (*Security) NeedsSession() bool { return true }

// NewSession returns a session before its handshake.
func (s *Security) NewSession() (protocomm.Session, error) {
	return &session{params: s.params}, nil
}

// String returns a text without the parameters.
func (Security) String() string { return "sec1.Security" }

// GoString returns a text without the parameters.
func (Security) GoString() string { return "sec1.Security{…}" }
