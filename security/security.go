// SPDX-License-Identifier: Apache-2.0

// Package security holds what the security schemes have in common on the
// client's side. The device's side is protocomm.Security. The schemes are in
// the folders below, both halves side by side: sec0, sec1, sec2.
package security

import (
	"errors"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
)

// Client is the client's half of one session: first its handshake, then its cipher. Its
// methods are not called concurrently. After an error from Step, and after Close, make
// another Client and begin again.
//
//	for resp, done := []byte(nil), false; !done; {
//		req, done, err = c.Step(resp)
//		… if !done, send req to the security endpoint, receive resp
//	}
type Client interface {
	// Step takes the device's answer to the request that the Step before
	// returned, nil the first time, and returns the next request. When
	// done, there is none and the session is established. resp is neither
	// kept nor changed; req is the caller's.
	//
	// Errors: ErrProof, ErrResponse; protocomm.ErrInvalidState after an
	// error, after the end or after Close; protocomm.ErrFail when there are
	// no random numbers.
	Step(resp []byte) (req []byte, done bool, err error)

	// Proving reports whether the request that Step returned last carries the
	// client's proof. A device that refuses the proof gives no answer: if there is
	// none now, the proof of possession or the password is most likely wrong.
	Proving() bool

	// Encrypt appends the protected request to dst. plain is not changed;
	// it must not overlap dst. Before the end of the handshake it fails
	// with protocomm.ErrInvalidState.
	Encrypt(dst, plain []byte) ([]byte, error)

	// Decrypt appends the plaintext of an answer to dst. cipher is not
	// changed; it must not overlap dst. Before the end of the handshake it
	// fails with protocomm.ErrInvalidState.
	Decrypt(dst, cipher []byte) ([]byte, error)

	// Close wipes the session's keys. Closing twice is allowed.
	Close()
}

// Errors of Client.Step.
var (
	// ErrProof: the device did not prove that it knows the proof of possession or
	// password. Either these differ, or it is not the right device. ErrProof matches
	// protocomm.ErrMismatch with errors.Is.
	ErrProof error = &proofError{}

	// ErrResponse: the device's answer is not what the scheme prescribes. It
	// may serve another scheme, or something is between it and the client.
	ErrResponse = errors.New("malformed answer")
)

type proofError struct{}

func (*proofError) Error() string { return "the device's proof is wrong" }
func (*proofError) Unwrap() error { return protocomm.ErrMismatch }

// Secret is text that does not show when it is printed: a proof of possession,
// arbitrary bytes.
type Secret = hal.Secret
