// SPDX-License-Identifier: Apache-2.0

package pb

import (
	"errors"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"
)

// forEachMessage runs a property for every message type.
func forEachMessage(t *testing.T, property func(t *rapid.T, m message, d protoreflect.MessageDescriptor)) {
	all := descriptors(t)
	for _, m := range messages {
		t.Run(nameOf(m), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { property(t, m, all[nameOf(m)]) })
		})
	}
}

// requireSame fails unless m and dyn hold the same.
func requireSame(t require.TestingT, m message, dyn proto.Message, input []byte) {
	d := dyn.ProtoReflect().Descriptor()
	ours := toDynamic(t, m, d)
	require.True(t, proto.Equal(ours, dyn), "decoded %x\nhere:    %v\nprotobuf: %v", input, ours, dyn)
}

// A random message has the same encoding here and in protobuf, of the
// announced size, and is itself again after decoding.
func TestEncodingEqualsProtobuf(t *testing.T) {
	forEachMessage(t, func(t *rapid.T, m message, d protoreflect.MessageDescriptor) {
		dyn := drawMessage(t, d)
		want := dynamicEncode(t, dyn)

		ours := newLike(m)
		fromDynamic(t, dyn, ours)
		got := ours.AppendTo([]byte("before"))
		require.Equal(t, "before", string(got[:6]), "AppendTo overwrote what dst held")
		got = got[6:]
		require.Equal(t, want, append([]byte{}, got...), "encoding of %v", dyn)
		require.Equal(t, len(want), ours.Size(), "Size of %v", dyn)

		emptyForNil(reflect.ValueOf(ours).Elem())
		require.Equal(t, want, ours.AppendTo([]byte{}), "encoding of %v with empty instead of nil slices", dyn)
		require.Equal(t, len(want), ours.Size(), "Size of %v with empty instead of nil slices", dyn)

		back := newLike(m)
		require.NoError(t, back.Unmarshal(want), "decode protobuf's encoding %x", want)
		requireSame(t, back, dyn, want)
	})
}

// emptyForNil replaces nil slices by empty ones.
func emptyForNil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			emptyForNil(v.Field(i))
		}
	case reflect.Slice:
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
	}
}

// Data with duplicates, unknown fields, wrong wire types and bad strings is
// decoded or refused as protobuf does.
func TestDecodingEqualsProtobuf(t *testing.T) {
	forEachMessage(t, func(t *rapid.T, m message, d protoreflect.MessageDescriptor) {
		ours := newLike(m)
		// The second input meets what the first left behind.
		for range 2 {
			input := drawWire(t, d)
			requireSameDecoding(t, ours, d, input, false)
		}
	})
}

// The same holds after some bytes have been changed at random.
func TestDecodingOfDamagedDataEqualsProtobuf(t *testing.T) {
	forEachMessage(t, func(t *rapid.T, m message, d protoreflect.MessageDescriptor) {
		requireSameDecoding(t, newLike(m), d, mutate(t, drawWire(t, d)), true)
	})
}

// requireSameDecoding decodes input into m and with protobuf and compares
// errors, contents and the encoding of the contents. The documented limits
// may be hit only if mayLimit is set.
func requireSameDecoding(t require.TestingT, m message, d protoreflect.MessageDescriptor, input []byte, mayLimit bool) {
	want, wantErr := dynamicDecode(input, d)
	err := m.Unmarshal(input)
	if mayLimit && errors.Is(err, ErrTooMany) && len(input) > MaxGroupDepth {
		return
	}
	if wantErr != nil {
		require.ErrorIs(t, err, ErrMalformed, "decode %x: protobuf says %v", input, wantErr)
		require.Zero(t, m.Size(), "left in the message after an error in %x: %+v", input, m)
		return
	}
	require.NoError(t, err, "decode %x: protobuf reads %v", input, want)
	requireSame(t, m, want, input)
	require.Equal(t, dynamicEncode(t, want), m.AppendTo([]byte{}), "encoding of what was decoded from %x", input)
}
