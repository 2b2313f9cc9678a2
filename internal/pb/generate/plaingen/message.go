// SPDX-License-Identifier: Apache-2.0

package plaingen

import (
	"cmp"
	"slices"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A msg is a message as the generated code sees it.
type msg struct {
	*protogen.Message
	name     string
	fields   []field // ascending numbers
	which    string  // name of the oneof's discriminator; "" without a oneof
	caseType string  // type of the discriminator
}

// A field is a field as the generated code sees it.
type field struct {
	*protogen.Field
	name   string // in the struct
	typ    string // in the struct; of the elements of a repeated field
	kind   protoreflect.Kind
	num    protoreflect.FieldNumber
	list   bool              // repeated
	caseID string            // constant of the oneof's member; "" outside a oneof
	msg    *protogen.Message // message fields: the message
}

func newMsg(m *protogen.Message) msg {
	r := msg{Message: m, name: string(m.Desc.Name())}
	if len(m.Oneofs) > 0 {
		r.which = "Which" + goName(string(m.Oneofs[0].Desc.Name()))
		r.caseType = r.name + "Case"
	}
	for _, fd := range m.Fields {
		f := field{
			Field: fd,
			name:  goName(string(fd.Desc.Name())),
			kind:  fd.Desc.Kind(),
			num:   fd.Desc.Number(),
			list:  fd.Desc.IsList(),
			msg:   fd.Message,
		}
		switch f.kind {
		case protoreflect.BytesKind:
			f.typ = "[]byte"
		case protoreflect.EnumKind:
			f.typ = string(fd.Enum.Desc.Name())
		case protoreflect.MessageKind:
			f.typ = string(fd.Message.Desc.Name())
		default:
			f.typ = f.kind.String() // bool, int32, uint32, string: named as in Go
		}
		if fd.Oneof != nil {
			f.caseID = r.name + f.name
		}
		r.fields = append(r.fields, f)
	}
	slices.SortFunc(r.fields, func(a, b field) int { return cmp.Compare(a.num, b.num) })
	return r
}

// empty reports whether m has no fields.
func (m msg) empty() bool { return len(m.fields) == 0 }

// selectFunc returns the name of the method that selects a oneof's member.
func (m msg) selectFunc() string { return "select" + strings.TrimPrefix(m.which, "Which") }

// wireType returns the helper's constant for the field's wire type.
func (f field) wireType() string {
	if f.isBytes() {
		return "wireBytes"
	}
	return "wireVarint"
}

// has reports whether m or a message in it has a field that fits.
func has(m *protogen.Message, fits func(*protogen.Field) bool) bool {
	return slices.ContainsFunc(m.Fields, func(f *protogen.Field) bool {
		return fits(f) || f.Message != nil && f.Message != m && has(f.Message, fits)
	})
}

func isBytesField(f *protogen.Field) bool { return f.Desc.Kind() == protoreflect.BytesKind }
func isListField(f *protogen.Field) bool  { return f.Desc.IsList() }

// message writes everything that belongs to a message.
func message(g *protogen.GeneratedFile, m msg) {
	structType(g, m)
	if m.which != "" {
		caseType(g, m)
	}
	size(g, m)
	appendTo(g, m)
	unmarshal(g, m)
	reset(g, m)
	merge(g, m)
}

// structType writes the struct.
func structType(g *protogen.GeneratedFile, m msg) {
	g.P()
	doc(g, m.Comments.Leading, m.name+" is the protocol's message "+string(m.Desc.FullName())+".")
	if m.empty() {
		g.P("type ", m.name, " struct{}")
		return
	}
	g.P("type ", m.name, " struct {")
	whichDone := false
	for _, f := range m.fields {
		if f.caseID != "" && !whichDone {
			g.P()
			g.P(m.which, " ", m.caseType, " // which of the following is set")
			whichDone = true
		}
		typ := f.typ
		if f.list {
			typ = "[]" + typ
		}
		member(g, f.Comments.Leading, "field "+string(f.Desc.Name()), f.name, " ", typ)
	}
	g.P("}")
}

// caseType writes the type of the oneof's discriminator and its values.
func caseType(g *protogen.GeneratedFile, m msg) {
	g.P()
	g.P("// ", m.caseType, " says which member of ", m.name, "'s oneof is set, by field number.")
	g.P("type ", m.caseType, " uint8")
	g.P()
	g.P("// Values of ", m.caseType, ".")
	g.P("const (")
	g.P(m.name, "None ", m.caseType, " = 0 // none is set")
	for _, f := range m.fields {
		if f.caseID != "" {
			g.P(f.caseID, " ", m.caseType, " = ", f.num, " // ", f.name)
		}
	}
	g.P(")")
}
