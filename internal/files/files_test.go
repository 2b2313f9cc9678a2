// SPDX-License-Identifier: Apache-2.0

package files_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/files"
)

func TestError(t *testing.T) {
	dir := t.TempDir()
	_, missing := os.Open(filepath.Join(dir, "none"))
	link := os.Rename(filepath.Join(dir, "none"), filepath.Join(dir, "other"))
	taken := os.Mkdir(dir, 0o700)
	for want, err := range map[string]error{
		"x: there is no such file":     missing,
		"x: the file exists already":   taken,
		"x: no permission":             &fs.PathError{Op: "open", Path: "long/x", Err: syscall.EACCES},
		"x: no space left on device":   &fs.PathError{Op: "write", Path: "long/x", Err: syscall.ENOSPC},
		"x: invalid cross-device link": &os.LinkError{Op: "rename", Old: "a", New: "b", Err: syscall.EXDEV},
		"x: it is odd":                 errors.New("it is odd"),
	} {
		named := files.Error("x", err)
		require.EqualError(t, named, want)
		require.ErrorIs(t, named, err)
	}
	require.EqualError(t, files.Error("x", link), "x: there is no such file")
	require.NoError(t, files.Error("x", nil))
}
