// SPDX-License-Identifier: Apache-2.0

//go:build unix

package nvscmd

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func requireOwner(t *testing.T, path string, uid, gid int) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	is := info.Sys().(*syscall.Stat_t)
	require.Equal(t, []int{uid, gid}, []int{int(is.Uid), int(is.Gid)})
}

// TestNoRegularFile is written to: a pipe is refused at once.
func TestNoRegularFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o666))
	for _, path := range []string{pipe, os.DevNull} {
		_, errs, status := do(t, someCSV, "nvs", "create", "-", path, "0x3000")
		require.Equal(t, 2, status)
		require.Contains(t, errs, path+": not a regular file")
	}
	info, err := os.Lstat(pipe)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeNamedPipe)
}

// TestCreateOverAnotherOnesFile: the new image is its maker's.
func TestCreateOverAnotherOnesFile(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can make another one's file")
	}
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("nvs.bin", nil, 0o600))
	require.NoError(t, os.Chown("nvs.bin", 12345, 12346))
	require.NoError(t, os.Chmod("nvs.bin", 0o660))
	createOver(t, "nvs.bin")
	requireOwner(t, "nvs.bin", 0, os.Getgid())
	requireMode(t, "nvs.bin", 0o600)

	// A file that is changed stays its owner's.
	require.NoError(t, os.Chown("nvs.bin", 12345, 12346))
	require.NoError(t, os.Chmod("nvs.bin", 0o660))
	must(t, "nvs", "set", "nvs.bin", "app", "n", "u8", "1")
	requireOwner(t, "nvs.bin", 12345, 12346)
	requireMode(t, "nvs.bin", 0o660)
}
