// SPDX-License-Identifier: Apache-2.0

package pb

import (
	"errors"
	"math/bits"
)

// Bounds on what a decoder accepts.
const (
	// MaxRepeated is the largest number of entries in a repeated field.
	MaxRepeated = 256
	// MaxGroupDepth is how deep groups, which the protocol never uses, may
	// nest in what a decoder skips.
	MaxGroupDepth = 16
)

var (
	// ErrMalformed reports input that is not a valid encoding: cut off, a
	// bad tag or varint, a string that is not UTF-8.
	ErrMalformed = errors.New("pb: malformed message")
	// ErrTooMany reports input beyond MaxRepeated or MaxGroupDepth.
	ErrTooMany = errors.New("pb: too many entries or too deeply nested")
)

// Wire types, the low bits of a tag.
const (
	wireVarint     uint32 = 0
	wireFixed64    uint32 = 1
	wireBytes      uint32 = 2
	wireStartGroup uint32 = 3
	wireEndGroup   uint32 = 4
	wireFixed32    uint32 = 5
)

// Bounds of the wire format.
const (
	maxVarint = 10        // bytes of a varint
	maxNumber = 1<<29 - 1 // of a field
	maxInTag  = 1<<31 - 1 // number that a tag can hold
)

// sizeVarint returns the length of v's encoding.
func sizeVarint(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// sizeBytes returns the length of n bytes with their length in front.
func sizeBytes(n int) int { return sizeVarint(uint64(n)) + n }

// appendUvarint appends v's encoding.
func appendUvarint(dst []byte, v uint64) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

// appendVarint appends a field that holds a number, or the beginning of one
// that holds a message of v bytes. In line, in every encoder, it would take
// twice the code of all.
//
//go:noinline
func appendVarint(dst []byte, tag uint32, v uint64) []byte {
	return appendUvarint(appendUvarint(dst, uint64(tag)), v)
}

// appendBytes appends a field that holds bytes or text.
//
//go:noinline
func appendBytes[T []byte | string](dst []byte, tag uint32, v T) []byte {
	return append(appendVarint(dst, tag, uint64(len(v))), v...)
}

// appendBool appends a field that holds a truth value.
func appendBool(dst []byte, tag uint32, v bool) []byte {
	n := uint64(0)
	if v {
		n = 1
	}
	return appendVarint(dst, tag, n)
}

// takeUvarint decodes the varint that b begins with and returns its length; 0:
// there is none, or it has more than 64 bits.
func takeUvarint(b []byte) (v uint64, n int) {
	for n < len(b) && n < maxVarint {
		c := b[n]
		v |= uint64(c&0x7f) << (7 * uint(n))
		n++
		if c >= 0x80 {
			continue
		}
		if n == maxVarint && c > 1 {
			break
		}
		return v, n
	}
	return 0, 0
}

// A field is a field of a message as it came over the wire.
type field struct {
	tag    uint32 // number<<3 | wire type
	varint uint64 // value if the type is wireVarint
	bytes  []byte // value if the type is wireBytes: part of the input, nil if empty
}

// takeField splits the first field off b. A value of any other wire type is
// checked and dropped, so that a decoder which knows no field of that number
// and type has nothing left to do.
func takeField(b []byte) (f field, rest []byte, err error) {
	num, typ, b := takeTag(b)
	if num == 0 || num > maxNumber {
		return field{}, nil, ErrMalformed
	}
	f.tag = num<<3 | typ
	switch typ {
	case wireVarint:
		var n int
		if f.varint, n = takeUvarint(b); n == 0 {
			return field{}, nil, ErrMalformed
		}
		return f, b[n:], nil
	case wireBytes:
		from, to := span(b)
		if to == 0 {
			return field{}, nil, ErrMalformed
		}
		if from < to {
			// No capacity beyond the value, so that append copies it.
			f.bytes = b[from:to:to]
		}
		return f, b[to:], nil
	}
	rest, err = skipValue(num, typ, b)
	return f, rest, err
}

// takeTag splits a tag off b; the number is 0 if there is none.
func takeTag(b []byte) (num, typ uint32, rest []byte) {
	v, n := takeUvarint(b)
	if n == 0 || v>>3 > maxInTag {
		return 0, 0, nil
	}
	return uint32(v >> 3), uint32(v & 7), b[n:]
}

// span returns where in b the bytes are whose length it begins with; to is 0
// if they are not all there.
func span(b []byte) (from, to int) {
	v, n := takeUvarint(b)
	if n == 0 || v > uint64(len(b)-n) {
		return 0, 0
	}
	return n, n + int(v)
}

// skipValue skips the value that follows a tag. Groups are walked with an
// explicit stack: with a recursion they could nest as deep as the input is
// long, which would overrun the small goroutine stacks of a microcontroller.
func skipValue(num, typ uint32, b []byte) (rest []byte, err error) {
	var open [MaxGroupDepth]uint32
	depth := 0
	for {
		n := 0
		switch typ {
		case wireVarint:
			_, n = takeUvarint(b)
		case wireFixed64:
			n = 8
		case wireBytes:
			_, n = span(b)
		case wireFixed32:
			n = 4
		case wireStartGroup:
			if depth == len(open) {
				return nil, ErrTooMany
			}
			open[depth] = num
			depth++
		case wireEndGroup:
			if depth == 0 || open[depth-1] != num {
				return nil, ErrMalformed
			}
			depth--
		default:
			return nil, ErrMalformed
		}
		isGroup := typ == wireStartGroup || typ == wireEndGroup
		if n == 0 && !isGroup || n > len(b) {
			return nil, ErrMalformed
		}
		b = b[n:]
		if depth == 0 {
			return b, nil
		}
		// Inside a group protobuf accepts any number that fits a tag.
		if num, typ, b = takeTag(b); num == 0 {
			return nil, ErrMalformed
		}
	}
}

// skipAll checks the fields of a message that has none of its own.
func skipAll(b []byte) error {
	for len(b) > 0 {
		_, rest, err := takeField(b)
		if err != nil {
			return err
		}
		b = rest
	}
	return nil
}
