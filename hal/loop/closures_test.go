// SPDX-License-Identifier: Apache-2.0

package loop

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"

	"github.com/stretchr/testify/require"
)

// TinyGo puts closures that are called through a variable on the heap, each time that a
// controller is polled. Plain Go does not, so what runs in Pump must not have any.
func TestNoClosures(t *testing.T) {
	set := token.NewFileSet()
	for _, name := range []string{"loop.go", "clock.go"} {
		file, err := parser.ParseFile(set, name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if f, is := n.(*ast.FuncLit); is {
				t.Error("a closure at ", set.Position(f.Pos()))
			}
			return true
		})
	}
}
