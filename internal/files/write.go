// SPDX-License-Identifier: Apache-2.0

package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Permissions of files that are written.
const (
	// ownerOnly is for new files, since most have secrets.
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

// Make writes a file, which only its maker may read, even if it replaces a file of
// somebody else or one that everybody may read. The file has the old or the new contents
// whatever happens. A program that has the old file open, and a hard link to it, keep the
// old contents. Calls for several files may overlap.
func Make(path string, b []byte) error { return MakeFrom(path, writer(b)) }

// MakeFrom is Make for contents that write writes. Its error leaves the old file, and is
// returned as it is.
func MakeFrom(path string, write func(io.Writer) error) error { return replace(path, write, false) }

// Change is Make for new contents of a file that keeps its owner and group, and its
// permissions unless everybody may read it.
func Change(path string, b []byte) error { return replace(path, writer(b), true) }

func writer(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}

// half is the pattern of the name that a file has until it is whole.
const half = ".%s-*"

// RemoveHalves removes what programs that were killed left of files in a folder, whose
// names have an ending. No program may write there.
func RemoveHalves(folder, ending string) {
	halves, err := filepath.Glob(filepath.Join(folder, fmt.Sprintf(half, "*"+ending)))
	if err != nil {
		return // the folder's name is a pattern itself
	}
	for _, path := range halves {
		_ = os.Remove(path) // it does no harm
	}
}

// replace puts a new file in the place of an old one.
func replace(path string, write func(io.Writer) error, keep bool) error {
	target, perm := path, ownerOnly
	if link, err := filepath.EvalSymlinks(path); err == nil {
		target = link
	}
	old, err := os.Stat(target)
	if err == nil {
		if old.IsDir() {
			return isFolder(path)
		}
		if !old.Mode().IsRegular() {
			return fmt.Errorf("%s: not a regular file: give a file's name, or - for the standard output where the command takes it", path)
		}
		if keep {
			perm = kept(old.Mode().Perm())
		}
	}
	f, err := os.CreateTemp(filepath.Dir(target), fmt.Sprintf(half, filepath.Base(target)))
	if err != nil {
		return Error(path, err)
	}
	temp := f.Name()
	if keep && old != nil && !giveTo(f, old) {
		perm &^= 0o070 // the file has another group than the old one
	}
	err = write(f)
	var ours *fs.PathError
	foreign := err != nil && !(errors.As(err, &ours) && ours.Path == temp)
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
		if foreign {
			return err
		}
		return Error(path+": it was left as it was", err)
	}
	if dir, err := os.Open(filepath.Dir(target)); err == nil {
		_ = dir.Sync() // not every file system can do this
		dir.Close()
	}
	return nil
}
