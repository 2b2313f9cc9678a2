// SPDX-License-Identifier: Apache-2.0

package fileflash_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/store/nvs/fileflash"
)

// disk notes what reaches the file, and fails when told to.
type disk struct {
	fileflash.Disk
	log       []string
	failSync  error
	failWrite error
}

func (d *disk) WriteAt(p []byte, off int64) (int, error) {
	d.log = append(d.log, fmt.Sprintf("write %d at %#x", len(p), off))
	if d.failWrite != nil {
		return 0, d.failWrite
	}
	return d.Disk.WriteAt(p, off)
}

func (d *disk) Sync() error {
	d.log = append(d.log, "sync")
	if d.failSync != nil {
		return d.failSync
	}
	return d.Disk.Sync()
}

// take returns what was noted since the last call.
func (d *disk) take() []string {
	log := d.log
	d.log = nil
	return log
}

func openDisk(t *testing.T, sectors int64) (*fileflash.File, *disk) {
	f := open(t, filepath.Join(t.TempDir(), "nvs.bin"), sectors*sector)
	d := &disk{}
	f.Wrap(func(under fileflash.Disk) fileflash.Disk { d.Disk = under; return d })
	return f, d
}

func write(t *testing.T, f *fileflash.File, off int64, p ...byte) {
	t.Helper()
	n, err := f.WriteAt(p, off)
	require.NoError(t, err)
	require.Equal(t, len(p), n)
}

func TestNothingIsWrittenNeedlessly(t *testing.T) {
	f, d := openDisk(t, 4)
	require.NoError(t, f.EraseBlocks(0, 4))
	write(t, f, 0, 0xff, 0xff, 0xff, 0xff)
	require.NoError(t, f.Sync())
	require.Empty(t, d.take(), "all is erased already")

	write(t, f, 8, 0xff, 1, 2, 0xff)
	write(t, f, 8, 0xff, 1, 2, 0xff)
	write(t, f, 8, 0xff, 1, 0, 0x7f)
	require.Equal(t, []string{"write 2 at 0x9", "write 2 at 0xa"}, d.take())
	require.NoError(t, f.EraseBlocks(0, 4))
	require.Equal(t, []string{"write 4096 at 0x0"}, d.take())
	require.NoError(t, f.Sync())
	require.NoError(t, f.Sync())
	require.Equal(t, []string{"sync"}, d.take())
}

// Changes of one sector reach the disk before those of the next.
func TestOrder(t *testing.T) {
	f, d := openDisk(t, 3)
	write(t, f, 0, 0, 0, 0, 0)
	write(t, f, 4092, 0, 0, 0, 0)
	write(t, f, 4096, 0, 0, 0, 0)
	write(t, f, 4096, 0, 0, 0, 0) // changes nothing
	write(t, f, 4, 0, 0, 0, 0)
	require.NoError(t, f.EraseBlocks(0, 3))
	require.Equal(t, []string{
		"write 4 at 0x0", "write 4 at 0xffc", "sync", "write 4 at 0x1000", "sync", "write 4 at 0x4",
		"write 4096 at 0x0", "sync", "write 4096 at 0x1000",
	}, d.take())
	require.NoError(t, f.Sync())
	write(t, f, 0, 0, 0, 0, 0)
	require.Equal(t, []string{"sync", "write 4 at 0x0"}, d.take(), "nothing to wait for after a Sync")

	f.SetOrdered(false)
	write(t, f, 4096, 0, 0, 0, 0)
	write(t, f, 8, 0, 0, 0, 0)
	require.Equal(t, []string{"write 4 at 0x1000", "write 4 at 0x8"}, d.take())
	require.NoError(t, f.Close())
	require.Equal(t, []string{"sync"}, d.take(), "Close syncs")
}

