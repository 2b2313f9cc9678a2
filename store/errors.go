// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"strconv"
)

// Errors that callers branch on with errors.Is.
var (
	// ErrNotFound means that the key does not exist or holds another type.
	ErrNotFound = errors.New("not found")
	// ErrInvalid means that no store takes this name, type or value.
	ErrInvalid = errors.New("invalid")
	// ErrFull means that there is no space left for the value.
	ErrFull = errors.New("no space left")
)

// Error says which operation on which key failed, and why.
type Error struct {
	Op        string // "get", "set", "erase", "commit" …
	Namespace string // may be empty
	Key       string // may be empty
	Why       string // what is wrong; may be empty
	Err       error  // a sentinel of this package or the storage's error
}

// Error returns "store: set wifi/ssid: invalid: key is empty".
func (e *Error) Error() string {
	s := "store: " + e.Op
	if e.Namespace != "" {
		s += " " + e.Namespace
		if e.Key != "" {
			s += "/" + e.Key
		}
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Why != "" {
		s += ": " + e.Why
	}
	return s
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// CheckNames returns an *Error of ErrInvalid unless namespace and key are 1 to
// MaxName bytes of printable ASCII. Stores call it first.
func CheckNames(op, namespace, key string) error {
	why := badName("namespace", namespace)
	if why == "" {
		why = badName("key", key)
	}
	if why == "" {
		return nil
	}
	return &Error{Op: op, Namespace: namespace, Key: key, Why: why, Err: ErrInvalid}
}

// Check returns an *Error of ErrInvalid unless names, type and value comply
// with the contract: known type, integers of the type's size, strings up to
// MaxString bytes without a zero byte, blobs up to MaxBlob bytes.
func Check(namespace, key string, t Type, value []byte) error {
	if err := CheckNames("set", namespace, key); err != nil {
		return err
	}
	why := ""
	switch n := len(value); {
	case t.Size() != 0:
		if n != t.Size() {
			why = t.String() + " of " + strconv.Itoa(n) + " bytes"
		}
	case t == TypeString:
		if n > MaxString {
			why = "string of " + strconv.Itoa(n) + " bytes, at most " + strconv.Itoa(MaxString)
		}
		for _, c := range value {
			if c == 0 {
				why = "string with a zero byte; store it as a blob"
				break
			}
		}
	case t == TypeBlob:
		if n > MaxBlob {
			why = "blob of " + strconv.Itoa(n) + " bytes, at most " + strconv.Itoa(MaxBlob)
		}
	default:
		why = "unknown " + t.String()
	}
	if why == "" {
		return nil
	}
	return &Error{Op: "set", Namespace: namespace, Key: key, Why: why, Err: ErrInvalid}
}

func badName(what, name string) string {
	if name == "" {
		return what + " is empty"
	}
	if len(name) > MaxName {
		return what + " is longer than " + strconv.Itoa(MaxName) + " bytes"
	}
	for i := 0; i < len(name); i++ {
		if name[i] < ' ' || name[i] > '~' {
			return what + " is not printable ASCII"
		}
	}
	return ""
}
