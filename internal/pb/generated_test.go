// SPDX-License-Identifier: Apache-2.0

package pb

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sources parses the package's files without the tests.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	files := map[string]*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		files[name] = f
	}
	require.Greater(t, len(files), 9, "files found")
	return files
}

// The package must stay small enough for a microcontroller.
func TestImportsAreAllowed(t *testing.T) {
	allowed := []string{"errors", "math/bits", "strconv", "unicode/utf8"}
	for name, f := range sources(t) {
		for _, imp := range f.Imports {
			path, err := strconv.Unquote(imp.Path.Value)
			require.NoError(t, err)
			require.Contains(t, allowed, path, "import in %s", name)
		}
	}
}

// No work at start: no init function and no package-level variable except
// the two errors.
func TestNothingRunsAtStart(t *testing.T) {
	for name, f := range sources(t) {
		for _, decl := range f.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				require.False(t, decl.Recv == nil && decl.Name.Name == "init", "init function in %s", name)
			case *ast.GenDecl:
				if decl.Tok != token.VAR {
					continue
				}
				for _, spec := range decl.Specs {
					for _, id := range spec.(*ast.ValueSpec).Names {
						require.Contains(t, []string{"ErrMalformed", "ErrTooMany"}, id.Name, "package-level variable in %s", name)
					}
				}
			}
		}
	}
}

// Every exported name and every member has a comment.
func TestExportedNamesAreDocumented(t *testing.T) {
	for name, f := range sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				require.False(t, n.Name.IsExported() && n.Doc == nil, "%s: %s has no comment", name, n.Name)
				return false
			case *ast.GenDecl:
				for _, s := range n.Specs {
					if ts, ok := s.(*ast.TypeSpec); ok {
						require.False(t, ts.Name.IsExported() && n.Doc == nil, "%s: %s has no comment", name, ts.Name)
					}
				}
			case *ast.ValueSpec:
				require.False(t, n.Names[0].IsExported() && n.Doc == nil && n.Comment == nil, "%s: %s has no comment", name, n.Names[0])
			case *ast.Field:
				require.False(t, len(n.Names) > 0 && n.Names[0].IsExported() && n.Doc == nil && n.Comment == nil,
					"%s: field %s has no comment", name, n.Names)
			}
			return true
		})
	}
}
