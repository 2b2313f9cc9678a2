// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/fleet/scenario"
)

var rewrite = flag.Bool("rewrite", false, "write what the tests see into their files")

// golden compares a file with what it should be, or writes it.
func golden(t *testing.T, path, old, text string) {
	t.Helper()
	if *rewrite {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return
	}
	require.Equal(t, old, text, "go test -rewrite writes %s anew; read what has changed", path)
}

// Each wrong scenario has one line that says where it is wrong, and what to do.
func TestBadFiles(t *testing.T) {
	const path = "testdata/bad.txt"
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	about, rest, _ := strings.Cut(string(old), "\n\n")
	var out strings.Builder
	out.WriteString(about + "\n\n")
	for rest != "" {
		text, after, found := strings.Cut(rest, "\n----\n")
		require.True(t, found)
		_, rest, _ = strings.Cut(after, "\n")
		if !strings.HasPrefix(after, "\n") {
			rest = strings.TrimPrefix(rest, "\n")
		}
		f, err := scenario.Parse("testdata/lab.yaml", []byte(text))
		if err == nil {
			_, err = f.Compile(scenario.Options{})
		}
		require.Error(t, err, text)
		require.NotContains(t, err.Error(), "\n")
		require.NotContains(t, err.Error(), "secret-word")
		require.Regexp(t, `^testdata/lab.yaml:`, err)
		out.WriteString(text + "\n----\n" + err.Error() + "\n\n")
	}
	golden(t, path, string(old), out.String())
}
