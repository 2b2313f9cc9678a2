// SPDX-License-Identifier: Apache-2.0

// Package filelock opens files that only one process may use at a time. The lock ends
// with the process, however it ends, so that none is ever left behind.
//
// A reader that locks a file allows other readers. On systems without such locks
// nothing is locked.
package filelock

import "errors"

// ErrLocked means that the file is open already, in this or another process.
var ErrLocked = errors.New("in use")
