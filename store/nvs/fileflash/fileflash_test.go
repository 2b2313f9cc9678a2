// SPDX-License-Identifier: Apache-2.0

package fileflash_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/fileflash"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/flashtest"
)

const sector = nvs.SectorSize

func open(t *testing.T, path string, size int64) *fileflash.File {
	t.Helper()
	f, err := fileflash.Open(path, size)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func image(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

func erased(n int) []byte { return bytes.Repeat([]byte{0xff}, n) }

func TestKeepsContract(t *testing.T) {
	for _, ordered := range []bool{true, false} {
		flashtest.Run(t, func(t *testing.T) flashtest.Rig {
			path := filepath.Join(t.TempDir(), "nvs.bin")
			f := open(t, path, 6*sector)
			f.SetOrdered(ordered)
			return flashtest.Rig{Flash: f, Reopen: func() (nvs.Flash, error) {
				// Closing would sync: what is in the file now is what counts.
				copied := filepath.Join(t.TempDir(), "nvs.bin")
				if err := os.WriteFile(copied, image(t, path), 0o600); err != nil {
					return nil, err
				}
				return open(t, copied, 0), nil
			}}
		})
	}
}

func TestNewFileIsAnErasedImage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nvs.bin")
	f := open(t, path, 6*sector)
	require.EqualValues(t, 6*sector, f.Size())
	require.Equal(t, erased(6*sector), image(t, path))
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	}
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing else is left")
}

func TestEmptyFileIsNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nvs.bin")
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	open(t, path, 3*sector)
	require.Equal(t, erased(3*sector), image(t, path))
}

// The file is the partition, byte for byte, at every moment.
func TestFileIsTheImage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nvs.bin")
	f, mem := open(t, path, 4*sector), flash.NewMemory(4*sector)
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		if rnd.IntN(8) == 0 {
			start := rnd.Int64N(4)
			n := rnd.Int64N(5 - start)
			require.NoError(t, errors.Join(f.EraseBlocks(start, n), mem.EraseBlocks(start, n)))
		} else {
			off := rnd.IntN(sector) * 4
			p := make([]byte, min(4+4*rnd.IntN(40), sector-off%sector))
			for i := range p {
				p[i] = mem.Bytes()[off+i] & byte(rnd.Uint32())
			}
			_, e1 := f.WriteAt(p, int64(off))
			_, e2 := mem.WriteAt(p, int64(off))
			require.NoError(t, errors.Join(e1, e2))
		}
		if !bytes.Equal(mem.Bytes(), image(t, path)) {
			t.Fatal("the file differs from the flash")
		}
	}
}

func TestExistingImageIsOpenedAsItIs(t *testing.T) {
	for _, sectors := range []int{1, 3, 5, 300} {
		path := filepath.Join(t.TempDir(), "nvs.bin")
		content := bytes.Repeat([]byte("content!"), sectors*sector/8)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		for _, size := range []int64{0, 6 * sector} {
			f := open(t, path, size)
			require.EqualValues(t, sectors*sector, f.Size())
			require.NoError(t, f.Close())
		}
		require.Equal(t, content, image(t, path))
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "nvs.bin")
	write := func(n int) func() { return func() { require.NoError(t, os.WriteFile(path, make([]byte, n), 0o600)) } }
	readOnly := func() (*fileflash.File, error) { return fileflash.OpenReadOnly(path) }
	sized := func(size int64) func() (*fileflash.File, error) {
		return func() (*fileflash.File, error) { return fileflash.Open(path, size) }
	}
	for name, tt := range map[string]struct {
		before func()
		open   func() (*fileflash.File, error)
		is     error
		say    string
	}{
		"missing":                {nil, sized(0), fs.ErrNotExist, ": file does not exist: give a size to create it"},
		"missing, read-only":     {nil, readOnly, fs.ErrNotExist, ": file does not exist"},
		"odd size":               {nil, sized(5000), fileflash.ErrSize, "not the size of a partition image: 5000 bytes; take a multiple of 4096 up to 268435456"},
		"negative":               {nil, sized(-sector), fileflash.ErrSize, "-4096 bytes; take a multiple of 4096"},
		"too large":              {nil, sized(257 << 20), fileflash.ErrSize, "269484032 bytes; take"},
		"empty":                  {write(0), sized(0), fileflash.ErrSize, "the file is empty: give a size"},
		"empty, read-only":       {write(0), readOnly, fileflash.ErrSize, "the file is empty"},
		"no multiple":            {write(5000), sized(8192), fileflash.ErrSize, "5000 bytes, which 4096 does not divide"},
		"no multiple, read-only": {write(100), readOnly, fileflash.ErrSize, "100 bytes, which 4096 does not divide"},
		"interrupted creation":   {write(8193), sized(8192), fileflash.ErrSize, "if its creation was interrupted, delete it"},
		"folder":                 {func() { require.NoError(t, os.Mkdir(path, 0o700)) }, sized(8192), nil, "not a regular file: give the path of a partition image"},
		"folder, read-only":      {func() { require.NoError(t, os.Mkdir(path, 0o700)) }, readOnly, nil, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.before != nil {
				tt.before()
			}
			before, _ := os.ReadFile(path)
			_, err := tt.open()
			require.Error(t, err)
			require.ErrorContains(t, err, "fileflash: "+path+": ")
			require.ErrorContains(t, err, tt.say)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
			after, _ := os.ReadFile(path)
			require.Equal(t, before, after, "the file is left alone")
			if tt.before == nil {
				require.NoFileExists(t, path)
			}
			require.NoError(t, os.RemoveAll(path))
		})
	}
	path = filepath.Join(dir, "missing", "nvs.bin")
	_, err := fileflash.Open(path, sector)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "fileflash: "+path+": open: ")
}

func TestWriterLocksOthersOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nvs.bin")
	f := open(t, path, 3*sector)
	_, err := fileflash.Open(path, 3*sector)
	require.ErrorIs(t, err, fileflash.ErrLocked)
	require.EqualError(t, err, "fileflash: "+path+": in use by another reader or writer: close it there first")
	_, err = fileflash.OpenReadOnly(path)
	require.ErrorIs(t, err, fileflash.ErrLocked)
	require.EqualError(t, err, "fileflash: "+path+": in use by a writer: close it there first")
	require.NoError(t, f.Close())
	require.NoError(t, open(t, path, 0).Close(), "Close releases the lock")
}

func TestReadersLockWritersOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nvs.bin")
	require.NoError(t, open(t, path, 3*sector).Close())
	var readers []*fileflash.File
	for range 2 {
		r, err := fileflash.OpenReadOnly(path)
		require.NoError(t, err)
		readers = append(readers, r)
	}
	for _, r := range readers {
		_, err := fileflash.Open(path, 0)
		require.ErrorIs(t, err, fileflash.ErrLocked)
		require.NoError(t, r.Close())
	}
	open(t, path, 0)
}

// A file that cannot be opened is not left locked.
func TestFailedOpenReleasesTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nvs.bin")
	require.NoError(t, os.WriteFile(path, make([]byte, 100), 0o600))
	for range 2 {
		_, err := fileflash.Open(path, sector)
		require.ErrorIs(t, err, fileflash.ErrSize)
	}
}

func TestReadOnlyChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nvs.bin")
	content := bytes.Repeat([]byte{0xf0}, sector)
	require.NoError(t, os.WriteFile(path, content, 0o400))
	before, err := os.Stat(path)
	require.NoError(t, err)
	f, err := fileflash.OpenReadOnly(path)
	require.NoError(t, err)
	defer f.Close()
	p := make([]byte, 4)
	_, err = f.ReadAt(p, 8)
	require.NoError(t, err)
	require.Equal(t, content[:4], p)
	_, err = f.WriteAt(make([]byte, 4), 0)
	require.ErrorIs(t, err, fileflash.ErrReadOnly)
	require.EqualError(t, err, "fileflash: "+path+": opened read-only: open it with Open to change it")
	require.ErrorIs(t, f.EraseBlocks(0, 1), fileflash.ErrReadOnly)
	require.NoError(t, f.Sync())
	require.NoError(t, f.Close())
	require.Equal(t, content, image(t, path))
	after, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, before.ModTime(), after.ModTime())
	require.Equal(t, before.Mode(), after.Mode())
}

func TestStrictAsMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nvs.bin")
	f := open(t, path, 2*sector)
	_, err := f.WriteAt([]byte{0xff, 0x0e, 0xff, 0xff}, 0x24)
	require.NoError(t, err)
	before := image(t, path)
	_, err = f.WriteAt([]byte{0, 0x1c, 0, 0}, 0x24)
	require.EqualError(t, err, "fileflash: "+path+": flash: write of 4 bytes at 0x24: byte 0x25 holds 0xe, "+
		"and 0x1c would set bits: erase the sector first")
	require.ErrorIs(t, err, flash.ErrInvalid)
	for _, call := range []func() error{
		func() error { _, err := f.WriteAt(make([]byte, 4), 2); return err },
		func() error { _, err := f.WriteAt(make([]byte, 8), sector-4); return err },
		func() error { _, err := f.WriteAt(make([]byte, 4), 2*sector); return err },
		func() error { _, err := f.ReadAt(make([]byte, 4), 2*sector-3); return err },
		func() error { return f.EraseBlocks(1, 2) },
	} {
		err := call()
		require.ErrorIs(t, err, flash.ErrInvalid)
		require.ErrorContains(t, err, path)
	}
	require.Equal(t, before, image(t, path))
}

func TestClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nvs.bin")
	f := open(t, path, 2*sector)
	require.NoError(t, f.Close())
	require.NoError(t, f.Close())
	_, err := f.ReadAt(make([]byte, 4), 0)
	require.ErrorIs(t, err, fileflash.ErrClosed)
	require.ErrorContains(t, err, path)
	_, err = f.WriteAt(make([]byte, 4), 0)
	require.ErrorIs(t, err, fileflash.ErrClosed)
	require.ErrorIs(t, f.EraseBlocks(0, 1), fileflash.ErrClosed)
	require.ErrorIs(t, f.Sync(), fileflash.ErrClosed)
	require.EqualValues(t, 2*sector, f.Size())
}

func TestFileCutWhileOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nvs.bin")
	f := open(t, path, 2*sector)
	require.NoError(t, os.Truncate(path, sector))
	_, err := f.ReadAt(make([]byte, 8), sector-4)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorContains(t, err, path+": unexpected EOF: the file became shorter while it was open")
	_, err = f.WriteAt(make([]byte, 8), sector)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorIs(t, f.EraseBlocks(1, 1), io.ErrUnexpectedEOF)
	require.Len(t, image(t, path), sector)
}
