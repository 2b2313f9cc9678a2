// SPDX-License-Identifier: Apache-2.0

package protocomm

import "errors"

// Code is a result number of the C original, for programs that
// have to pass one on.
type Code int

// Codes of the C original.
const (
	CodeOK           Code = 0
	CodeFail         Code = -1
	CodeNoMem        Code = 0x101
	CodeInvalidArg   Code = 0x102
	CodeInvalidState Code = 0x103
	CodeInvalidSize  Code = 0x104
	CodeNotFound     Code = 0x105
	CodeNotSupported Code = 0x106
)

// codeError is a sentinel with its code.
type codeError struct {
	code Code
	text string
}

func (e *codeError) Error() string { return e.text }

// Errors that callers branch on with errors.Is. Functions return them wrapped, with
// more details.
var (
	ErrFail         error = &codeError{CodeFail, "failed"}
	ErrNoMem        error = &codeError{CodeNoMem, "limit reached"}
	ErrInvalidArg   error = &codeError{CodeInvalidArg, "invalid argument"}
	ErrInvalidState error = &codeError{CodeInvalidState, "invalid state"}
	ErrNotFound     error = &codeError{CodeNotFound, "not found"}
	ErrNotSupported error = &codeError{CodeNotSupported, "not supported"}
)

// ErrDecode is an ErrInvalidArg that a Handler returns, wrapped or as it is, for a
// request that does not decode and so cannot be its peer's. See Malleable.
var ErrDecode error = &refined{"the request does not decode", ErrInvalidArg}

// refined is a sentinel that is a case of another one.
type refined struct {
	text string
	of   error
}

func (e *refined) Error() string { return e.text }
func (e *refined) Unwrap() error { return e.of }

// ErrorCode returns the code of the C original for err: CodeOK for nil, and
// CodeFail for an error that carries none.
func ErrorCode(err error) Code {
	if err == nil {
		return CodeOK
	}
	var e *codeError
	if errors.As(err, &e) {
		return e.code
	}
	return CodeFail
}

// Error says what failed and why.
type Error struct {
	Op   string // what was attempted: "protocomm: add endpoint prov-scan"
	Why  string // what is wrong and what to do about it
	Kind error  // a sentinel
	Err  error  // the cause, or nil
}

// Fail returns an *Error with these parts. Inlined, it would cost a chip some KB.
//
//go:noinline
func Fail(op string, kind error, why string, cause error) error {
	return &Error{Op: op, Why: why, Kind: kind, Err: cause}
}

// Error puts the parts together: "op: why: cause".
func (e *Error) Error() string {
	s := e.Op
	if e.Why != "" {
		s += ": " + e.Why
	} else if e.Kind != nil {
		s += ": " + e.Kind.Error()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives errors.Is and errors.As the sentinel and the cause.
func (e *Error) Unwrap() []error {
	switch {
	case e.Kind == nil:
		return []error{e.Err}
	case e.Err == nil:
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}
