// SPDX-License-Identifier: Apache-2.0

package pb

import (
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// A message is what every generated type implements.
type message interface {
	Size() int
	AppendTo(dst []byte) []byte
	Unmarshal(b []byte) error
}

// messages has a value of every generated message type, under its own name.
// TestMessagesAreComplete compares the list with the .proto files.
var messages = []message{
	&CmdApplyConfig{}, &CmdProvStatus{}, &RespProvStatus{}, &RespThread{}, &RespCtrlThreadReset{}, &RespCtrlThreadReprov{},
	&CmdCtrlReprov{}, &CmdCtrlReset{}, &CmdGetStatus{}, &CmdScanResult{}, &CmdScanStart{},
	&CmdScanStatus{}, &CmdSetConfig{}, &RespApplyConfig{}, &RespCtrlReprov{}, &RespCtrlReset{}, &RespGetStatus{},
	&RespScanResult{}, &RespScanStart{}, &RespScanStatus{}, &RespSetConfig{}, &S0SessionCmd{}, &S0SessionResp{},
	&S2SessionCmd0{}, &S2SessionCmd1{}, &S2SessionResp0{}, &S2SessionResp1{}, &Sec0Payload{}, &Sec1Payload{},
	&Sec2Payload{}, &SessionCmd0{}, &SessionCmd1{}, &SessionData{}, &SessionResp0{}, &SessionResp1{},
	&WiFiAttemptFailed{}, &WiFiConfigPayload{}, &WiFiConnectedState{}, &WiFiCtrlPayload{}, &WiFiScanPayload{},
	&WiFiScanResult{},
}

func nameOf(m message) string { return reflect.TypeOf(m).Elem().Name() }

// newLike returns a new zero message of m's type.
func newLike(m message) message { return reflect.New(reflect.TypeOf(m).Elem()).Interface().(message) }

// compiled returns the descriptors of the .proto files, which the generator writes.
var compiled = sync.OnceValues(func() (files []protoreflect.FileDescriptor, err error) {
	text, err := os.ReadFile("testdata/descriptors.binpb")
	if err != nil {
		return nil, err
	}
	var set descriptorpb.FileDescriptorSet
	if err = proto.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	registry, err := protodesc.NewFiles(&set)
	if err != nil {
		return nil, err
	}
	registry.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		files = append(files, f)
		return true
	})
	return files, nil
})

// descriptors returns the descriptor of every message, by name.
func descriptors(t testing.TB) map[string]protoreflect.MessageDescriptor {
	t.Helper()
	files, err := compiled()
	require.NoError(t, err, "read the descriptors")
	all := map[string]protoreflect.MessageDescriptor{}
	for _, f := range files {
		for i := range f.Messages().Len() {
			d := f.Messages().Get(i)
			all[string(d.Name())] = d
		}
	}
	return all
}

func TestMessagesAreComplete(t *testing.T) {
	var have, want []string
	for _, m := range messages {
		have = append(have, nameOf(m))
	}
	for name := range descriptors(t) {
		want = append(want, name)
	}
	require.ElementsMatch(t, want, have, "list of messages in this test against the .proto files")
}

// goField finds the struct field for a proto name, independently of the
// generator's rules: letters and digits must agree.
func goField(t require.TestingT, v reflect.Value, name string) reflect.Value {
	plain := strings.ReplaceAll(name, "_", "")
	f := v.FieldByNameFunc(func(s string) bool { return strings.EqualFold(s, plain) })
	require.True(t, f.IsValid(), "%v has no field for %s", v.Type(), name)
	return f
}

// toDynamic copies a generated message, by reflection and not through its
// encoder, into a dynamic one. Members of a oneof that are not set must be
// zero (or, for a list kept for reuse, empty).
func toDynamic(t require.TestingT, m message, d protoreflect.MessageDescriptor) *dynamicpb.Message {
	dyn := dynamicpb.NewMessage(d)
	copyToDynamic(t, reflect.ValueOf(m).Elem(), dyn)
	return dyn
}

func copyToDynamic(t require.TestingT, v reflect.Value, dyn protoreflect.Message) {
	fields := dyn.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		f := goField(t, v, string(fd.Name()))
		if o := fd.ContainingOneof(); o != nil {
			which := goField(t, v, "which_"+string(o.Name())).Uint()
			if which != uint64(fd.Number()) {
				require.True(t, isZero(f), "%v.%s is not the member set (%d) but not zero: %+v", v.Type(), fd.Name(), which, f)
				continue
			}
		}
		switch {
		case fd.IsList():
			if f.Len() == 0 {
				continue
			}
			list := dyn.Mutable(fd).List()
			for j := range f.Len() {
				copyToDynamic(t, f.Index(j), list.AppendMutable().Message())
			}
		case fd.Kind() == protoreflect.MessageKind:
			copyToDynamic(t, f, dyn.Mutable(fd).Message())
		case fd.ContainingOneof() != nil || !f.IsZero() && !(f.Kind() == reflect.Slice && f.Len() == 0):
			dyn.Set(fd, scalar(f, fd))
		}
	}
}

// isZero reports whether v is zero except for the capacity of slices.
func isZero(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice:
		return v.Len() == 0
	case reflect.Struct:
		for i := range v.NumField() {
			if !isZero(v.Field(i)) {
				return false
			}
		}
		return true
	}
	return v.IsZero()
}

func scalar(f reflect.Value, fd protoreflect.FieldDescriptor) protoreflect.Value {
	if fd.Kind() == protoreflect.EnumKind {
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(f.Int()))
	}
	return protoreflect.ValueOf(f.Interface())
}

// fromDynamic copies a dynamic message into m by reflection.
func fromDynamic(t require.TestingT, dyn protoreflect.Message, m message) {
	copyFromDynamic(t, dyn, reflect.ValueOf(m).Elem())
}

func copyFromDynamic(t require.TestingT, dyn protoreflect.Message, v reflect.Value) {
	dyn.Range(func(fd protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		f := goField(t, v, string(fd.Name()))
		if o := fd.ContainingOneof(); o != nil {
			goField(t, v, "which_"+string(o.Name())).SetUint(uint64(fd.Number()))
		}
		switch {
		case fd.IsList():
			n := value.List().Len()
			f.Set(reflect.MakeSlice(f.Type(), n, n))
			for i := range n {
				copyFromDynamic(t, value.List().Get(i).Message(), f.Index(i))
			}
		case fd.Kind() == protoreflect.MessageKind:
			copyFromDynamic(t, value.Message(), f)
		case fd.Kind() == protoreflect.EnumKind:
			f.SetInt(int64(value.Enum()))
		default:
			f.Set(reflect.ValueOf(value.Interface()))
		}
		return true
	})
}

// dynamicEncode is protobuf's deterministic encoding of dyn.
func dynamicEncode(t require.TestingT, dyn proto.Message) []byte {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(dyn)
	require.NoError(t, err, "dynamicpb refuses to encode %v", dyn)
	return b
}

// dynamicDecode is protobuf's decoding of b, without unknown fields.
func dynamicDecode(b []byte, d protoreflect.MessageDescriptor) (*dynamicpb.Message, error) {
	dyn := dynamicpb.NewMessage(d)
	err := proto.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(b, dyn)
	return dyn, err
}
