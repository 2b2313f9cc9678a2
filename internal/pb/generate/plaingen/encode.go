// SPDX-License-Identifier: Apache-2.0

package plaingen

import (
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// isBytes reports whether the field is length-delimited, not a varint.
func (f field) isBytes() bool {
	switch f.kind {
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		return true
	}
	return false
}

// isSet returns the condition under which a field outside a oneof is written.
func (f field) isSet() string {
	switch f.kind {
	case protoreflect.BoolKind:
		return "m." + f.name
	case protoreflect.StringKind, protoreflect.BytesKind:
		return "len(m." + f.name + ") > 0"
	}
	return "m." + f.name + " != 0"
}

// eachField writes one statement for every field in ascending order, under
// the condition that it is to be written. Members of the oneof that follow
// one another share a switch.
func eachField(g *protogen.GeneratedFile, m msg, write func(f field, expr string)) {
	inSwitch := false
	for _, f := range m.fields {
		if f.caseID == "" && inSwitch {
			g.P("}")
			inSwitch = false
		}
		switch {
		case f.list:
			g.P("for i := range m.", f.name, " {")
			write(f, "m."+f.name+"[i]")
			g.P("}")
		case f.caseID == "":
			g.P("if ", f.isSet(), " {")
			write(f, "m."+f.name)
			g.P("}")
		default:
			if !inSwitch {
				g.P("switch m.", m.which, " {")
				inSwitch = true
			}
			g.P("case ", f.caseID, ":")
			write(f, "m."+f.name)
		}
	}
	if inSwitch {
		g.P("}")
	}
}

// size writes the Size method.
func size(g *protogen.GeneratedFile, m msg) {
	g.P()
	g.P("// Size returns the length of m's encoding in bytes.")
	if m.empty() {
		g.P("func (m *", m.name, ") Size() int { return 0 }")
		return
	}
	g.P("func (m *", m.name, ") Size() int {")
	g.P("n := 0")
	eachField(g, m, func(f field, expr string) {
		tag := protowire.SizeTag(f.num)
		switch f.kind {
		case protoreflect.BoolKind:
			g.P("n += ", tag, " + 1")
		case protoreflect.StringKind, protoreflect.BytesKind:
			g.P("n += ", tag, " + sizeBytes(len(", expr, "))")
		case protoreflect.MessageKind:
			g.P("n += ", tag, " + sizeBytes(", expr, ".Size())")
		default:
			g.P("n += ", tag, " + sizeVarint(uint64(", expr, "))")
		}
	})
	g.P("return n")
	g.P("}")
}

// appendTo writes the AppendTo method.
func appendTo(g *protogen.GeneratedFile, m msg) {
	g.P()
	g.P("// AppendTo appends m's encoding to dst and returns the extended slice.")
	if m.empty() {
		g.P("func (m *", m.name, ") AppendTo(dst []byte) []byte { return dst }")
		return
	}
	g.P("func (m *", m.name, ") AppendTo(dst []byte) []byte {")
	eachField(g, m, func(f field, expr string) {
		tag := []any{"(dst, ", f.num, "<<3|", f.wireType(), ", "}
		switch f.kind {
		case protoreflect.BoolKind:
			g.P(append(append([]any{"dst = appendBool"}, tag...), expr, ")")...)
		case protoreflect.StringKind, protoreflect.BytesKind:
			g.P(append(append([]any{"dst = appendBytes"}, tag...), expr, ")")...)
		case protoreflect.MessageKind:
			g.P(append(append([]any{"dst = appendVarint"}, tag...), "uint64(", expr, ".Size()))")...)
			g.P("dst = ", expr, ".AppendTo(dst)")
		default:
			g.P(append(append([]any{"dst = appendVarint"}, tag...), "uint64(", expr, "))")...)
		}
	})
	g.P("return dst")
	g.P("}")
}
