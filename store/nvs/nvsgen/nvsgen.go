// SPDX-License-Identifier: Apache-2.0

package nvsgen

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// MaxSize is the largest partition that Generate makes, in bytes; no ESP32 has
// a larger flash.
const MaxSize = 128 << 20

// Options of Generate.
type Options struct {
	// Size of the partition in bytes: a multiple of 4096, up to MaxSize. One
	// sector stays free, since a device needs it for writing. A partition of one
	// or two sectors has no free sector and can only be read.
	Size int
	// Version of the format: 2, or 1 with blobs of the old kind. 0: 2.
	Version int
	// Keys encrypt the partition. nil: it is plain.
	Keys *nvs.Keys
	// ReadFile returns the contents of a file named in a row of type file, for
	// Generate; see Folder. nil: such rows are refused.
	ReadFile func(name string) ([]byte, error)
}

// Folder returns a function for Options.ReadFile for which relative names begin at a
// folder, the CSV file's for instance. A name may lead out of the folder, by ".." or as
// an absolute name.
func Folder(dir string) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		return os.ReadFile(name)
	}
}

// Generate returns the image of a partition with the values that a CSV file
// lists. The image opens in package nvs and on a device without a write.
//
// The errors are ErrSize, ErrVersion, an *Error that names the wrong row, and those of the
// reader. An *Error of ErrFull names the first row that does not fit.
func Generate(csv io.Reader, o Options) ([]byte, error) {
	image, err := generate(csv, o)
	if err != nil {
		return nil, fmt.Errorf("nvsgen: %w", err)
	}
	return image, nil
}

func generate(csv io.Reader, o Options) ([]byte, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(csv)
	if err != nil {
		return nil, err
	}
	t, err := Read(File{Text: text, ReadFile: o.ReadFile})
	if err != nil {
		return nil, err
	}
	return t.Image(o)
}

// check returns why an image cannot be made with the options.
func (o *Options) check() error {
	if o.Size <= 0 || o.Size%nvsfmt.PageSize != 0 || o.Size > MaxSize {
		return fmt.Errorf("%w: %d bytes (%#x); give a multiple of 4096 (0x1000), as in the partition table",
			ErrSize, o.Size, o.Size)
	}
	if o.Version < 0 || o.Version > 2 {
		return fmt.Errorf("%w %d: use 2, or 1 for ESP-IDF before 3.2", ErrVersion, o.Version)
	}
	return nil
}

// cipher returns the cipher of keys; nil: none.
func cipher(k *nvs.Keys) (*nvsfmt.Cipher, error) {
	if k == nil {
		return nil, nil
	}
	return nvsfmt.NewCipher(&k.Data, &k.Tweak)
}

// table places everything, each namespace before its first value.
func (l *layout) table(t *table) error {
	named := 0
	nameUpTo := func(n int) error {
		for ; named < n; named++ {
			err := l.integer(0, nvsfmt.TypeU8, nvsfmt.NameOf(t.namespaces[named]), []byte{byte(named + 1)})
			if err != nil {
				return full(err, t.origins[named], t.namespaces[named], len(l.image))
			}
		}
		return nil
	}
	for i := range t.rows {
		r := &t.rows[i]
		if err := nameUpTo(r.namespace + 1); err != nil {
			return err
		}
		if err := l.row(r); err != nil {
			return full(err, r.origin, r.key, len(l.image))
		}
	}
	return nameUpTo(len(t.namespaces))
}

// full makes an error for the row that does not fit.
func full(err error, at origin, key string, size int) error {
	if err != ErrFull {
		return err
	}
	return &Error{File: at.file, Line: at.line, Key: key, Err: err, Why: fmt.Sprintf(
		"%v: there is no room for this row in %d bytes (%#x); make the partition larger", err, size, size)}
}
