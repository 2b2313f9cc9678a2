// SPDX-License-Identifier: Apache-2.0

// Package explain adds explanations to errors, without package fmt.
package explain

// Error returns an error with the text "err: why" that wraps err.
func Error(err error, why string) error { return &explained{err, why} }

type explained struct {
	err error
	why string
}

func (e *explained) Error() string { return e.err.Error() + ": " + e.why }
func (e *explained) Unwrap() error { return e.err }
