// SPDX-License-Identifier: Apache-2.0

package wifiprov

import "github.com/wifiprov/wifiprov/protocomm"

// Errors to branch on with errors.Is. The error of a method wraps one of them and
// says what failed and what to do. An error of the Wi-Fi driver is in the chain
// as well.
var (
	// ErrInvalidState: not initialised, or not possible in the present state
	// (INVALID_STATE of the C original).
	ErrInvalidState = protocomm.ErrInvalidState
	// ErrInvalidArg: an argument that cannot be used (INVALID_ARG).
	ErrInvalidArg = protocomm.ErrInvalidArg
	// ErrFail: refused or failed for another reason (FAIL).
	ErrFail = protocomm.ErrFail
	// ErrNotFound: no such endpoint (NOT_FOUND).
	ErrNotFound = protocomm.ErrNotFound
	// ErrNotSupported: the scheme is in use by another instance
	// (NOT_SUPPORTED).
	ErrNotSupported = protocomm.ErrNotSupported
)

// fail makes the error of one operation. With a nil kind there is only the cause.
// Inlined, it would cost a chip some KB.
//
//go:noinline
func fail(op string, kind error, why string, cause error) error {
	return protocomm.Fail("wifiprov: "+op, kind, why, cause)
}
