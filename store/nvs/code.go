// SPDX-License-Identifier: Apache-2.0

package nvs

import (
	"errors"
	"strconv"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
)

// Code is an error with ESP-IDF's number. Methods wrap it in a *store.Error with
// operation and key. With errors.Is a Code matches the error of package store that means
// the same.
type Code uint16

// Errors. The names are those of ESP-IDF without ESP_ERR_NVS_.
const (
	NotInitialized     Code = 0x1101 // the partition was closed
	NotFound           Code = 0x1102 // store.ErrNotFound
	ReadOnly           Code = 0x1104 // opened read-only
	NotEnoughSpace     Code = 0x1105 // store.ErrFull
	KeyTooLong         Code = 0x1109 // store.ErrInvalid
	NoFreePages        Code = 0x110d // no sector is free: not a partition of this format, or too small
	ValueTooLong       Code = 0x110e // store.ErrInvalid
	NewVersionFound    Code = 0x1110 // written by a newer format
	KeysNotInitialized Code = 0x1116 // erased key partition
	CorruptKeys        Code = 0x1117 // key partition with a wrong checksum
	WrongEncryption    Code = 0x1119 // keys missing, unnecessary or wrong; nothing was changed
	InvalidArgument    Code = 0x0102 // store.ErrInvalid
	InvalidSize        Code = 0x0104 // the flash has no whole sector, or sectors of another size
)

// Error returns what went wrong.
func (c Code) Error() string {
	switch c {
	case NotInitialized:
		return "the partition is closed"
	case NotFound:
		return store.ErrNotFound.Error()
	case ReadOnly:
		return "the partition was opened read-only"
	case NotEnoughSpace:
		return store.ErrFull.Error()
	case KeyTooLong, ValueTooLong, InvalidArgument:
		return store.ErrInvalid.Error()
	case NoFreePages:
		return "no free page: the partition is too small or holds something else; erase it to start afresh"
	case NewVersionFound:
		return "the partition was written by a newer version of the format"
	case KeysNotInitialized:
		return "the key partition is erased: generate keys first"
	case CorruptKeys:
		return "the key partition's checksum is wrong"
	case WrongEncryption:
		return "no entry can be read: the partition is encrypted with other keys, or keys were given for a plain one"
	case InvalidSize:
		return "not a flash of 4096-byte sectors"
	}
	return "nvs error"
}

// Is matches the errors of package store.
func (c Code) Is(target error) bool {
	switch c {
	case NotFound:
		return target == store.ErrNotFound
	case NotEnoughSpace:
		return target == store.ErrFull
	case KeyTooLong, ValueTooLong, InvalidArgument:
		return target == store.ErrInvalid
	}
	return false
}

// CodeOf returns the number that a C program would see for an error of this package: 0
// for nil, 0x6001 for an error of the flash.
func CodeOf(err error) Code {
	var c Code
	switch {
	case err == nil:
		return 0
	case errors.As(err, &c):
		return c
	case errors.Is(err, store.ErrInvalid):
		return InvalidArgument
	}
	return 0x6001
}

// Hex returns the number as C programs print it, 0x1102.
func (c Code) Hex() string { return "0x" + strconv.FormatUint(uint64(c), 16) }

// fail wraps an error with the operation and key it belongs to.
func fail(op, namespace, key string, err error) error {
	if err == nil {
		return nil
	}
	if _, done := err.(*store.Error); done {
		return err
	}
	return &store.Error{Op: op, Namespace: namespace, Key: key, Err: err}
}

// notFound is fail with NotFound, or with the reason if no store takes the name.
func notFound(op, namespace, key string, err error) error {
	if err == NotFound {
		if wrong := checkNames(op, namespace, key); wrong != nil {
			return wrong
		}
	}
	return fail(op, namespace, key, err)
}

// checkNames is store.CheckNames with the codes of this package.
func checkNames(op, namespace, key string) error {
	return coded(store.CheckNames(op, namespace, key))
}

// checkValue is store.Check with the codes of this package.
func checkValue(namespace, key string, t store.Type, value []byte) error {
	err := store.Check(namespace, key, t, value)
	if e, ok := err.(*store.Error); ok && len(key) <= nvsfmt.MaxKey && len(namespace) <= nvsfmt.MaxKey &&
		(t == store.TypeString && len(value) > store.MaxString || t == store.TypeBlob && len(value) > store.MaxBlob) {
		e.Err = ValueTooLong
		return e
	}
	return coded(err)
}

func coded(err error) error {
	if e, ok := err.(*store.Error); ok && e.Err == store.ErrInvalid {
		e.Err = InvalidArgument
		if len(e.Key) > nvsfmt.MaxKey || len(e.Namespace) > nvsfmt.MaxKey {
			e.Err = KeyTooLong
		}
	}
	return err
}
