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
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	// citation is how comments cite the specification: "manager.md 4.15", or
	// "docs/spec/manager.md 4.15" in exported documentation.
	citation = regexp.MustCompile(`((?:[\w.]+/)*)\b([a-z-]+\.md)(?:,? (?:sections? )?(\d+(?:\.\d+)*))?`)
	heading  = regexp.MustCompile(`^#+ (\d+(?:\.\d+)*)\.? `)
	step     = regexp.MustCompile(`^(\d+)\. `)
	quirk    = regexp.MustCompile(`\bQ-[MPTEC]\d+\b`)
)

// sections returns the numbers of the sections of each document of the
// specification, and of the steps in them.
func sections(t *testing.T) map[string]map[string]bool {
	t.Helper()
	docs, err := filepath.Glob("docs/spec/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, docs)
	found := map[string]map[string]bool{}
	for _, doc := range docs {
		text, err := os.ReadFile(doc)
		require.NoError(t, err)
		numbers, section := map[string]bool{"": true}, ""
		for _, line := range strings.Split(string(text), "\n") {
			if m := heading.FindStringSubmatch(line); m != nil {
				section = m[1]
				numbers[section] = true
			} else if m := step.FindStringSubmatch(line); m != nil {
				numbers[section+"."+m[1]] = true
			}
		}
		found[filepath.Base(doc)] = numbers
	}
	return found
}

// publicDocs returns the comments of a file that go doc shows to importers.
func publicDocs(path string, file *ast.File) map[*ast.CommentGroup]bool {
	docs := map[*ast.CommentGroup]bool{}
	if file.Name.Name == "main" || strings.HasSuffix(path, "_test.go") || strings.Contains(filepath.ToSlash(path), "internal/") {
		return docs
	}
	docs[file.Doc] = true
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			docs[n.Doc] = n.Name.IsExported()
			return false
		case *ast.TypeSpec:
			docs[n.Doc] = n.Name.IsExported()
			return n.Name.IsExported()
		case *ast.ValueSpec:
			docs[n.Doc] = n.Names[0].IsExported()
		case *ast.Field:
			docs[n.Doc] = len(n.Names) == 0 || n.Names[0].IsExported()
		case *ast.GenDecl:
			switch spec := n.Specs[0].(type) {
			case *ast.TypeSpec:
				docs[n.Doc] = spec.Name.IsExported()
			case *ast.ValueSpec:
				docs[n.Doc] = spec.Names[0].IsExported()
			}
		}
		return true
	})
	return docs
}

// What comments cite is there.
func TestCitations(t *testing.T) {
	known := sections(t)
	quirks, err := os.ReadFile("docs/spec/quirks.md")
	require.NoError(t, err)
	cited := 0
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		require.NoError(t, err)
		public := publicDocs(path, file)
		for _, group := range file.Comments {
			text := strings.Join(strings.Fields(group.Text()), " ")
			for _, m := range citation.FindAllStringSubmatch(text, -1) {
				doc, section := m[2], m[3]
				if known[doc] == nil {
					continue // another document
				}
				cited++
				if m[1] == "docs/" { // a page of ours that has the same name
					continue
				}
				if m[1] != "" && m[1] != "docs/spec/" {
					t.Errorf("%s: %q is no way to cite the specification", path, m[0])
				}
				if m[1] == "" && public[group] {
					t.Errorf("%s: exported documentation cites %s; write docs/spec/%s", path, doc, doc)
				}
				if !known[doc][section] {
					t.Errorf("%s: %s has no section %s", path, doc, section)
				}
			}
			for _, q := range quirk.FindAllString(text, -1) {
				if !strings.Contains(string(quirks), "| "+q+" |") {
					t.Errorf("%s: there is no quirk %s", path, q)
				}
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, cited, 100)
}
