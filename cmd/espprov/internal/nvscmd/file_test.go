// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const someCSV = "key,type,encoding,value\napp,namespace,,\npop,data,string,5ecre7\n"

// createOver makes an image over path.
func createOver(t *testing.T, path string) {
	t.Helper()
	_, errs, status := do(t, someCSV, "nvs", "create", "-", path, "0x3000")
	require.Zero(t, status, errs)
}

// TestCreateOverAFile: an image with credentials is its maker's only, whatever
// was there, and nobody gets at it by way of the old file.
func TestCreateOverAFile(t *testing.T) {
	for _, mode := range []fs.FileMode{0o644, 0o666, 0o640, 0o660, 0o604, 0o444, 0o777, 0o600} {
		t.Chdir(t.TempDir())
		require.NoError(t, os.WriteFile("nvs.bin", []byte("old"), 0o600))
		require.NoError(t, os.Chmod("nvs.bin", mode))
		require.NoError(t, os.Link("nvs.bin", "other name"))
		require.NoError(t, os.Symlink("nvs.bin", "link.bin"))
		open, err := os.Open("nvs.bin")
		require.NoError(t, err)
		for _, path := range []string{"nvs.bin", "link.bin"} {
			createOver(t, path)
			requireMode(t, "nvs.bin", 0o600)
			require.Equal(t, "5ecre7\n", must(t, "nvs", "get", "nvs.bin", "app", "pop"))
		}
		old := make([]byte, 100)
		n, err := open.Read(old)
		require.NoError(t, err)
		require.Equal(t, "old", string(old[:n]), "who has the old file open reads that")
		require.NoError(t, open.Close())
		b, err := os.ReadFile("other name")
		require.NoError(t, err)
		require.Equal(t, "old", string(b), "another name is the old file's")
		info, err := os.Lstat("link.bin")
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&fs.ModeSymlink, "the link is still one")
	}
}

// TestSetInAFileForAll: a file that everybody may read is its owner's only once
// a value was set or erased; one that a group may read stays so.
func TestSetInAFileForAll(t *testing.T) {
	t.Chdir(t.TempDir())
	createOver(t, "nvs.bin")
	n := "0"
	for mode, want := range map[fs.FileMode]fs.FileMode{0o644: 0o600, 0o664: 0o600, 0o604: 0o600, 0o602: 0o600, 0o641: 0o600, 0o640: 0o640, 0o660: 0o660, 0o400: 0o400} {
		for _, args := range [][]string{{"set", "nvs.bin", "app", "n", "u16"}, {"erase", "nvs.bin", "app", "n"}} {
			require.NoError(t, os.Chmod("nvs.bin", mode))
			if args[0] == "set" {
				n += "1"
				args = append(args, n[len(n)-min(3, len(n)):])
			}
			must(t, append([]string{"nvs"}, args...)...)
			requireMode(t, "nvs.bin", want)
		}
	}
}

// TestKeysAreTheMakersOnly, and never go over or through another file.
func TestKeysAreTheMakersOnly(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "nvs", "keys", "generate", "keys.bin")
	requireMode(t, "keys.bin", 0o600)
	require.NoError(t, os.Symlink("elsewhere", "link.bin"))
	_, errs, status := do(t, "", "nvs", "keys", "generate", "link.bin")
	require.Equal(t, 2, status)
	require.Contains(t, errs, "link.bin: the file exists already")
	require.NoFileExists(t, "elsewhere")
	_, _, status = do(t, someCSV, "nvs", "create", "--generate-keys", "k2.bin", "-", "nvs.bin", "0x3000")
	require.Zero(t, status)
	requireMode(t, "k2.bin", 0o600)
}

// TestStandardOutput takes an image, and what is said about it goes elsewhere.
func TestStandardOutput(t *testing.T) {
	t.Chdir(t.TempDir())
	out, errs, status := do(t, someCSV, "nvs", "create", "-", "-", "12k")
	require.Zero(t, status)
	require.Equal(t, "standard output: 12288 bytes, 1 namespace, 3 of 378 entries used\n", errs)
	createOver(t, "nvs.bin")
	image, err := os.ReadFile("nvs.bin")
	require.NoError(t, err)
	require.Equal(t, len(image), len(out))
	require.True(t, string(image) == out, "other bytes than in a file")
	require.NoFileExists(t, "-")

	// The standard input is an image to look at, and none to change.
	dumped, errs, status := do(t, out, "nvs", "dump", "--show-secrets", "-")
	require.Zero(t, status, errs)
	require.Contains(t, dumped, "5ecre7")
	checked, _, status := do(t, out, "nvs", "check", "-")
	require.Zero(t, status)
	require.Contains(t, checked, "sound")
	got, _, status := do(t, out, "nvs", "get", "-", "app", "pop")
	require.Zero(t, status)
	require.Equal(t, "5ecre7\n", got)
	for _, args := range [][]string{{"set", "-", "app", "n", "u8", "1"}, {"set", "--size", "12K", "-", "app", "n", "u8", "1"}, {"erase", "-", "app"}} {
		_, errs, status = do(t, out, append([]string{"nvs"}, args...)...)
		require.Equal(t, 2, status)
		require.Contains(t, errs, "the image to change is a file")
	}
	require.NoFileExists(t, "-")
	_, errs, status = do(t, "key\n", "nvs", "dump", "-")
	require.Equal(t, 2, status)
	require.Contains(t, errs, "standard input: no image of an NVS partition: it looks like text")
}

// TestErrorsNameTheUsersFile, not the one that is written before it takes its
// place.
func TestErrorsNameTheUsersFile(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("folder", 0o700))
	createOver(t, "nvs.bin")
	image, err := os.ReadFile("nvs.bin")
	require.NoError(t, err)
	long := strings.Repeat("x", 250) // with more before and behind it, no name for a file
	require.NoError(t, os.WriteFile(long, image, 0o600))
	for _, args := range [][]string{
		{"create", "-", "none/nvs.bin", "0x3000"},
		{"create", "-", "folder", "0x3000"},
		{"create", "-", long, "0x3000"},
		{"set", long, "app", "n", "u8", "1"},
		{"erase", long, "app"},
		{"create", "-", "nvs.bin/x", "0x3000"},
	} {
		path := args[1]
		if args[0] == "create" {
			path = args[2]
		}
		_, errs, status := do(t, someCSV, append([]string{"nvs"}, args...)...)
		require.Equal(t, 2, status, args)
		require.True(t, strings.HasPrefix(errs, "espprov: "+path+": "), errs)
		require.NotContains(t, errs, "/.")
		require.NotContains(t, errs, ".nvs.bin")
	}
	names, err := filepath.Glob(".*")
	require.NoError(t, err)
	require.Empty(t, names, "no temporary file is left")
}
