// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// standard is the name of the standard input or output on the command line.
const standard = "-"

// readFile reads a file up to a limit.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: it is a folder: give a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	return readAll(path, f, limit)
}

// readInput reads a file, or the standard input for -, and also returns the name for
// messages.
func readInput(path string, in io.Reader, limit int64) ([]byte, string, error) {
	if path != standard {
		b, err := readFile(path, limit)
		return b, path, err
	}
	const name = "standard input"
	b, err := readAll(name, in, limit)
	return b, name, err
}

// readAll reads up to a limit from a reader without a size, such as a pipe.
func readAll(name string, r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: over %d bytes, and at most that many are read: is it the right file?", name, limit)
	}
	return b, fileError(name, err)
}

// fileError shortens an error to the file, as the user named it, and the reason.
func fileError(path string, err error) error {
	var p *fs.PathError
	var l *os.LinkError
	cause := err
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		cause = p.Err
	case errors.As(err, &l):
		cause = l.Err
	}
	reason := cause.Error()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		reason = "there is no such file"
	case errors.Is(err, fs.ErrExist):
		reason = "the file exists already"
	case errors.Is(err, fs.ErrPermission):
		reason = "no permission"
	}
	return &namedError{path, reason, err}
}

type namedError struct {
	path, reason string
	err          error
}

func (e *namedError) Error() string { return e.path + ": " + e.reason }
func (e *namedError) Unwrap() error { return e.err }

// Permissions of files that are written.
const (
	// ownerOnly is for new files, since partitions contain passphrases.
	ownerOnly fs.FileMode = 0o600
	// others are the bits for users who are neither the owner nor in the group.
	others fs.FileMode = 0o007
)

// kept returns the permissions of a file whose contents change. A file that everybody
// may read, which is the usual default, becomes readable for its owner alone.
func kept(old fs.FileMode) fs.FileMode {
	if old&others != 0 {
		return ownerOnly
	}
	return old
}

// makeFile writes a new image, which only its maker may read, even if it replaces a
// file of somebody else or one that everybody may read.
func makeFile(path string, b []byte) error { return replaceFile(path, b, false) }

// changeFile writes the new contents of an image. The image keeps its owner and
// group, and the permissions that kept returns.
func changeFile(path string, b []byte) error { return replaceFile(path, b, true) }

// replaceFile puts a new file in the place of an old one, so that the file has the
// old or the new contents whatever happens. A program that has the old file open, and
// a hard link to it, keep the old contents.
func replaceFile(path string, b []byte, keep bool) error {
	target, perm := path, ownerOnly
	if link, err := filepath.EvalSymlinks(path); err == nil {
		target = link
	}
	old, err := os.Stat(target)
	if err == nil {
		if !old.Mode().IsRegular() {
			return fmt.Errorf("%s: not a regular file: give a file's name, or - for the standard output where the command takes it", path)
		}
		if keep {
			perm = kept(old.Mode().Perm())
		}
	}
	f, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+"-*")
	if err != nil {
		return fileError(path, err)
	}
	temp := f.Name()
	if keep && old != nil && !giveTo(f, old) {
		perm &^= 0o070 // the file has another group than the old one
	}
	_, err = io.Copy(f, bytes.NewReader(b))
	if err == nil {
		err = f.Chmod(perm)
	}
	if err == nil {
		err = f.Sync()
	}
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err == nil {
		err = os.Rename(temp, target)
	}
	if err != nil {
		os.Remove(temp)
		return fileError(path+": it was left as it was", err)
	}
	if dir, err := os.Open(filepath.Dir(target)); err == nil {
		_ = dir.Sync() // not every file system can do this
		dir.Close()
	}
	return nil
}
