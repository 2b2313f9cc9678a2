// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/fleet/scenario"
)

// Whatever a file contains, it is a scenario or has one line of what is wrong with it.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob(examples + "*.yaml")
	require.NoError(f, err)
	for _, path := range append(paths, "testdata/bad.txt") {
		text, err := os.ReadFile(path)
		require.NoError(f, err)
		for _, part := range strings.Split(string(text), "\n\n") {
			f.Add(part)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := scenario.Parse("lab.yaml", []byte(text)); err != nil {
			require.NotContains(t, err.Error(), "\n")
			require.True(t, strings.HasPrefix(err.Error(), "lab.yaml:"), err)
		}
	})
}
