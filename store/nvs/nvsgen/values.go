// SPDX-License-Identifier: Apache-2.0

package nvsgen

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/internal/secretname"
	"github.com/wifiprov/wifiprov/store"
)

// fault describes an error in a value or its encoding.
type fault struct {
	column int // 2: encoding, 3: value
	why    string
}

func badValue(format string, args ...any) *fault { return &fault{3, fmt.Sprintf(format, args...)} }

var integers = map[string]store.Type{
	"u8": store.TypeU8, "i8": store.TypeI8, "u16": store.TypeU16, "i16": store.TypeI16,
	"u32": store.TypeU32, "i32": store.TypeI32, "u64": store.TypeU64, "i64": store.TypeI64,
}

// decode returns type and data of a value.
func decode(key, encoding string, value []byte) (store.Type, []byte, *fault) {
	encoding = strings.ToLower(encoding)
	if t := integers[encoding]; t != 0 {
		b, limits := ParseInteger(t, string(value))
		if b == nil {
			shown := strconv.Quote(string(bytes.TrimSpace(value)))
			if secretname.Is(key) || len(value) > 40 {
				shown = "the value"
			}
			return 0, nil, badValue("%s is no %s: write a number from %s", shown, t, limits)
		}
		return t, b, nil
	}
	switch encoding {
	case "string":
		return store.TypeString, value, checkText(value)
	case "binary":
		return store.TypeBlob, value, nil
	case "hex2bin":
		b, err := fromHex(bytes.TrimSpace(value))
		return store.TypeBlob, b, err
	case "base64":
		b, err := base64.StdEncoding.DecodeString(string(value)) // ignores line ends
		var at base64.CorruptInputError
		if errors.As(err, &at) {
			return 0, nil, badValue("not base64 at character %d: use letters, digits, + and /, filled up with = to a multiple of 4", int64(at)+1)
		}
		return store.TypeBlob, b, nil
	}
	if b, done, err := fill(encoding, value); done {
		return store.TypeBlob, b, err
	}
	return 0, nil, &fault{2, fmt.Sprintf("%s: use u8, i8, u16, i16, u32, i32, u64, i64, string, hex2bin, base64, "+
		"binary, blob_fill(n;0xXX) or blob_sz_fill(n;0xXX)", unknown(key, "encoding", encoding))}
}

// unknown names an unknown text, unless it could be a secret in the wrong column.
func unknown(key, what, text string) string {
	if secretname.Is(key) || len(text) > 40 {
		return "this " + what + " is not known"
	}
	return fmt.Sprintf("%s %q", what, text)
}

// ParseInteger returns an integer of type t in little-endian order. If text is invalid it
// returns nil and the limits of the type, "0 to 255". Text is decimal, or hexadecimal
// with 0x. As in the original it may have leading zeros, a sign, underscores between
// digits, and blanks around it.
func ParseInteger(t store.Type, text string) (b []byte, limits string) {
	bits := 8 * t.Size()
	most, least := uint64(math.MaxUint64)>>(64-bits), uint64(0)
	if t.Signed() {
		most >>= 1
		least = most + 1 // without its sign
	}
	limits = "0 to "
	if least > 0 {
		limits = "-" + strconv.FormatUint(least, 10) + " to "
	}
	limits += strconv.FormatUint(most, 10)

	digits, negative := strings.CutPrefix(strings.TrimSpace(text), "-")
	if !negative {
		digits = strings.TrimPrefix(digits, "+")
	}
	base := 10
	if len(digits) > 2 && strings.EqualFold(digits[:2], "0x") {
		digits, base = digits[2:], 16
	}
	if strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__") {
		return nil, limits
	}
	n, err := strconv.ParseUint(strings.ReplaceAll(digits, "_", ""), base, 64)
	if err != nil || !negative && n > most || negative && n > least {
		return nil, limits
	}
	if negative {
		n = -n
	}
	return binary.LittleEndian.AppendUint64(nil, n)[:t.Size()], limits
}

func checkText(value []byte) *fault {
	if i := bytes.IndexByte(value, 0); i >= 0 {
		return badValue("byte %d is zero, which ends a string: store it as binary", i+1)
	}
	if len(value)+1 > maxString {
		return badValue("a string of %d bytes: at most %d fit a page; store it as binary", len(value), maxString-1)
	}
	return nil
}

func fromHex(digits []byte) ([]byte, *fault) {
	b := make([]byte, hex.DecodedLen(len(digits)))
	n, err := hex.Decode(b, digits)
	switch {
	case errors.Is(err, hex.ErrLength):
		return nil, badValue("an odd number of hexadecimal digits, %d: each byte takes two", len(digits))
	case err != nil:
		at := 2 * n
		if _, odd := nibble(digits[at]); odd {
			at++
		}
		return nil, badValue("not a hexadecimal digit at character %d: use 0 to 9 and a to f, without 0x", at+1)
	}
	return b, nil
}

func nibble(c byte) (byte, bool) {
	b, err := hex.DecodeString("0" + string(rune(c)))
	if err != nil {
		return 0, false
	}
	return b[0], true
}

// fill reads blob_fill(n;0xXX) and blob_sz_fill(n;0xXX).
func fill(encoding string, value []byte) (b []byte, done bool, err *fault) {
	args, sized := strings.CutPrefix(encoding, "blob_sz_fill(")
	if !sized {
		var plain bool
		if args, plain = strings.CutPrefix(encoding, "blob_fill("); !plain {
			return nil, false, nil
		}
	}
	args, closed := strings.CutSuffix(args, ")")
	count, with, both := strings.Cut(args, ";")
	n, err1 := strconv.ParseUint(count, 10, 20)
	c, err2 := strconv.ParseUint(strings.TrimPrefix(with, "0x"), 16, 8)
	if !closed || !both || err1 != nil || err2 != nil || !strings.HasPrefix(with, "0x") {
		return nil, true, &fault{2, fmt.Sprintf("encoding %q: write blob_fill(n;0xXX) with the number of bytes and the byte "+
			"to fill up with, as in blob_fill(64;0x00)", encoding)}
	}
	if uint64(len(value)) > n {
		return nil, true, badValue("%d bytes, %d more than the encoding has room for", len(value), uint64(len(value))-n)
	}
	if n > store.MaxBlob {
		return nil, true, &fault{2, fmt.Sprintf("blobs have at most %d bytes", store.MaxBlob)}
	}
	if sized {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	}
	b = append(b, value...)
	return append(b, bytes.Repeat([]byte{byte(c)}, int(n)-len(value))...), true, nil
}

// maxString is the longest string in the original's layout, with its terminator: one entry
// of each page stays unused (nvs.md 17).
const maxString = (nvsfmt.EntriesPerPage - 2) * nvsfmt.EntrySize
