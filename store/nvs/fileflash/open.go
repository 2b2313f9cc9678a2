// SPDX-License-Identifier: Apache-2.0

package fileflash

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wifiprov/wifiprov/internal/filelock"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// maxNew is the largest size of a new file in bytes. No flash chip for ESP-IDF is larger.
const maxNew = 256 << 20

// Open opens a partition image for reading and writing and locks it against others.
//
// If the file does not exist, or is empty, Open makes an erased partition of size bytes,
// a multiple of 4096 up to 256 MiB, with permissions 0600; with size 0 Open fails. An
// existing file keeps its size, which must be a multiple of 4096; size is ignored then.
// The folder must exist.
//
// The errors are ErrLocked, ErrSize and the operating system's.
func Open(path string, size int64) (*File, error) {
	if err := checkNew(size); err != nil {
		return nil, failed(path, err)
	}
	return open(path, size, false)
}

// OpenReadOnly opens an existing partition image for reading and locks it against
// writers. The file is not changed; its size must be a multiple of 4096. Writes and
// erases fail with ErrReadOnly.
//
// The errors are ErrLocked, ErrSize and the operating system's.
func OpenReadOnly(path string) (*File, error) { return open(path, 0, true) }

func checkNew(size int64) error {
	if size < 0 || size%nvs.SectorSize != 0 || size > maxNew {
		return fmt.Errorf("%w: %d bytes; take a multiple of %d up to %d", ErrSize, size, nvs.SectorSize, maxNew)
	}
	return nil
}

func open(path string, size int64, readOnly bool) (*File, error) {
	file, err := openFile(path, size != 0, readOnly)
	if err != nil {
		return nil, failed(path, err)
	}
	size, err = prepare(file, size, readOnly)
	if err != nil {
		file.Close()
		return nil, failed(path, err)
	}
	return &File{path: path, disk: file, size: size, readOnly: readOnly, ordered: true}, nil
}

// openFile opens and locks a file.
func openFile(path string, create, readOnly bool) (*os.File, error) {
	// Opening a pipe would wait for its other end.
	switch info, err := os.Stat(path); {
	case err == nil && !info.Mode().IsRegular():
		return nil, errors.New("not a regular file: give the path of a partition image")
	case errors.Is(err, fs.ErrNotExist) && !create:
		if readOnly {
			return nil, fs.ErrNotExist
		}
		return nil, fmt.Errorf("%w: give a size to create it", fs.ErrNotExist)
	}
	file, err := filelock.Open(path, create, readOnly)
	if errors.Is(err, ErrLocked) && !readOnly {
		return nil, fmt.Errorf("%w by another reader or writer: close it there first", ErrLocked)
	}
	if errors.Is(err, ErrLocked) {
		return nil, fmt.Errorf("%w by a writer: close it there first", ErrLocked)
	}
	return file, err
}

// prepare returns the partition's size, after making an empty file one of
// size bytes.
func prepare(file *os.File, size int64, readOnly bool) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	switch has := info.Size(); {
	case has == 0 && readOnly:
		return 0, fmt.Errorf("%w: the file is empty", ErrSize)
	case has == 0 && size == 0:
		return 0, fmt.Errorf("%w: the file is empty: give a size", ErrSize)
	case has%nvs.SectorSize != 0:
		return 0, fmt.Errorf("%w: %d bytes, which %d does not divide; if its creation was interrupted, delete it",
			ErrSize, has, nvs.SectorSize)
	case has != 0:
		return has, nil
	}
	if err := create(file, size); err != nil {
		_ = file.Truncate(0) // the next Open takes an empty file for a new one
		return 0, err
	}
	// The file's name has to survive too. Not all systems can force a folder to
	// the disk; those that cannot do not need it.
	if dir, err := os.Open(filepath.Dir(file.Name())); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return size, nil
}

// newFile is what create needs of an os.File.
type newFile interface {
	io.WriterAt
	Truncate(size int64) error
	Sync() error
}

// create fills an empty file. Until the file is complete it has one byte more, which
// tells Open that creating it was interrupted.
func create(file newFile, size int64) error {
	if err := file.Truncate(size + 1); err != nil {
		return err
	}
	erased := erasedSector()
	for off := int64(0); off < size; off += nvs.SectorSize {
		if _, err := file.WriteAt(erased, off); err != nil {
			return err
		}
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Truncate(size); err != nil {
		return err
	}
	return file.Sync()
}

func erasedSector() []byte {
	sector := make([]byte, nvs.SectorSize)
	for i := range sector {
		sector[i] = 0xff
	}
	return sector
}
