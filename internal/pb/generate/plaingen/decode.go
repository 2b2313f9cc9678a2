// SPDX-License-Identifier: Apache-2.0

package plaingen

import (
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// unmarshal writes the Unmarshal method.
func unmarshal(g *protogen.GeneratedFile, m msg) {
	g.P()
	g.P("// Unmarshal replaces m by the message that b holds; after an error m is empty.")
	if has(m.Message, isBytesField) {
		g.P("// Bytes fields point into b and are valid as long as it is.")
	}
	if has(m.Message, isListField) {
		g.P("// The array of a repeated field is kept and filled again.")
	}
	g.P("func (m *", m.name, ") Unmarshal(b []byte) error {")
	if m.empty() {
		g.P("return skipAll(b)")
		g.P("}")
		return
	}
	g.P("m.reset()")
	g.P("if err := m.merge(b); err != nil {")
	g.P("m.reset()")
	g.P("return err")
	g.P("}")
	g.P("return nil")
	g.P("}")
}

// clearField writes the statement that sets a field to zero.
func clearField(g *protogen.GeneratedFile, f field) {
	switch {
	case f.list:
		g.P("clear(m.", f.name, ")")
		g.P("m.", f.name, " = m.", f.name, "[:0]")
	case f.kind == protoreflect.MessageKind:
		if len(f.msg.Fields) > 0 {
			g.P("m.", f.name, ".reset()")
		}
	case f.kind == protoreflect.BytesKind:
		g.P("m.", f.name, " = nil")
	case f.kind == protoreflect.StringKind:
		g.P("m.", f.name, ` = ""`)
	case f.kind == protoreflect.BoolKind:
		g.P("m.", f.name, " = false")
	default:
		g.P("m.", f.name, " = 0")
	}
}

// reset writes the method that empties a message and, for a oneof, the one
// that selects a member.
func reset(g *protogen.GeneratedFile, m msg) {
	if m.empty() {
		return
	}
	g.P()
	if has(m.Message, isListField) {
		g.P("// reset empties m but keeps the arrays of repeated fields.")
	} else {
		g.P("// reset empties m.")
	}
	g.P("func (m *", m.name, ") reset() {")
	if has(m.Message, isListField) {
		for _, f := range m.fields {
			clearField(g, f)
		}
		if m.which != "" {
			g.P("m.", m.which, " = ", m.name, "None")
		}
	} else {
		g.P("*m = ", m.name, "{}")
	}
	g.P("}")
	if m.which == "" {
		return
	}
	g.P()
	g.P("// ", m.selectFunc(), " makes c the member of the oneof that is set, empty if it was not")
	g.P("// set before, and empties the others.")
	g.P("func (m *", m.name, ") ", m.selectFunc(), "(c ", m.caseType, ") {")
	g.P("if m.", m.which, " == c {")
	g.P("return")
	g.P("}")
	g.P("m.", m.which, " = c")
	for _, f := range m.fields {
		if f.caseID != "" {
			clearField(g, f)
		}
	}
	g.P("}")
}

// merge writes the decoder proper.
func merge(g *protogen.GeneratedFile, m msg) {
	if m.empty() {
		return
	}
	g.P()
	g.P("// merge adds the fields in b to m.")
	g.P("func (m *", m.name, ") merge(b []byte) error {")
	g.P("for len(b) > 0 {")
	g.P("f, rest, err := takeField(b)")
	g.P("if err != nil {")
	g.P("return err")
	g.P("}")
	g.P("b = rest")
	g.P("switch f.tag {")
	for _, f := range m.fields {
		mergeField(g, m, f)
	}
	g.P("}")
	g.P("}")
	g.P("return nil")
	g.P("}")
}

// mergeField writes the case of one field.
func mergeField(g *protogen.GeneratedFile, m msg, f field) {
	g.P("case ", f.num, "<<3 | ", f.wireType(), ":")
	if f.kind == protoreflect.StringKind {
		g.P("if !", utf8Pkg.Ident("Valid"), "(f.bytes) {")
		g.P("return ErrMalformed")
		g.P("}")
	}
	if f.caseID != "" {
		g.P("m.", m.selectFunc(), "(", f.caseID, ")")
	}
	dst := "m." + f.name
	switch {
	case f.list:
		g.P("if len(", dst, ") == MaxRepeated {")
		g.P("return ErrTooMany")
		g.P("}")
		g.P(dst, " = append(", dst, ", ", f.typ, "{})")
		mergeMessage(g, f, dst+"[len("+dst+")-1]")
	case f.kind == protoreflect.MessageKind:
		mergeMessage(g, f, dst)
	case f.kind == protoreflect.BoolKind:
		g.P(dst, " = f.varint != 0")
	case f.kind == protoreflect.BytesKind:
		g.P(dst, " = f.bytes")
	case f.kind == protoreflect.StringKind:
		g.P(dst, " = string(f.bytes)")
	default:
		g.P(dst, " = ", f.typ, "(f.varint)")
	}
}

// mergeMessage writes the call that decodes a message inside another.
func mergeMessage(g *protogen.GeneratedFile, f field, dst string) {
	call := dst + ".merge(f.bytes)"
	if len(f.msg.Fields) == 0 {
		call = "skipAll(f.bytes)"
	}
	g.P("if err := ", call, "; err != nil {")
	g.P("return err")
	g.P("}")
}
