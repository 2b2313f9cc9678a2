// SPDX-License-Identifier: Apache-2.0

package plaingen

import (
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
)

// enum writes an enum's type, its values and its String method.
func enum(g *protogen.GeneratedFile, e *protogen.Enum) {
	name := string(e.Desc.Name())
	g.P()
	doc(g, e.Comments.Leading, name+" is the protocol's enum "+string(e.Desc.FullName())+".")
	g.P("type ", name, " int32")
	g.P()
	g.P("// Values of ", name, ".")
	g.P("const (")
	for _, v := range e.Values {
		member(g, v.Comments.Leading, string(v.Desc.Name()), valueName(v), " ", name, " = ", v.Desc.Number())
	}
	g.P(")")
	g.P()
	g.P("// String returns the value's name without the type, or its number when it has")
	g.P("// no name.")
	g.P("func (v ", name, ") String() string {")
	g.P("switch v {")
	for _, v := range e.Values {
		g.P("case ", valueName(v), ":")
		g.P("return ", quote(strings.TrimPrefix(valueName(v), name)))
	}
	g.P("}")
	g.P("return ", strconvPkg.Ident("Itoa"), "(int(v))")
	g.P("}")
}

// valueName returns the Go name of an enum value. The proto names carry the
// type's name already, as they share one scope.
func valueName(v *protogen.EnumValue) string { return goName(string(v.Desc.Name())) }

// quote quotes a Go identifier.
func quote(s string) string { return `"` + s + `"` }
