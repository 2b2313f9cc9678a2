// SPDX-License-Identifier: Apache-2.0

//go:build unix

package files

import (
	"io/fs"
	"os"
	"syscall"
)

// giveTo gives a new file the owner and group of the old file, as far as permitted.
// It reports whether the new file has that group.
func giveTo(f *os.File, old fs.FileInfo) bool {
	was, ok := old.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	if f.Chown(int(was.Uid), int(was.Gid)) != nil {
		_ = f.Chown(-1, int(was.Gid))
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	is, ok := info.Sys().(*syscall.Stat_t)
	return ok && is.Gid == was.Gid
}
