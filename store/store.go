// SPDX-License-Identifier: Apache-2.0

package store

import "iter"

// Store is a set of namespaces with typed values.
//
// # Names
//
// Namespace and key are 1 to 15 bytes of printable ASCII. A key holds one
// value. A namespace exists as long as it holds a key.
//
// # Concurrency and ownership
//
// Methods may be called from any goroutine and may overlap. They return when the
// storage has taken or delivered the data, and wait for nothing else. A slice given to
// a method belongs to the caller again when the method returns. The store keeps no
// slice that it returns.
//
// # Atomicity
//
// Other callers see each Set, Erase and EraseAll completely or not at all. After a power
// cut a key holds its old or its new value, never a mixture or nothing; EraseAll may
// have erased only some keys. Several calls are not atomic together, even if one Commit
// follows them. An error leaves the key unchanged.
//
// # Errors
//
// Errors name operation, namespace and key. With errors.Is they match one of this
// package's errors, unless the storage itself failed.
type Store interface {
	// Get appends the value of a key to dst and returns the result. If there is
	// no value, or one of another type, the error is ErrNotFound. After an error
	// dst is returned unchanged.
	Get(dst []byte, namespace, key string, t Type) ([]byte, error)

	// Set stores a value. It replaces the key's former value, also one of another
	// type. It fails with ErrInvalid for a name, type or value that Check
	// refuses, and with ErrFull if there is no space left.
	Set(namespace, key string, t Type, value []byte) error

	// Erase removes a key, whatever its type; ErrNotFound without one.
	Erase(namespace, key string) error

	// EraseAll removes all keys of a namespace. It succeeds if there are none.
	EraseAll(namespace string) error

	// Entries yields all keys of a namespace, or of all namespaces for "", in no
	// particular order. The body of the loop may call the Store. Keys that it
	// erases are not yielded any more; keys that it sets may be. An error ends
	// the loop.
	Entries(namespace string) iter.Seq2[Entry, error]

	// Commit returns when everything set and erased before survives a power cut.
	// Without Commit it may or may not survive.
	Commit() error
}

// Entry describes a key.
type Entry struct {
	Namespace string
	Key       string
	Type      Type
}

// Limits of a Store.
const (
	// MaxName is the longest namespace or key in bytes.
	MaxName = 15
	// MaxString is the longest string value in bytes (docs/spec/nvs.md 11).
	MaxString = 3999
	// MaxBlob is the longest blob in bytes. A store that is too small for it
	// fails with ErrFull.
	MaxBlob = 508000
)

// Type is a value's type, with the numbers of NVS.
type Type uint8

// Types. Integers are 1, 2, 4 or 8 bytes in little-endian order.
const (
	TypeU8     Type = 0x01
	TypeU16    Type = 0x02
	TypeU32    Type = 0x04
	TypeU64    Type = 0x08
	TypeI8     Type = 0x11
	TypeI16    Type = 0x12
	TypeI32    Type = 0x14
	TypeI64    Type = 0x18
	TypeString Type = 0x21 // up to MaxString bytes, none of them zero
	TypeBlob   Type = 0x42 // up to MaxBlob bytes
)

// Size returns the number of bytes of an integer type, 0 for string and blob.
func (t Type) Size() int {
	switch t {
	case TypeU8, TypeU16, TypeU32, TypeU64, TypeI8, TypeI16, TypeI32, TypeI64:
		return int(t & 0x0f)
	}
	return 0
}

// Signed reports whether t is a signed integer.
func (t Type) Signed() bool { return t.Size() != 0 && t&0x10 != 0 }

// String returns u8, i8 … i64, string or blob.
func (t Type) String() string {
	switch t {
	case TypeU8:
		return "u8"
	case TypeU16:
		return "u16"
	case TypeU32:
		return "u32"
	case TypeU64:
		return "u64"
	case TypeI8:
		return "i8"
	case TypeI16:
		return "i16"
	case TypeI32:
		return "i32"
	case TypeI64:
		return "i64"
	case TypeString:
		return "string"
	case TypeBlob:
		return "blob"
	}
	const digits = "0123456789abcdef"
	return "type 0x" + string([]byte{digits[t>>4], digits[t&15]})
}
