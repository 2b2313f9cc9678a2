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
// Methods may be called from any goroutine and may overlap. They return when
// the storage has taken or delivered the data, and wait for nothing else.
// Slices given to a method belong to the caller again when it returns; no
// slice returned is shared with the store.
//
// # Atomicity
//
// Each Set, Erase and EraseAll is seen whole or not at all by other callers.
// After a power cut a key holds its old or its new value, never a mixture or
// nothing, and EraseAll may have erased some keys only. Several calls are no
// unit, not even when one Commit follows them. After an error the key is as it
// was.
//
// # Errors
//
// Errors say operation, namespace and key, and match with errors.Is one of
// this package's sentinels, unless the storage itself failed.
type Store interface {
	// Get appends the value of a key to dst and returns the result. A value
	// of another type is as good as none: the error is ErrNotFound in both
	// cases. After an error dst is returned as it was given.
	Get(dst []byte, namespace, key string, t Type) ([]byte, error)

	// Set stores a value, replacing what the key held, also when that was of
	// another type. ErrInvalid: a name, the type, or the value does not
	// comply (see Check). ErrFull: no space left.
	Set(namespace, key string, t Type, value []byte) error

	// Erase removes a key, whatever its type; ErrNotFound without one.
	Erase(namespace, key string) error

	// EraseAll removes all keys of a namespace. Without one it succeeds.
	EraseAll(namespace string) error

	// Entries yields all keys of a namespace, or of all namespaces for "", in
	// no particular order. The body of the loop may call the Store. Keys
	// erased meanwhile are not met any more, keys set meanwhile may be. An
	// error ends the loop.
	Entries(namespace string) iter.Seq2[Entry, error]

	// Commit returns when everything set and erased before survives a power
	// cut. Without Commit it may or may not.
	Commit() error
}

// Entry is what Entries tells of a key.
type Entry struct {
	Namespace string
	Key       string
	Type      Type
}

// Limits of a Store.
const (
	// MaxName is the longest namespace or key in bytes.
	MaxName = 15
	// MaxString is the longest string value in bytes (nvs.md 11).
	MaxString = 3999
	// MaxBlob is the longest blob in bytes. A store may be too small for it
	// and then says ErrFull.
	MaxBlob = 508000
)

// Type is a value's type, with the numbers of NVS (nvs.md 4.2).
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
