// SPDX-License-Identifier: Apache-2.0

package pb

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"
)

// Generators of random messages and of random wire data, both driven by the
// descriptors.

// drawMessage draws a message with random contents.
func drawMessage(t *rapid.T, d protoreflect.MessageDescriptor) *dynamicpb.Message {
	dyn := dynamicpb.NewMessage(d)
	fillMessage(t, dyn)
	return dyn
}

func fillMessage(t *rapid.T, dyn protoreflect.Message) {
	fields := dyn.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if fd.ContainingOneof() == nil && rapid.Bool().Draw(t, "set") {
			fillField(t, dyn, fd)
		}
	}
	oneofs := dyn.Descriptor().Oneofs()
	for i := range oneofs.Len() {
		members := oneofs.Get(i).Fields()
		if n := rapid.IntRange(0, members.Len()).Draw(t, "member"); n > 0 {
			fillField(t, dyn, members.Get(n-1))
		}
	}
}

func fillField(t *rapid.T, dyn protoreflect.Message, fd protoreflect.FieldDescriptor) {
	switch {
	case fd.IsList():
		list := dyn.Mutable(fd).List()
		for range rapid.IntRange(0, 5).Draw(t, "entries") {
			fillMessage(t, list.AppendMutable().Message())
		}
		return
	case fd.Kind() == protoreflect.MessageKind:
		fillMessage(t, dyn.Mutable(fd).Message())
		return
	}
	var v protoreflect.Value
	switch fd.Kind() {
	case protoreflect.BoolKind:
		v = protoreflect.ValueOf(rapid.Bool().Draw(t, "bool"))
	case protoreflect.Int32Kind:
		v = protoreflect.ValueOf(rapid.Int32().Draw(t, "int32"))
	case protoreflect.Uint32Kind:
		v = protoreflect.ValueOf(rapid.Uint32().Draw(t, "uint32"))
	case protoreflect.EnumKind:
		v = protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.Int32().Draw(t, "enum")))
	case protoreflect.StringKind:
		v = protoreflect.ValueOf(rapid.StringN(0, 20, -1).Draw(t, "string"))
	case protoreflect.BytesKind:
		v = protoreflect.ValueOf(rapid.SliceOfN(rapid.Byte(), 0, 150).Draw(t, "bytes"))
	default:
		t.Fatalf("no generator for fields of kind %v", fd.Kind())
	}
	dyn.Set(fd, v)
}

// drawWire draws data that looks like a message of type d to a decoder:
// known fields in any order and any number of times, known fields with
// another wire type, unknown fields, groups.
func drawWire(t *rapid.T, d protoreflect.MessageDescriptor) []byte {
	var b []byte
	fields := d.Fields()
	for range rapid.IntRange(0, 6).Draw(t, "fields") {
		kind := rapid.IntRange(0, 9).Draw(t, "kind of field")
		if fields.Len() == 0 || kind == 0 {
			b = appendJunk(t, b, drawNumber(t), 3)
			continue
		}
		fd := fields.Get(rapid.IntRange(0, fields.Len()-1).Draw(t, "field"))
		if kind == 1 {
			b = appendJunk(t, b, fd.Number(), 3)
			continue
		}
		switch fd.Kind() {
		case protoreflect.MessageKind:
			b = protowire.AppendTag(b, fd.Number(), protowire.BytesType)
			b = protowire.AppendBytes(b, drawWire(t, fd.Message()))
		case protoreflect.StringKind:
			b = protowire.AppendTag(b, fd.Number(), protowire.BytesType)
			if rapid.IntRange(0, 9).Draw(t, "valid UTF-8") > 0 {
				b = protowire.AppendString(b, rapid.StringN(0, 10, -1).Draw(t, "string"))
			} else {
				b = protowire.AppendBytes(b, rapid.SliceOfN(rapid.Byte(), 1, 5).Draw(t, "string"))
			}
		case protoreflect.BytesKind:
			b = protowire.AppendTag(b, fd.Number(), protowire.BytesType)
			b = protowire.AppendBytes(b, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes"))
		default:
			b = protowire.AppendTag(b, fd.Number(), protowire.VarintType)
			b = appendOddVarint(t, b)
		}
	}
	return b
}

func drawNumber(t *rapid.T) protowire.Number {
	return protowire.Number(rapid.OneOf(
		rapid.Int32Range(1, 40),
		rapid.Int32Range(1, int32(protowire.MaxValidNumber)),
	).Draw(t, "number"))
}

// appendOddVarint appends a 64-bit varint, sometimes with needless zero bits.
func appendOddVarint(t *rapid.T, b []byte) []byte {
	b = protowire.AppendVarint(b, rapid.Uint64().Draw(t, "varint"))
	pad := rapid.IntRange(0, 6).Draw(t, "padding")
	if n := len(b); pad > 3 && b[n-1] < 0x80 {
		b[n-1] |= 0x80
		for range pad - 4 {
			b = append(b, 0x80)
		}
		b = append(b, 0)
	}
	return b
}

// appendJunk appends a field of any wire type, groups to the given depth.
func appendJunk(t *rapid.T, b []byte, num protowire.Number, depth int) []byte {
	types := []protowire.Type{protowire.VarintType, protowire.Fixed32Type, protowire.Fixed64Type, protowire.BytesType}
	if depth > 0 {
		types = append(types, protowire.StartGroupType)
	}
	typ := rapid.SampledFrom(types).Draw(t, "wire type")
	b = protowire.AppendTag(b, num, typ)
	switch typ {
	case protowire.VarintType:
		return appendOddVarint(t, b)
	case protowire.Fixed32Type:
		return protowire.AppendFixed32(b, rapid.Uint32().Draw(t, "fixed32"))
	case protowire.Fixed64Type:
		return protowire.AppendFixed64(b, rapid.Uint64().Draw(t, "fixed64"))
	case protowire.BytesType:
		return protowire.AppendBytes(b, rapid.SliceOfN(rapid.Byte(), 0, 10).Draw(t, "bytes"))
	}
	for range rapid.IntRange(0, 3).Draw(t, "fields in the group") {
		b = appendJunk(t, b, drawNumber(t), depth-1)
	}
	if rapid.IntRange(0, 9).Draw(t, "end of the group") == 0 {
		num = drawNumber(t) // most likely the wrong one
	}
	return protowire.AppendTag(b, num, protowire.EndGroupType)
}

// mutate changes some bytes of b.
func mutate(t *rapid.T, b []byte) []byte {
	b = append([]byte(nil), b...)
	for range rapid.IntRange(1, 3).Draw(t, "changes") {
		at := rapid.IntRange(0, len(b)).Draw(t, "at")
		switch rapid.IntRange(0, 3).Draw(t, "change") {
		case 0:
			b = b[:at]
		case 1:
			b = append(b[:at], append([]byte{rapid.Byte().Draw(t, "inserted")}, b[at:]...)...)
		case 2:
			if at < len(b) {
				b = append(b[:at], b[at+1:]...)
			}
		case 3:
			if at < len(b) {
				b[at] = rapid.Byte().Draw(t, "changed")
			}
		}
	}
	return b
}
