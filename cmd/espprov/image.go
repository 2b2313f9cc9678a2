// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"

	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

// keyFlags are --keys and --hmac-key.
type keyFlags struct{ keys, hmac string }

func (k *keyFlags) define(flags *flag.FlagSet) {
	flags.StringVar(&k.keys, "keys", "", "the partition is encrypted with the keys in this `FILE`, a key partition's contents")
	flags.StringVar(&k.hmac, "hmac-key", "", "the partition is encrypted with keys derived from the 32-byte eFuse secret in this `FILE`")
}

// load returns the keys, nil if no flag is given.
func (k *keyFlags) load() (*nvs.Keys, error) {
	switch {
	case k.keys != "" && k.hmac != "":
		return nil, errors.New("both --keys and --hmac-key are given: a partition has one kind of keys")
	case k.keys != "":
		b, err := readFile(k.keys, nvs.SectorSize*16)
		if err != nil {
			return nil, err
		}
		keys, err := nvs.ParseKeys(b)
		if err != nil {
			return nil, fmt.Errorf("%s: not a file of keys (%v): give the file that the keys were generated into, "+
				"not a dump of the key partition, which the chip encrypts", k.keys, err)
		}
		return keys, nil
	case k.hmac != "":
		b, err := readFile(k.hmac, nvs.SectorSize)
		if err != nil {
			return nil, err
		}
		if len(b) != 32 {
			return nil, fmt.Errorf("%s: %d bytes: the secret in an eFuse key block has 32", k.hmac, len(b))
		}
		return nvs.DeriveKeys(b), nil
	}
	return nil, nil
}

// imageFlags are the flags of the commands that work on an image.
type imageFlags struct {
	keyFlags
	placeFlags
}

func defineImageFlags(flags *flag.FlagSet, aboutSize string) *imageFlags {
	f := new(imageFlags)
	f.keyFlags.define(flags)
	f.placeFlags.define(flags, aboutSize)
	return f
}

// memory is the flash that commands work on. It holds the whole image, which save
// writes at once.
type memory struct{ b []byte }

func (m *memory) Size() int64           { return int64(len(m.b)) }
func (m *memory) EraseBlockSize() int64 { return nvs.SectorSize }

func (m *memory) ReadAt(p []byte, off int64) (int, error) { return copy(p, m.b[off:]), nil }

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	for i, c := range p {
		m.b[off+int64(i)] &= c
	}
	return len(p), nil
}

func (m *memory) EraseBlocks(start, n int64) error {
	b := m.b[start*nvs.SectorSize : (start+n)*nvs.SectorSize]
	copy(b, bytes.Repeat([]byte{0xff}, len(b)))
	return nil
}

// image is a file with an open partition.
type image struct {
	*nvs.Partition
	path  string // as the user named it
	file  []byte // the file's contents, nil if there was none
	place extent
	flash *memory // a copy of the partition
	keys  *nvs.Keys
}

// openImage opens a file, or the standard input for -, for reading. Repairs are made
// in memory.
func openImage(s streams, path string, f *imageFlags) (*image, error) {
	b, name, err := readInput(path, s.in, nvsgen.MaxSize)
	if err != nil {
		return nil, err
	}
	return openFile(name, b, f, false)
}

// changeImage opens a file for writing.
func changeImage(path string, f *imageFlags) (*image, error) {
	if path == standard {
		return nil, errors.New("-: the image to change is a file: give its name (./- if it is called that)")
	}
	b, err := readFile(path, nvsgen.MaxSize)
	if err != nil {
		return nil, err
	}
	return openFile(path, b, f, true)
}

func openFile(name string, file []byte, f *imageFlags, writing bool) (*image, error) {
	at, err := f.find(name, file)
	if err != nil {
		return nil, err
	}
	if err := at.refuse(name, file, writing); err != nil {
		return nil, err
	}
	return openPart(name, file, at, bytes.Clone(file[at.from:at.to]), f, writing)
}

func openPart(name string, file []byte, at extent, part []byte, f *imageFlags, writing bool) (*image, error) {
	keys, err := f.load()
	if err != nil {
		return nil, err
	}
	m := &image{path: name, file: file, place: at, flash: &memory{part}, keys: keys}
	if m.Partition, err = nvs.Open(m.flash, nvs.Options{Keys: keys, ReadOnly: !writing}); err != nil {
		return nil, m.openFault(err)
	}
	return m, nil
}

// before returns the partition as it was in the file.
func (m *image) before() []byte { return m.file[m.place.from:m.place.to] }

// openFault adds to an error of opening what to do about it.
func (m *image) openFault(err error) error {
	sectors := len(m.flash.b) / nvs.SectorSize
	text := m.path + ": "
	switch code := nvs.CodeOf(err); {
	case code == nvs.WrongEncryption && m.keys == nil:
		text += "none of its entries can be read: it is encrypted, or no NVS partition: give --keys FILE or --hmac-key FILE"
	case code == nvs.WrongEncryption && nvscheck.Check(m.flash.b, nil).OpenError != code:
		text += "it is not encrypted: leave out --keys or --hmac-key"
	case code == nvs.WrongEncryption:
		text += "none of its entries can be read: it is encrypted with other keys than these, or no NVS partition"
	case code == nvs.NoFreePages && sectors < minWritable:
		text += fmt.Sprintf("a partition of %s is for reading only: writing takes %d", plural(sectors, "sector"), minWritable)
	default:
		text += fmt.Sprintf("%v: espprov nvs check tells more", errors.Unwrap(err))
	}
	return errors.New(text)
}

// minWritable is the size, in sectors, of the smallest partition that can be written.
const minWritable = 3

// save closes the partition and, if it has changed, replaces the whole file.
func (m *image) save() error {
	if err := m.Close(); err != nil {
		return fmt.Errorf("%s: %w", m.path, err)
	}
	if m.file == nil {
		return makeFile(m.path, m.flash.b)
	}
	if bytes.Equal(m.before(), m.flash.b) {
		return nil
	}
	return changeFile(m.path, bytes.Join([][]byte{m.file[:m.place.from], m.flash.b, m.file[m.place.to:]}, nil))
}
