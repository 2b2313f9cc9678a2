// SPDX-License-Identifier: Apache-2.0

package pbtext

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// String returns a line for each field, those of a message in a message indented by
// two spaces.
func (m Message) String() string {
	var b strings.Builder
	m.print(&b, "")
	return b.String()
}

func (m Message) print(b *strings.Builder, indent string) {
	for _, f := range m {
		b.WriteString(indent + f.Name + ":")
		switch v := f.Value.(type) {
		case Message:
			b.WriteByte('\n')
			v.print(b, indent+"  ")
		default:
			fmt.Fprintf(b, " %v\n", v)
		}
	}
}

// MarshalJSON returns an object with the fields in their order. A field that may
// occur several times, or does, has an array.
func (m Message) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	done := map[string]bool{}
	for i, f := range m {
		if done[f.Name] {
			continue
		}
		done[f.Name] = true
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		values := []any{f.Value}
		for _, other := range m[i+1:] {
			if other.Name == f.Name {
				values = append(values, other.Value)
			}
		}
		var value any = values
		if len(values) == 1 && !f.Repeated {
			value = f.Value
		}
		name, err := json.Marshal(f.Name)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
