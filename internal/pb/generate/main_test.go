// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	want, err := generate(t.Context(), filepath.Join(target, "proto"))
	require.NoError(t, err)
	var names []string
	for _, f := range want {
		have, err := os.ReadFile(filepath.Join(target, f.name))
		require.NoError(t, err, "run go generate")
		if f.name == descriptors {
			require.Equal(t, f.content, have, "%s is out of date: run go generate", f.name)
			continue
		}
		names = append(names, f.name)
		// A checkout may have changed the line ends.
		require.Equal(t, string(f.content), string(bytes.ReplaceAll(have, []byte("\r\n"), []byte("\n"))), "%s is out of date: run go generate", f.name)
		require.True(t, bytes.HasPrefix(f.content, []byte("// Code generated ")), "%s does not begin with the generated-code mark", f.name)
	}
	have, err := fs.Glob(os.DirFS(target), "*.pb.go")
	require.NoError(t, err)
	require.ElementsMatch(t, names, have, "files *.pb.go against the .proto files")
}
