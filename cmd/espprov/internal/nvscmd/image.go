// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

// imageFlags are the flags of the commands that work on an image.
type imageFlags struct {
	keyFlags
	placeFlags
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
func openImage(s cli.Streams, path string, f *imageFlags) (*image, error) {
	b, name, err := readInput(path, s.In, nvsgen.MaxSize)
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
	var text string
	switch code := nvs.CodeOf(err); {
	case code == nvs.WrongEncryption && m.keys == nil:
		text = "none of its entries can be read: it is encrypted, or no NVS partition: give --keys FILE or --hmac-key FILE"
	case code == nvs.WrongEncryption && nvscheck.Check(m.flash.b, nil).OpenError != code:
		text = "it is not encrypted: leave out --keys or --hmac-key"
	case code == nvs.WrongEncryption:
		text = "none of its entries can be read: it is encrypted with other keys than these, or no NVS partition"
	case code == nvs.NoFreePages && sectors < minWritable:
		text = fmt.Sprintf("a partition of %s is for reading only: writing takes %d", plural(sectors, "sector"), minWritable)
	default:
		text = fmt.Sprintf("%v: espprov nvs check tells more", errors.Unwrap(err))
	}
	return files.Named(m.path, text, err)
}

// minWritable is the size, in sectors, of the smallest partition that can be written.
const minWritable = 3

// save closes the partition and, if it has changed, replaces the whole file.
func (m *image) save() error {
	if err := m.Close(); err != nil {
		return fmt.Errorf("%s: %w", m.path, err)
	}
	if m.file == nil {
		return files.Make(m.path, m.flash.b)
	}
	if bytes.Equal(m.before(), m.flash.b) {
		return nil
	}
	return files.Change(m.path, bytes.Join([][]byte{m.file[:m.place.from], m.flash.b, m.file[m.place.to:]}, nil))
}
