// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/wifiprov/wifiprov/internal/secretname"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

var types = map[string]store.Type{
	"u8": store.TypeU8, "i8": store.TypeI8, "u16": store.TypeU16, "i16": store.TypeI16,
	"u32": store.TypeU32, "i32": store.TypeI32, "u64": store.TypeU64, "i64": store.TypeI64,
	"string": store.TypeString, "blob": store.TypeBlob,
}

// parseValue parses a value on the command line. Its errors do not show the value,
// unless that is an integer under a harmless name.
func parseValue(key string, t store.Type, text string, in io.Reader) ([]byte, error) {
	if t.Size() != 0 {
		return parseInteger(key, t, text)
	}
	form, rest, _ := strings.Cut(text, ":")
	switch {
	case form == "text" && rest != text:
		return []byte(rest), nil
	case form == "hex" && rest != text:
		b, err := hex.DecodeString(rest)
		if err != nil {
			return nil, errors.New("the value behind hex: is not pairs of hexadecimal digits: to store the text itself, put text: in front")
		}
		return b, nil
	case form == "base64" && rest != text:
		b, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return nil, errors.New("the value behind base64: is not base64: to store the text itself, put text: in front")
		}
		return b, nil
	case text == "@-":
		b, err := io.ReadAll(io.LimitReader(in, int64(store.MaxBlob+3)))
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		if t == store.TypeString { // typed text, and that of echo, has a line end
			b = bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
		}
		return b, nil
	case strings.HasPrefix(text, "@"):
		b, err := readFile(text[1:], nvsgen.MaxSize)
		if most := mostBytes(t); err == nil && len(b) > most {
			return nil, fmt.Errorf("%s: %d bytes are too long: a %v has at most %d", text[1:], len(b), t, most)
		}
		return b, err
	}
	return []byte(text), nil
}

// mostBytes returns how long a string or blob can be.
func mostBytes(t store.Type) int {
	if t == store.TypeString {
		return store.MaxString
	}
	return store.MaxBlob
}

func parseInteger(key string, t store.Type, text string) ([]byte, error) {
	b, limits := nvsgen.ParseInteger(t, text)
	if b == nil {
		shown := strconv.Quote(text)
		if secretname.Is(key) {
			shown = "the value"
		}
		return nil, fmt.Errorf("%s is no %v: give a number from %s, decimal or with 0x", shown, t, limits)
	}
	return b, nil
}

// number returns an integer or float as text.
func number(t store.Type, v []byte) string {
	var b [8]byte
	copy(b[:], v)
	n := binary.LittleEndian.Uint64(b[:])
	switch {
	case t == nvs.TypeFloat:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(n))), 'g', -1, 32)
	case t == nvs.TypeDouble:
		return strconv.FormatFloat(math.Float64frombits(n), 'g', -1, 64)
	case t.Signed():
		shift := 64 - 8*len(v)
		return strconv.FormatInt(int64(n<<shift)>>shift, 10)
	}
	return strconv.FormatUint(n, 10)
}

// typeName returns the name of a type, including those of newer releases.
func typeName(t store.Type) string {
	switch t {
	case nvs.TypeFloat:
		return "float"
	case nvs.TypeDouble:
		return "double"
	}
	return t.String()
}

// quoted returns a name, in quotes if it could confuse a terminal.
func quoted(name string) string {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r < '!' || r > '~' }) {
		return strconv.Quote(name)
	}
	return name
}
