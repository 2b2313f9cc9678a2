// SPDX-License-Identifier: Apache-2.0

package protocomm

// Security is a way to protect requests, ready to serve: mode and parameters
// (proof of possession, verifier) are inside it. One value may serve several
// instances, one after the other or at once; its methods may be called
// from any goroutine.
type Security interface {
	// Version is the security mode: 0, 1 or 2.
	Version() int

	// PatchVersion is the revision of the mode's rules;
	// 0 for modes 0 and 1.
	PatchVersion() int

	// Capability is what proto-ver announces about the mode, "no_sec",
	// "no_pop" or nothing.
	Capability() string

	// NeedsSession reports whether request endpoints work only inside an
	// established session. It is false for security 0 alone, whose requests
	// pass as they are and without any handshake.
	NeedsSession() bool

	// NewSession returns a session before its handshake.
	NewSession() (Session, error)
}

// Malleable is implemented by a Security without integrity check, such as security 1:
// its Decrypt may take a forged request for the peer's. If the method returns true, a
// session ends at the first request for which the Handler returns ErrDecode, because
// the forger may know the key stream that would encrypt what follows.
type Malleable interface {
	Malleable() bool
}

// Session is one peer's side of a Security. Its methods are not called
// concurrently. After Close, and before the handshake is complete, Decrypt
// and Encrypt fail with ErrInvalidState.
type Session interface {
	// Handshake takes one body of the security endpoint and appends the
	// answer to dst. req is not kept and not changed. Every failure is an
	// error and no answer; ErrInvalidArg for what does not decode,
	// ErrInvalidState for a message out of turn, ErrFail for a proof that
	// is wrong.
	Handshake(dst, req []byte) ([]byte, error)

	// Established reports whether the handshake is complete.
	Established() bool

	// Decrypt turns a request into its plaintext, in place: the result
	// is a part of req.
	Decrypt(req []byte) ([]byte, error)

	// Encrypt appends the protected answer to dst; resp is not changed.
	Encrypt(dst, resp []byte) ([]byte, error)

	// Close wipes the session's keys. Closing twice is allowed.
	Close()
}
