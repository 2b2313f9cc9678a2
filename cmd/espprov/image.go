package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

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

// readFile reads a file up to a limit.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fileError(err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: it is a folder: give a file", path)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %d bytes, and at most %d are read: is it the right file?", path, info.Size(), limit)
	}
	b, err := os.ReadFile(path)
	return b, fileError(err)
}

// fileError shortens an error to file and reason.
func fileError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		reason := p.Err.Error()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			reason = "there is no such file"
		case errors.Is(err, fs.ErrExist):
			reason = "the file exists already"
		case errors.Is(err, fs.ErrPermission):
			reason = "no permission"
		}
		return &namedError{p.Path, reason, err}
	}
	return err
}

type namedError struct {
	path, reason string
	err          error
}

func (e *namedError) Error() string { return e.path + ": " + e.reason }
func (e *namedError) Unwrap() error { return e.err }

// memory is the flash that commands work on: the whole image, which save puts
// in the file's place at once.
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

// image is a file with a partition, open.
type image struct {
	*nvs.Partition
	path   string
	before []byte
	flash  *memory
	keys   *nvs.Keys
}

// openImage opens a file; readOnly repairs in memory only, as save is not
// called then.
func openImage(path string, k *keyFlags, readOnly bool) (*image, error) {
	b, err := readFile(path, nvsgen.MaxSize)
	if err != nil {
		return nil, err
	}
	return openBytes(path, b, bytes.Clone(b), k, readOnly)
}

func openBytes(path string, before, b []byte, k *keyFlags, readOnly bool) (*image, error) {
	keys, err := k.load()
	if err != nil {
		return nil, err
	}
	m := &image{path: path, before: before, flash: &memory{b}, keys: keys}
	if m.Partition, err = nvs.Open(m.flash, nvs.Options{Keys: keys, ReadOnly: readOnly}); err != nil {
		return nil, m.openFault(err)
	}
	return m, nil
}

// openFault says what to do about an error of opening.
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

// minWritable is the smallest partition that can be written, in sectors.
const minWritable = 3

// save closes the partition and, if it was changed, replaces the file as a
// whole.
func (m *image) save() error {
	if err := m.Close(); err != nil {
		return fmt.Errorf("%s: %w", m.path, err)
	}
	if bytes.Equal(m.before, m.flash.b) {
		return nil
	}
	return replaceFile(m.path, m.flash.b)
}

// replaceFile writes a file so that it has the old or the new contents
// whatever happens, and keeps its permissions. A new file is the owner's only,
// because partitions hold passphrases.
func replaceFile(path string, b []byte) error {
	mode := fs.FileMode(0o600)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if info, err := os.Stat(path); err == nil {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s: not a regular file: write the image to a file first", path)
		}
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fileError(err)
	}
	temp := f.Name()
	_, err = f.Write(b)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		os.Remove(temp)
		return fmt.Errorf("%s: it was left as it was: %w", path, err)
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync() // not every file system can
		dir.Close()
	}
	return nil
}

// size is a partition's size on the command line: 24576, 0x6000 or 24K.
type size int

func (s *size) String() string { return strconv.Itoa(int(*s)) }

func (s *size) Set(text string) error {
	digits, unit := text, 1
	switch {
	case strings.HasSuffix(text, "K"):
		digits, unit = text[:len(text)-1], 1<<10
	case strings.HasSuffix(text, "M"):
		digits, unit = text[:len(text)-1], 1<<20
	}
	n, err := strconv.ParseUint(digits, 0, 31)
	if err != nil || n == 0 || n > uint64(nvsgen.MaxSize/unit) || int(n)*unit%nvs.SectorSize != 0 {
		return errors.New("no size of a partition: give a multiple of 4096 as in the partition table, like 0x6000 or 24K")
	}
	*s = size(int(n) * unit)
	return nil
}
