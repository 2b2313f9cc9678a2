// SPDX-License-Identifier: Apache-2.0

package nvscheck

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
)

// describe names an item: "u32 app/answer".
func (c *checker) describe(e *nvsfmt.Entry) string {
	key := printable(e.Name().String())
	if e.Namespace() == 0 && e.Type() == nvsfmt.TypeU8 {
		return "namespace " + key
	}
	namespace := "namespace-" + strconv.Itoa(int(e.Namespace()))
	if name, ok := c.names[e.Namespace()]; ok {
		namespace = printable(name)
	}
	what := valueType(e.Type())
	switch e.Type() {
	case nvsfmt.TypeChunk:
		what = fmt.Sprintf("chunk %d of blob", e.Chunk())
	case nvsfmt.TypeIndex:
		what = "the index of blob"
	}
	return what + " " + namespace + "/" + key
}

func valueType(typ byte) string {
	switch typ {
	case nvsfmt.TypeFloat:
		return "float"
	case nvsfmt.TypeDouble:
		return "double"
	case nvsfmt.TypeOldBlob:
		return "old blob"
	case nvsfmt.TypeIndex:
		return "blob"
	}
	return store.Type(typ).String()
}

// printable returns a name as it is, or quoted.
func printable(name string) string {
	if name == "" || !ascii(name) || strings.Contains(name, " ") {
		return strconv.Quote(name)
	}
	return name
}

func ascii(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' })
}
