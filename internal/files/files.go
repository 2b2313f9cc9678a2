// SPDX-License-Identifier: Apache-2.0

// Package files reads and writes the files that a user names, and tells their errors in
// the user's words.
package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Open opens a file to read. A folder is an error.
func Open(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Error(path, err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, isFolder(path)
	}
	return f, nil
}

func isFolder(path string) error { return fmt.Errorf("%s: it is a folder: give a file", path) }

// Error shortens an error of package os to the file, as the user named it, and the
// reason: "a.csv: there is no such file". The result wraps err. It is nil if err is.
func Error(path string, err error) error {
	if err == nil {
		return nil
	}
	return Named(path, Reason(err), err)
}

// Reason is Error without the file.
func Reason(err error) string {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrExist):
		return "the file exists already"
	case errors.Is(err, fs.ErrPermission):
		return "no permission"
	case errors.As(err, &p):
		return p.Err.Error()
	case errors.As(err, &l):
		return l.Err.Error()
	}
	return err.Error()
}

// Named returns an error with the file, as the user named it, and a reason in place of
// the text of err, which it wraps.
func Named(path, reason string, err error) error { return &namedError{path, reason, err} }

type namedError struct {
	path, reason string
	err          error
}

func (e *namedError) Error() string { return e.path + ": " + e.reason }
func (e *namedError) Unwrap() error { return e.err }
