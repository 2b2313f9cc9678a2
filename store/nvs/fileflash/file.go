// SPDX-License-Identifier: Apache-2.0

package fileflash

import (
	"fmt"
	"io"

	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// disk is what a File needs of an os.File.
type disk interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
	Close() error
}

// File is a NOR flash in a file. Like flash.Memory it refuses what the
// contract forbids: writes that are not aligned to 4 bytes, cross a sector or
// ask a 0 to become a 1. Make it with Open or OpenReadOnly, and Close it.
//
// Errors of such calls are *flash.Error, those after Close ErrClosed. As the
// contract of nvs.Flash allows, calls must not overlap.
type File struct {
	path     string
	disk     disk
	size     int64
	readOnly bool
	ordered  bool
	closed   bool

	dirty  bool  // a change is not yet forced to the disk
	sector int64 // the sector changed last
	lost   error // of a failed Sync: the content of the disk is unknown
	buf    [nvs.SectorSize]byte
}

var (
	_ nvs.Flash  = (*File)(nil)
	_ nvs.Syncer = (*File)(nil)
)

// SetOrdered says whether the file is forced to the disk before another sector is
// changed. With true, the default, a power cut of the host leaves all operations up to
// some point, and none after it. With false writes are faster, but a power cut of the
// host before Sync may also damage what was written before the last Sync.
func (f *File) SetOrdered(on bool) { f.ordered = on }

// Size implements nvs.Flash.
func (f *File) Size() int64 { return f.size }

// EraseBlockSize implements nvs.Flash: 4096.
func (f *File) EraseBlockSize() int64 { return nvs.SectorSize }

// ReadAt implements nvs.Flash.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	err := f.usable()
	if err == nil {
		err = flash.CheckRead(f.size, off, len(p))
	}
	if err != nil {
		return 0, failed(f.path, err)
	}
	// An io.ReaderAt may report the end of the file with the last bytes.
	n, err := f.disk.ReadAt(p, off)
	if n < len(p) {
		return n, failed(f.path, err)
	}
	return n, nil
}

// WriteAt implements nvs.Flash.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	if err := f.writable(); err != nil {
		return 0, failed(f.path, err)
	}
	if err := flash.CheckWrite(f.size, off, len(p)); err != nil {
		return 0, failed(f.path, err)
	}
	old := f.buf[:len(p)]
	if _, err := f.ReadAt(old, off); err != nil {
		return 0, err
	}
	if err := flash.CheckBits(old, p, off); err != nil {
		return 0, failed(f.path, err)
	}
	from, to := difference(old, p)
	if from == to {
		return len(p), nil
	}
	if err := f.change(p[from:to], off+int64(from)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// EraseBlocks implements nvs.Flash.
func (f *File) EraseBlocks(start, length int64) error {
	if err := f.writable(); err != nil {
		return failed(f.path, err)
	}
	if err := flash.CheckErase(f.size, nvs.SectorSize, start, length); err != nil {
		return failed(f.path, err)
	}
	for ; length > 0; start, length = start+1, length-1 {
		off := start * nvs.SectorSize
		if _, err := f.ReadAt(f.buf[:], off); err != nil {
			return err
		}
		erased := true
		for i, b := range f.buf {
			erased = erased && b == 0xff
			f.buf[i] = 0xff
		}
		if erased {
			continue
		}
		if err := f.change(f.buf[:], off); err != nil {
			return err
		}
	}
	return nil
}

// change replaces bytes of one sector. Changes of other sectors reach the disk first.
func (f *File) change(p []byte, off int64) error {
	sector := off / nvs.SectorSize
	if f.ordered && f.sector != sector {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	f.dirty, f.sector = true, sector
	if _, err := f.disk.WriteAt(p, off); err != nil {
		return failed(f.path, err)
	}
	return nil
}

// Sync implements nvs.Syncer. It returns when the disk has all changes. After an error
// every later change and Sync fails too, because the system may have dropped what it
// could not write: close the file, open it again and see what is there.
func (f *File) Sync() error {
	err := f.usable()
	if err == nil {
		err = f.lost
	}
	if err == nil && f.dirty {
		if err = f.disk.Sync(); err != nil {
			err = fmt.Errorf("%w: open the file again to see what was written", err)
			f.lost = err
		}
		f.dirty = false
	}
	if err != nil {
		return failed(f.path, err)
	}
	return nil
}

// Close calls Sync and releases the lock, also if Sync fails. A second Close does
// nothing.
func (f *File) Close() error {
	if f.closed {
		return nil
	}
	err := f.Sync()
	f.closed = true
	if e := f.disk.Close(); err == nil && e != nil {
		err = failed(f.path, e)
	}
	return err
}

func (f *File) usable() error {
	if f.closed {
		return ErrClosed
	}
	return nil
}

func (f *File) writable() error {
	switch {
	case f.closed:
		return ErrClosed
	case f.readOnly:
		return fmt.Errorf("%w: open it with Open to change it", ErrReadOnly)
	}
	return f.lost
}

// difference returns the range outside of which a and b, of one length, are
// equal.
func difference(a, b []byte) (from, to int) {
	to = len(b)
	for from < to && a[from] == b[from] {
		from++
	}
	for from < to && a[to-1] == b[to-1] {
		to--
	}
	return from, to
}
