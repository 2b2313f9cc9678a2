// SPDX-License-Identifier: Apache-2.0

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// sharingViolation is ERROR_SHARING_VIOLATION, which package syscall lacks.
const sharingViolation = syscall.Errno(32)

// Open opens a file so that others cannot open it until it is closed; readers
// allow other readers. It fails with ErrLocked if the file is open already.
func Open(path string, create, readOnly bool) (*os.File, error) {
	access, share, mode := uint32(syscall.GENERIC_READ), uint32(0), uint32(syscall.OPEN_EXISTING)
	if readOnly {
		share = syscall.FILE_SHARE_READ
	} else {
		access |= syscall.GENERIC_WRITE
	}
	if create {
		mode = syscall.OPEN_ALWAYS
	}
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	handle, err := syscall.CreateFile(name, access, share, nil, mode, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, sharingViolation) {
		return nil, ErrLocked
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(handle), path), nil
}
