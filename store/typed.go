// SPDX-License-Identifier: Apache-2.0

package store

// Integer is one of the integer types that a Store knows.
type Integer interface {
	uint8 | uint16 | uint32 | uint64 | int8 | int16 | int32 | int64
}

// typeOf returns the store's type for T.
func typeOf[T Integer]() Type {
	switch any(T(0)).(type) {
	case uint8:
		return TypeU8
	case uint16:
		return TypeU16
	case uint32:
		return TypeU32
	case uint64:
		return TypeU64
	case int8:
		return TypeI8
	case int16:
		return TypeI16
	case int32:
		return TypeI32
	default:
		return TypeI64
	}
}

// Int returns an integer; ErrNotFound if the key holds none of type T.
func Int[T Integer](s Store, namespace, key string) (T, error) {
	var buf [8]byte
	b, err := s.Get(buf[:0], namespace, key, typeOf[T]())
	if err != nil {
		return 0, err
	}
	var v uint64
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return T(v), nil
}

// SetInt stores an integer with the type T.
func SetInt[T Integer](s Store, namespace, key string, v T) error {
	t := typeOf[T]()
	var buf [8]byte
	for i := range buf {
		buf[i] = byte(uint64(v) >> (8 * i))
	}
	return s.Set(namespace, key, t, buf[:t.Size()])
}

// Text returns a string; ErrNotFound if the key holds none.
func Text(s Store, namespace, key string) (string, error) {
	b, err := s.Get(nil, namespace, key, TypeString)
	return string(b), err
}

// SetText stores a string.
func SetText(s Store, namespace, key, v string) error {
	return s.Set(namespace, key, TypeString, []byte(v))
}

// Blob returns a blob; ErrNotFound if the key holds none.
func Blob(s Store, namespace, key string) ([]byte, error) {
	return s.Get(nil, namespace, key, TypeBlob)
}

// SetBlob stores a blob.
func SetBlob(s Store, namespace, key string, v []byte) error {
	return s.Set(namespace, key, TypeBlob, v)
}
