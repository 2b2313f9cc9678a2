// SPDX-License-Identifier: Apache-2.0

// Package sec2 is security 2 (docs/spec/protocomm.md 5): SRP-6a with RFC 5054's
// group of 3072 bits and SHA-512, and AES-256-GCM.
//
// New makes the device's half, NewClient the client's. The device does not know
// the password: it keeps a salt and a verifier, which Generate makes once, in
// the factory or on a desk.
//
// What it protects against: a listener learns nothing, nobody alters a message
// unnoticed, and a stranger gets one guess of the password for each handshake,
// whichever side he poses as. A thief of the verifier can try passwords against it and
// pose as the device, not as the client. User name and password are proven together;
// nobody learns which of them was wrong.
//
// # Cost
//
// A handshake costs the device three exponentiations with numbers of 3072 bits,
// about 1.5 ms on a core at 3 GHz, in constant time. Handshakes of one Security wait
// for each other; requests inside sessions do not wait. One handshake in fifty does some
// of the work twice, see below.
//
// Security keeps 202 KiB of tables and working memory. Close to half of that exists once
// in a program; with Config.Small nearly all of the rest is saved. A build for TinyGo or
// with the tag wifiprov_small has no tables: Security keeps 1 KiB, a handshake takes 8 KiB
// while it lasts, and three times as long. A session takes less
// than 1 KiB before the end of its handshake and 2 KiB after it, whatever the length of
// the user name.
//
// # Zero bytes
//
// Some clients drop zero bytes at the beginning of numbers where they must not.
// So that all of them agree with the device in every handshake, the device draws
// its private value anew until there is no such byte.
package sec2

import (
	"crypto/rand"
	"io"
	"strconv"

	"github.com/wifiprov/wifiprov/internal/srp"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

// scheme is this security.
const scheme frame.Scheme = 2

// Bounds in bytes.
const (
	// MaxUsername is the longest user name; it is never empty.
	MaxUsername = 65535
	// MaxSalt is the longest salt that New takes; it is never empty.
	MaxSalt = 65535
	// MaxVerifier is the longest verifier.
	MaxVerifier = srp.Size
)

// Config are the parameters of the device's half.
type Config struct {
	// Salt and Verifier are what Generate returned, or the C original's tools.
	// The salt is 1 to MaxSalt bytes, which the client gets to see. One that
	// begins with a zero byte is used as it is, although some clients fail
	// with it (Q-P14).
	Salt, Verifier []byte

	// FixedNonce keeps to the rules of sec_patch_ver 0: one nonce for all
	// messages of a session, which tells a listener what they have in
	// common and lets him forge more. Only tests of old clients want it.
	FixedNonce bool

	// Small keeps no table of the verifier: 1 KiB instead of 106, for programs
	// with very many devices. With TinyGo it is always set. New takes next to no time then, a handshake of the
	// device twice as long, and handshakes do not wait for each other.
	Small bool

	// Rand gives private values and nonces; it must be cryptographically
	// secure and usable from several goroutines.
	// nil: crypto/rand.Reader.
	Rand io.Reader
}

// String returns a text without the verifier.
func (Config) String() string { return "sec2.Config{…}" }

// GoString returns a text without the verifier.
func (Config) GoString() string { return "sec2.Config{…}" }

// MarshalText hides the verifier from encoders.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// GobEncode fails: encoding/gob is for storing. Store salt and verifier instead.
func (Config) GobEncode() ([]byte, error) {
	return nil, scheme.Fail("encoding", protocomm.ErrNotSupported, "encoders do not get the verifier; store what Generate returned instead", nil)
}

// Security is the device's half. It may serve any number of instances and
// sessions, which share nothing but the parameters.
type Security struct {
	srp   *srp.Device
	rules rules
	rand  io.Reader
}

var _ protocomm.Security = (*Security)(nil)

// New returns the device's half. It keeps neither Salt nor Verifier, but what it computes
// from them in about the time of two handshakes.
//
// Errors: ErrInvalidArg for a salt or verifier that is missing or too long, or
// a verifier that no password leads to.
func New(cfg Config) (*Security, error) {
	const op = "configuration"
	switch {
	case len(cfg.Salt) == 0 || len(cfg.Verifier) == 0:
		return nil, scheme.Fail(op, protocomm.ErrInvalidArg, "salt or verifier is missing; Generate makes them", nil)
	case len(cfg.Salt) > MaxSalt:
		return nil, scheme.Fail(op, protocomm.ErrInvalidArg, "the salt has "+strconv.Itoa(len(cfg.Salt))+
			" bytes; at most "+strconv.Itoa(MaxSalt)+" are allowed", nil)

	}
	newDevice := srp.NewDevice
	if cfg.Small {
		newDevice = srp.NewSmallDevice
	}
	device, err := newDevice(cfg.Salt, cfg.Verifier)
	if err != nil {
		return nil, scheme.Fail(op, protocomm.ErrInvalidArg, "the verifier of "+strconv.Itoa(len(cfg.Verifier))+
			" bytes is not what Generate makes, a number of at most "+strconv.Itoa(MaxVerifier)+
			" bytes between 1 and N-1", err)

	}
	s := &Security{srp: device, rules: counting, rand: cfg.Rand}
	if cfg.FixedNonce {
		s.rules = fixed
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	return s, nil
}

// Version returns 2.
func (*Security) Version() int { return 2 }

// PatchVersion returns 1, or 0 with FixedNonce.
func (s *Security) PatchVersion() int { return int(s.rules) }

// Capability returns nothing.
func (*Security) Capability() string { return "" }

// NeedsSession returns true.
func (*Security) NeedsSession() bool { return true }

// NewSession returns a session before its handshake.
func (s *Security) NewSession() (protocomm.Session, error) {
	return &session{security: s}, nil
}

// String returns a text without the parameters.
func (Security) String() string { return "sec2.Security" }

// GoString returns a text without the parameters.
func (Security) GoString() string { return "sec2.Security{…}" }
