// SPDX-License-Identifier: Apache-2.0

package files_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/files"
)

func TestOpen(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := files.Open("none.csv")
	require.EqualError(t, err, "none.csv: there is no such file")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = files.Open(".")
	require.EqualError(t, err, ".: it is a folder: give a file")
	require.NoError(t, files.Make("some.csv", []byte("text")))
	f, err := files.Open("some.csv")
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// What cannot be written leaves the old file and nothing else; an error of the contents is
// told as it is.
func TestMakeFrom(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, files.Make("a.csv", []byte("old")))
	bad := errors.New("row 7 is wrong")
	for want, write := range map[string]func(io.Writer) error{
		"row 7 is wrong": func(w io.Writer) error {
			_, _ = io.WriteString(w, "new")
			return bad
		},
		"a.csv: it was left as it was: file already closed": func(w io.Writer) error {
			_ = w.(io.Closer).Close() // so that writing fails
			_, err := io.WriteString(w, "new")
			return err
		},
	} {
		require.EqualError(t, files.MakeFrom("a.csv", write), want)
		b, err := os.ReadFile("a.csv")
		require.NoError(t, err)
		require.Equal(t, "old", string(b))
		halves, err := filepath.Glob(".*")
		require.NoError(t, err)
		require.Empty(t, halves)
	}
	require.EqualError(t, files.Make(".", nil), ".: it is a folder: give a file")
	require.EqualError(t, files.Make("no/such.csv", nil), "no/such.csv: there is no such file")
}

func TestRemoveHalves(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{".a.bin-123", ".a.csv-123", "a.bin"} {
		require.NoError(t, os.WriteFile(name, nil, 0o600))
	}
	files.RemoveHalves(".", ".bin")
	require.NoFileExists(t, ".a.bin-123")
	require.FileExists(t, ".a.csv-123")
	require.FileExists(t, "a.bin")
}
