// SPDX-License-Identifier: Apache-2.0

package nvsgen

import (
	"errors"
	"strconv"
)

// Errors that callers branch on with errors.Is.
var (
	// ErrSize means that Options.Size is not the size of a partition.
	ErrSize = errors.New("not the size of a partition")
	// ErrVersion means that Options.Version is neither 1 nor 2.
	ErrVersion = errors.New("unknown format version")
	// ErrFull means that the values do not fit into the partition.
	ErrFull = errors.New("the partition is too small for the values")
)

// Error says where a CSV file is wrong, and why. It does not contain values of keys that
// look like secrets.
type Error struct {
	File   string // of the CSV file; empty where there is only one
	Line   int    // from 1
	Column int    // of the text file, in characters from 1; 0: the whole row
	Field  string // key, type, encoding or value; may be empty
	Key    string // of the row; may be empty
	Why    string // what is wrong, and what to do
	Err    error  // a sentinel of this package, or why a file cannot be read; may be nil
	// From is the first place of the template's value that was filled in; nil: the file
	// itself is wrong, or there is no template.
	From *Place
}

// Error returns "line 7, column 14 (encoding), key limit: …", with the file's name in front
// if there is one.
func (e *Error) Error() string {
	s := "line " + strconv.Itoa(e.Line)
	if e.File != "" {
		s = e.File + ": " + s
	}
	if e.Column > 0 {
		s += ", column " + strconv.Itoa(e.Column)
	}
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.Key != "" {
		s += ", key " + e.Key
	}
	return s + ": " + e.Why
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }
