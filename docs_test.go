// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/spectest"
)

// testNames returns the names of all tests, fuzz targets and examples.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil {
				names[fn.Name.Name] = true
			}
		}
		return nil
	})
	require.NoError(t, err)
	return names
}

var namedTest = regexp.MustCompile("`((?:Test|Fuzz|Example|Benchmark)[A-Za-z0-9_]*)`")

// A test that a document names exists.
func TestDocumentsNameRealTests(t *testing.T) {
	names := testNames(t)
	for _, doc := range []string{"docs/coverage.md", "DIVERGENCES.md", "README.md"} {
		text, err := os.ReadFile(doc)
		require.NoError(t, err)
		found := namedTest.FindAllStringSubmatch(string(text), -1)
		if doc != "README.md" {
			require.NotEmpty(t, found, "%s names no test", doc)
		}
		for _, m := range found {
			if !names[m[1]] {
				t.Errorf("%s names %s, which does not exist", doc, m[1])
			}
		}
	}
}

// Every divergence has its test.
func TestDivergencesHaveTests(t *testing.T) {
	text, err := os.ReadFile("DIVERGENCES.md")
	require.NoError(t, err)
	rows := 0
	for _, line := range strings.Split(string(text), "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| Divergence") {
			continue
		}
		rows++
		if !namedTest.MatchString(line) {
			t.Errorf("no test in the row %q", line)
		}
	}
	require.NotZero(t, rows)
}

// docs/coverage.md has a row for each feature and each quirk of the
// specification, with the test that shows it or "not yet".
func TestCoverageIsComplete(t *testing.T) {
	text, err := os.ReadFile("docs/coverage.md")
	require.NoError(t, err)
	rows := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 4 {
			rows[strings.TrimSpace(cells[1])] = line
		}
	}
	want := 0
	for file, id := range map[string]*regexp.Regexp{
		"README.md": regexp.MustCompile(`(?m)^\| ([A-E]\d+) \|`),
		"quirks.md": regexp.MustCompile(`(?m)^\| (Q-[A-Z]\d+) \|`),
	} {
		raw, err := os.ReadFile(spectest.Path(t, file))
		require.NoError(t, err)
		for _, m := range id.FindAllStringSubmatch(string(raw), -1) {
			want++
			row, ok := rows[m[1]]
			if !ok {
				t.Errorf("%s has no row in docs/coverage.md", m[1])
				continue
			}
			if !namedTest.MatchString(row) && !strings.Contains(row, "not yet") && !strings.Contains(row, "no part of") {
				t.Errorf("the row of %s names no test and does not say \"not yet\"", m[1])
			}
		}
	}
	require.Greater(t, want, 200, "the specification's tables were not found")
}

// docs/names.md names every method of the Manager.
func TestNamesAreComplete(t *testing.T) {
	text, err := os.ReadFile("docs/names.md")
	require.NoError(t, err)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	methods := regexp.MustCompile(`(?m)^func \(m \*Manager\) ([A-Z]\w*)`)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range methods.FindAllStringSubmatch(string(source), -1) {
			found++
			if !regexp.MustCompile("`" + m[1] + "[`(]").Match(text) {
				t.Errorf("docs/names.md does not name %s", m[1])
			}
		}
	}
	require.Greater(t, found, 20)
}

var link = regexp.MustCompile(`\]\(([^)#: ]+)\)`)

// A file that a document links to exists.
func TestLinks(t *testing.T) {
	docs, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	top, err := filepath.Glob("*.md")
	require.NoError(t, err)
	spec, err := filepath.Glob("docs/spec/*.md")
	require.NoError(t, err)
	found := 0
	for _, doc := range slices.Concat(top, docs, spec) {
		text, err := os.ReadFile(doc)
		require.NoError(t, err)
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			found++
			_, err := os.Stat(filepath.Join(filepath.Dir(doc), m[1]))
			require.NoError(t, err, "%s links to %s", doc, m[1])
		}
	}
	require.Greater(t, found, 20)
}
