// SPDX-License-Identifier: Apache-2.0

package fileflash

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wifiprov/wifiprov/internal/filelock"
)

// Errors that callers branch on with errors.Is. The text of an error of this package
// begins with the file's name and says what to do.
var (
	// ErrLocked means that the file is open already, in this or another process.
	ErrLocked = filelock.ErrLocked
	// ErrSize means that the file's size, or the size of a new file, is not that
	// of a partition.
	ErrSize = errors.New("not the size of a partition image")
	// ErrReadOnly is returned by writes and erases after OpenReadOnly.
	ErrReadOnly = errors.New("opened read-only")
	// ErrClosed is returned after Close. It is os.ErrClosed.
	ErrClosed = os.ErrClosed
)

// failed puts the file's name before an error.
func failed(path string, err error) error {
	if pathErr, ok := err.(*os.PathError); ok && pathErr.Path == path {
		err = fmt.Errorf("%s: %w", pathErr.Op, pathErr.Err) // one name is enough
	}
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: the file became shorter while it was open: close it and restore it", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("fileflash: %s: %w", path, err)
}
