// SPDX-License-Identifier: Apache-2.0

// Package spectest finds the specification's data for tests: vectors, images
// and recordings.
package spectest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Path returns the path of a file or folder of the specification. It is looked
// for in $WIFIPROV_SPEC, or in the repository's docs/spec when that is not set.
// The test fails when it does not exist.
func Path(tb testing.TB, elem ...string) string {
	tb.Helper()
	dir := os.Getenv("WIFIPROV_SPEC")
	if dir == "" {
		dir = filepath.Join(root(tb), "docs", "spec")
	}
	path := filepath.Join(append([]string{dir}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		tb.Fatalf("the specification's %s is missing: %v", filepath.Join(elem...), err)
	}
	return path
}

// ReadJSON reads a JSON file of the specification into v.
func ReadJSON(tb testing.TB, v any, elem ...string) {
	tb.Helper()
	path := Path(tb, elem...)
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
}

// root returns the module's folder, above the one that a test runs in.
func root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