// After a failed sync nobody knows what the disk has.
func TestFailedSyncLasts(t *testing.T) {
	for name, first := range map[string]func(f *fileflash.File) error{
		"Sync":        func(f *fileflash.File) error { return f.Sync() },
		"WriteAt":     func(f *fileflash.File) error { _, err := f.WriteAt(make([]byte, 4), sector); return err },
		"EraseBlocks": func(f *fileflash.File) error { return f.EraseBlocks(1, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			f, d := openDisk(t, 2)
			write(t, f, sector, 1, 1, 1, 1)
			write(t, f, 0, 1, 1, 1, 1)
			d.take()
			full := errors.New("no space left on device")
			d.failSync = full
			err := first(f)
			require.ErrorIs(t, err, full)
			require.ErrorContains(t, err, "no space left on device: open the file again to see what was written")
			require.Equal(t, []string{"sync"}, d.take(), "no change goes before it")
			d.failSync = nil
			require.ErrorIs(t, f.Sync(), full)
			_, err = f.WriteAt(make([]byte, 4), 0)
			require.ErrorIs(t, err, full)
			require.ErrorIs(t, f.EraseBlocks(0, 1), full)
			require.Empty(t, d.take())
			_, err = f.ReadAt(make([]byte, 4), 0)
			require.NoError(t, err, "what the system has can be read")
			require.ErrorIs(t, f.Close(), full)
			_, err = f.ReadAt(make([]byte, 4), 0)
			require.ErrorIs(t, err, fileflash.ErrClosed)
		})
	}
}

func TestFailedWrite(t *testing.T) {
	f, d := openDisk(t, 2)
	d.failWrite = errors.New("bad block")
	_, err := f.WriteAt(make([]byte, 4), 0)
	require.ErrorIs(t, err, d.failWrite)
	require.ErrorContains(t, err, "nvs.bin: bad block")
	d.failWrite = nil
	write(t, f, 0, 0, 0, 0, 0)
	d.failWrite = errors.New("bad block")
	require.ErrorIs(t, f.EraseBlocks(0, 1), d.failWrite)
	d.failWrite = nil
	require.NoError(t, f.EraseBlocks(0, 1))
}

func TestCallsAllocateNothing(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "nvs.bin"), 2*sector)
	f.SetOrdered(false)
	p := make([]byte, 32)
	var err error
	require.Zero(t, testing.AllocsPerRun(50, func() {
		_, e1 := f.WriteAt(p, 64)
		_, e2 := f.ReadAt(p, 64)
		err = errors.Join(err, e1, e2, f.EraseBlocks(0, 1))
	}))
	require.NoError(t, err)
}

// newFile fails at one of its calls, and notes what the disk has when the
// power fails at a Sync: what was synced, with the size at any later moment.
type newFile struct {
	data   []byte
	synced []byte
	calls  int
	fail   int // the call that fails; -1: none
	sizes  []int
}

func (f *newFile) call(do func()) error {
	f.calls++
	if f.calls-1 == f.fail {
		return errors.New("no space left on device")
	}
	do()
	f.sizes = append(f.sizes, len(f.data))
	return nil
}

func (f *newFile) Truncate(size int64) error {
	return f.call(func() { f.data = append(f.data, make([]byte, size)...)[:size] })
}

func (f *newFile) WriteAt(p []byte, off int64) (int, error) {
	return len(p), f.call(func() { copy(f.data[off:], p) })
}

func (f *newFile) Sync() error {
	return f.call(func() { f.synced = append([]byte(nil), f.data...) })
}

// Until all bytes of a new file are on the disk it does not have the size of
// an image, so that one whose creation was interrupted is not taken for one.
func TestInterruptedCreationShows(t *testing.T) {
	whole := &newFile{fail: -1}
	require.NoError(t, fileflash.Create(whole, 3*sector))
	require.Equal(t, erased(3*sector), whole.synced)
	for fail := range whole.calls {
		f := &newFile{fail: fail}
		require.ErrorContains(t, fileflash.Create(f, 3*sector), "no space left", "call %d", fail)
		for i, size := range f.sizes {
			if size%sector == 0 {
				require.Equal(t, erased(3*sector), f.synced[:3*sector], "call %d", i)
			}
		}
	}
}
