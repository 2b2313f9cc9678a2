// SPDX-License-Identifier: Apache-2.0

package pbtext

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"

	"github.com/wifiprov/wifiprov/internal/pb/proto"
)

// field is a field of a message.
type field struct {
	number   uint64
	name     string
	typ      string // a type of protobuf, a message or an enum
	repeated bool
	member   bool // of a oneof
}

// schema is what the .proto files say.
type schema struct {
	messages map[string][]field
	enums    map[string]map[int32]string
}

// load reads the .proto files, once.
var load = sync.OnceValue(func() *schema {
	s := &schema{messages: map[string][]field{}, enums: map[string]map[int32]string{}}
	names, err := fs.Glob(proto.Files, "*.proto")
	for _, name := range names {
		var text []byte
		if text, err = proto.Files.ReadFile(name); err != nil {
			break
		}
		if err = s.read(string(text)); err != nil {
			err = fmt.Errorf("%s: %w", name, err)
			break
		}
	}
	if err != nil {
		panic("pbtext: " + err.Error()) // a test reads them all
	}
	return s
})

// read takes one file. It knows the part of the language that our files use: one
// field, value, or beginning or end of a block, on a line.
func (s *schema) read(text string) error {
	message, enum, oneof := "", "", false
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "//")
		w := strings.Fields(strings.NewReplacer(";", "", "=", "", "{", "", "}", " } ").Replace(line))
		switch {
		case len(w) == 0, w[0] == "syntax", w[0] == "package", w[0] == "import", w[0] == "option":
		case w[0] == "message" && len(w) >= 2:
			message = w[1]
			s.messages[message] = nil
			if len(w) == 3 { // and its end
				message = ""
			}
		case w[0] == "enum" && len(w) == 2:
			enum = w[1]
			s.enums[enum] = map[int32]string{}
		case w[0] == "oneof":
			oneof = true
		case w[0] == "}" && oneof:
			oneof = false
		case w[0] == "}":
			message, enum = "", ""
		case enum != "" && len(w) == 2:
			n, err := strconv.ParseInt(w[1], 10, 32)
			if err != nil {
				return fmt.Errorf("line %d: %w", i+1, err)
			}
			s.enums[enum][int32(n)] = w[0]
		case message != "" && len(w) >= 3:
			f := field{member: oneof, repeated: w[0] == "repeated"}
			if f.repeated {
				w = w[1:]
			}
			n, err := strconv.ParseUint(w[2], 10, 29)
			if err != nil {
				return fmt.Errorf("line %d: %w", i+1, err)
			}
			f.typ, f.name, f.number = w[0], w[1], n
			s.messages[message] = append(s.messages[message], f)
		default:
			return fmt.Errorf("line %d is not understood", i+1)
		}
	}
	for _, values := range s.enums {
		shorten(values)
	}
	return nil
}

// shorten takes the prefix that all names of an enum share, up to an underscore, off
// them.
func shorten(values map[int32]string) {
	prefix := values[0]
	for _, name := range values {
		for !strings.HasPrefix(name, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	prefix = prefix[:strings.LastIndex(prefix, "_")+1]
	for n, name := range values {
		values[n] = strings.TrimPrefix(name, prefix)
	}
}
