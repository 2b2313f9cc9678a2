package pb

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
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

// Wire types as the low bits of a tag.
const (
	wireVarint = uint32(protowire.VarintType)
	wireBytes  = uint32(protowire.BytesType)
)

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
	num, typ, n := protowire.ConsumeTag(b)
	if n < 0 || num > protowire.MaxValidNumber {
		return field{}, nil, ErrMalformed
	}
	b = b[n:]
	f.tag = uint32(num)<<3 | uint32(typ)
	switch typ {
	case protowire.VarintType:
		f.varint, n = protowire.ConsumeVarint(b)
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(b)
		// No capacity beyond the value, so that append copies it.
		f.bytes = f.bytes[:len(f.bytes):len(f.bytes)]
		if len(f.bytes) == 0 {
			f.bytes = nil
		}
	default:
		rest, err = skipValue(num, typ, b)
		return f, rest, err
	}
	if n < 0 {
		return field{}, nil, ErrMalformed
	}
	return f, b[n:], nil
}

// skipValue skips the value that follows a tag. Groups are walked with an
// explicit stack: protowire recurses up to 10000 deep, a byte of input for
// each level, which would overrun the small goroutine stacks of a
// microcontroller.
func skipValue(num protowire.Number, typ protowire.Type, b []byte) (rest []byte, err error) {
	var open [MaxGroupDepth]protowire.Number
	depth := 0
	for {
		switch typ {
		case protowire.StartGroupType:
			if depth == len(open) {
				return nil, ErrTooMany
			}
			open[depth] = num
			depth++
		case protowire.EndGroupType:
			if depth == 0 || open[depth-1] != num {
				return nil, ErrMalformed
			}
			depth--
		default:
			n := protowire.ConsumeFieldValue(num, typ, b)
			if n < 0 {
				return nil, ErrMalformed
			}
			b = b[n:]
		}
		if depth == 0 {
			return b, nil
		}
		// Inside a group protobuf accepts any number that fits a tag.
		var n int
		num, typ, n = protowire.ConsumeTag(b)
		if n < 0 {
			return nil, ErrMalformed
		}
		b = b[n:]
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
