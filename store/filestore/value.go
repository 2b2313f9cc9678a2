package filestore

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/wifiprov/wifiprov/store"
)

// types are all types by the names that String gives them.
var types = []store.Type{
	store.TypeU8, store.TypeI8, store.TypeU16, store.TypeI16, store.TypeU32, store.TypeI32,
	store.TypeU64, store.TypeI64, store.TypeString, store.TypeBlob,
}

// formatValue returns "type value".
func formatValue(t store.Type, value []byte) string {
	text := ""
	switch {
	case t == store.TypeBlob:
		text = hex.EncodeToString(value)
	case t == store.TypeString:
		text = strconv.Quote(string(value))
	case t.Signed():
		shift := 64 - 8*t.Size()
		text = strconv.FormatInt(int64(number(value)<<shift)>>shift, 10)
	default:
		text = strconv.FormatUint(number(value), 10)
	}
	return t.String() + " " + text
}

func number(value []byte) uint64 {
	var buf [8]byte
	copy(buf[:], value)
	return binary.LittleEndian.Uint64(buf[:])
}

// parseValue is the inverse of formatValue.
func parseValue(s string) (store.Type, []byte, error) {
	name, text, _ := strings.Cut(s, " ")
	for _, t := range types {
		if t.String() == name {
			value, err := parse(t, text)
			return t, value, err
		}
	}
	return 0, nil, fmt.Errorf("unknown type %q", name)
}

func parse(t store.Type, text string) ([]byte, error) {
	var v uint64
	var err error
	switch {
	case t == store.TypeBlob:
		return hex.DecodeString(text)
	case t == store.TypeString:
		text, err = strconv.Unquote(text)
		return []byte(text), err
	case t.Signed():
		var i int64
		i, err = strconv.ParseInt(text, 10, 8*t.Size())
		v = uint64(i)
	default:
		v, err = strconv.ParseUint(text, 10, 8*t.Size())
	}
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", t, text, errors.Unwrap(err))
	}
	return binary.LittleEndian.AppendUint64(nil, v)[:t.Size()], nil
}
