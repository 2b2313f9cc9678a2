// SPDX-License-Identifier: Apache-2.0

package nvsgen

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// ErrOneWay means that Encrypt or Decrypt could not undo what the other does to an image.
var ErrOneWay = errors.New("the way back would lead to other bytes")

// Encrypt returns the image of an encrypted partition that holds what a plain one does,
// entry by entry at its place: also entries that are erased, or that a power cut left.
// Decrypt returns the image as it was, byte for byte. Bytes behind the last whole sector
// stay as they are. image is not changed, and whether it is plain is not checked.
//
// The error is that of keys that cannot be used, or wraps ErrOneWay: an entry has no mark
// in the bitmap, but is not blank, and would be blank in the result. Only chance or
// somebody's hand makes such an entry, or a power cut in a value of bytes 0xff.
func Encrypt(image []byte, keys *nvs.Keys) ([]byte, error) {
	return convert(image, keys, (*nvsfmt.Cipher).Encrypt)
}

// Decrypt is the reverse of Encrypt.
func Decrypt(image []byte, keys *nvs.Keys) ([]byte, error) {
	return convert(image, keys, (*nvsfmt.Cipher).Decrypt)
}

func convert(image []byte, keys *nvs.Keys, entry func(*nvsfmt.Cipher, []byte, int64)) ([]byte, error) {
	c, err := cipher(keys)
	if err != nil {
		return nil, fmt.Errorf("nvsgen: %w", err)
	}
	out := bytes.Clone(image)
	for sector := range len(image) / nvsfmt.PageSize {
		bits := nvsfmt.ParseBitmap(image[sector*nvsfmt.PageSize+nvsfmt.BitmapOffset:])
		for i := range nvsfmt.EntriesPerPage {
			off := nvsfmt.EntryOffset(sector, i)
			e := out[off : off+nvsfmt.EntrySize]
			// What no writer touched is blank in both kinds of partition.
			unmarked := bits.At(i) == nvsfmt.UseFree
			if unmarked && nvsfmt.IsErased(e) {
				continue
			}
			entry(c, e, off)
			if unmarked && nvsfmt.IsErased(e) {
				return nil, fmt.Errorf("nvsgen: sector %d, entry %d: %w: the entry has no mark in the bitmap, and would be blank",
					sector, i, ErrOneWay)
			}
		}
	}
	return out, nil
}
