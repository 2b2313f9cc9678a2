// SPDX-License-Identifier: Apache-2.0

package flashtest

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"github.com/wifiprov/wifiprov/store/nvs"
)

func checkSizes(r Rig) error {
	size, block := r.Flash.Size(), r.Flash.EraseBlockSize()
	if size < 3*sector {
		return fmt.Errorf("Size() = %d; the checks need 3 sectors of %d", size, sector)
	}
	if block <= 0 || sector%block != 0 {
		return fmt.Errorf("EraseBlockSize() = %d, which does not divide %d", block, sector)
	}
	b, err := newBench(r)
	if err != nil {
		return err
	}
	if err := b.write(0, 0, pattern(sector, 1)); err != nil {
		return err
	}
	if b.Size() != size || b.EraseBlockSize() != block {
		return fmt.Errorf("Size() and EraseBlockSize() were %d and %d, now they are %d and %d",
			size, block, b.Size(), b.EraseBlockSize())
	}
	return nil
}

func checkErase(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	if err := b.same("an erase of all"); err != nil {
		return err
	}
	for i := range b.count() {
		if err := b.write(i, 0, make([]byte, sector)); err != nil {
			return err
		}
	}
	if err := b.same("zeros everywhere"); err != nil {
		return err
	}
	for i := range b.count() {
		for range 2 { // an erased sector can be erased
			if err := b.erase(i); err != nil {
				return err
			}
			if err := b.same(fmt.Sprintf("an erase of sector %d", b.index[i])); err != nil {
				return err
			}
		}
		if err := b.write(i, 0, make([]byte, sector)); err != nil {
			return err
		}
	}
	return nil
}

// checkEraseBlocks erases single blocks, and adjacent ones in one call.
func checkEraseBlocks(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	block := b.EraseBlockSize()
	for _, run := range [][2]int64{{0, 1}, {1, 1}, {3*sector/block - 1, 1}, {0, 3 * sector / block}, {1, 2}} {
		for i := range 3 {
			if err := b.write(i, 0, make([]byte, sector)); err != nil {
				return err
			}
		}
		if err := b.EraseBlocks(run[0], run[1]); err != nil {
			return fmt.Errorf("EraseBlocks(%d, %d): %w", run[0], run[1], err)
		}
		copy(b.want[run[0]*block:], erased(int(run[1]*block)))
		if err := b.same(fmt.Sprintf("EraseBlocks(%d, %d)", run[0], run[1])); err != nil {
			return err
		}
	}
	return nil
}

// checkWriteLengths writes all lengths from 4 to 4096, at both ends of a
// sector and in its middle.
func checkWriteLengths(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	last := b.count() - 1
	for _, n := range []int{4, 8, 12, 28, 32, 36, 64, 252, 256, 260, 512, 1024, 2048, 4000, 4032, 4092, 4096} {
		for _, at := range []int{0, 4, 32, 64, 2044, 252, sector - n} {
			if at+n > sector {
				continue
			}
			if err := b.erase(last); err != nil {
				return err
			}
			if err := b.write(last, int64(at), pattern(n, n+at)); err != nil {
				return err
			}
			if err := b.same(fmt.Sprintf("a write of %d bytes at %#x of a sector", n, at)); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkClearBits writes one word again and again with fewer bits, as a page's
// state and bitmap are.
func checkClearBits(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	for _, at := range []int64{0, 32, 60, sector - 4} {
		word := []byte{0xff, 0xff, 0xff, 0xff}
		for bit := range 32 {
			word[bit/8] &^= 1 << (bit % 8)
			for range 2 { // the same value again changes nothing
				if err := b.write(1, at, word); err != nil {
					return err
				}
			}
			if err := b.same(fmt.Sprintf("clearing bit %d of the word at %#x", bit, at)); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkNoSet writes 1 bits over 0 bits. The flash may refuse or ignore that, but must
// not do it.
func checkNoSet(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	old := pattern(64, 3)
	if err := b.write(0, 64, old); err != nil {
		return err
	}
	for _, p := range [][]byte{erased(64), pattern(64, 4), {0xff, 0xff, 0xff, 0xff}} {
		_, _ = b.WriteAt(p, 64)
		got := make([]byte, len(p))
		if err := read(b.Flash, got, 64); err != nil {
			return err
		}
		for i := range got {
			if set := got[i] &^ old[i]; set != 0 {
				return fmt.Errorf("writing %#02x over %#02x gave %#02x: bits %#02x were set", p[i], old[i], got[i], set)
			}
			b.want[64+i] = got[i] // some of the 0 bits may be written
		}
		copy(old, got)
		if err := b.same("a write that asks for 1 bits"); err != nil {
			return err
		}
	}
	return nil
}

// checkRest writes words one after the other, everywhere, each between two
// that must not change.
func checkRest(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	for i := range b.count() {
		for _, at := range []int64{0, sector - 4, 2048, 2056, 2052, 4} {
			if err := b.write(i, at, pattern(4, int(at)+i)); err != nil {
				return err
			}
			if err := b.same(fmt.Sprintf("a write of 4 bytes at %#x of sector %d", at, b.index[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkOwnership(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	// The flash has 0 bits where p has too: an implementation that merges the
	// two must do so in its own memory.
	if err := b.write(0, 0, bytes.Repeat([]byte{0x0f}, 32)); err != nil {
		return err
	}
	p := bytes.Repeat([]byte{0x05}, 96)
	if err := b.write(0, 0, p[32:64]); err != nil {
		return err
	}
	if !bytes.Equal(p, bytes.Repeat([]byte{0x05}, 96)) {
		return errors.New("WriteAt changed the slice that it was given")
	}
	clear(p)
	if err := b.same("a write, whose slice the caller then changed"); err != nil {
		return err
	}
	got := make([]byte, 32)
	if err := read(b.Flash, got, 0); err != nil {
		return err
	}
	clear(got)
	return b.same("a read, whose slice the caller then changed")
}

// checkReadAnywhere reads without alignment, over the ends of sectors too.
func checkReadAnywhere(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	for i := range 3 {
		if err := b.write(i, 0, pattern(sector, i)); err != nil {
			return err
		}
	}
	for _, n := range []int{0, 1, 2, 3, 4, 5, 31, 32, 33, 4095, 4096, 4097, 3 * sector} {
		for _, off := range []int{0, 1, 2, 3, 63, 64, 4094, 4095, 4096, 8191, 3*sector - n} {
			if off < 0 || off+n > 3*sector {
				continue
			}
			around := bytes.Repeat([]byte{0xa5}, n+16)
			if err := read(b.Flash, around[8:8+n], int64(off)); err != nil {
				return err
			}
			if !bytes.Equal(around[8:8+n], b.want[off:off+n]) {
				return fmt.Errorf("ReadAt(%d bytes, %#x) gives other bytes than a read of all", n, off)
			}
			if !bytes.Equal(around[:8], around[8+n:]) || around[0] != 0xa5 {
				return fmt.Errorf("ReadAt(%d bytes, %#x) wrote outside of its slice", n, off)
			}
		}
	}
	last := make([]byte, 1)
	return read(b.Flash, last, b.Size()-1)
}

func checkReadEnd(r Rig) error {
	size := r.Flash.Size()
	for _, c := range []struct {
		n   int
		off int64
	}{
		{1, size}, {4, size - 3}, {sector, size - sector + 1}, {4, size + 4}, {4, -1}, {4, -4}, {4, math.MinInt64},
		{4, math.MaxInt64}, {4, math.MaxInt64 - 3},
	} {
		if n, err := r.Flash.ReadAt(make([]byte, c.n), c.off); err == nil {
			return fmt.Errorf("ReadAt(%d bytes, %d) = %d without an error; the size is %d", c.n, c.off, n, size)
		}
	}
	return nil
}

func checkWriteEnd(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	size := b.Size()
	for _, off := range []int64{size, size + sector, -4, -sector, math.MinInt64, math.MaxInt64 - 3} {
		if n, err := b.WriteAt(make([]byte, 4), off); err == nil {
			return fmt.Errorf("WriteAt(4 bytes, %d) = %d without an error; the size is %d", off, n, size)
		}
	}
	return b.same("writes beyond the end")
}

func checkEraseEnd(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	for i := range b.count() {
		if err := b.write(i, 0, pattern(sector, i)); err != nil {
			return err
		}
	}
	blocks := b.Size() / b.EraseBlockSize()
	for _, c := range [][2]int64{
		{blocks, 1}, {blocks + 1, 1}, {-1, 1}, {math.MinInt64, 1}, {math.MaxInt64, 1}, {1, -1},
		{blocks, math.MaxInt64}, {math.MaxInt64 / sector, 2}, {1 << 52, 1}, {1 << 60, 16},
	} {
		if err := b.EraseBlocks(c[0], c[1]); err == nil {
			return fmt.Errorf("EraseBlocks(%d, %d): no error; there are %d blocks", c[0], c[1], blocks)
		}
	}
	if err := b.same("erases beyond the end"); err != nil {
		return err
	}
	if err := b.EraseBlocks(blocks-1, 2); err == nil {
		return fmt.Errorf("EraseBlocks(%d, 2): no error; there are %d blocks", blocks-1, blocks)
	}
	return nil
}

// checkSync cuts the power after a Sync.
func checkSync(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	for i := range b.count() {
		if err := b.write(i, 0, pattern(sector, i)); err != nil {
			return err
		}
	}
	if err := b.erase(1); err != nil {
		return err
	}
	if s, ok := b.Flash.(nvs.Syncer); ok {
		for range 2 {
			if err := s.Sync(); err != nil {
				return fmt.Errorf("Sync: %w", err)
			}
		}
	}
	if err := b.same("Sync"); err != nil || r.Reopen == nil {
		return err
	}
	size := b.Size()
	f, err := r.Reopen()
	if err != nil {
		return fmt.Errorf("reopen: %w", err)
	}
	if f.Size() != size {
		return fmt.Errorf("the size was %d before the power cut, now it is %d", size, f.Size())
	}
	b.Flash = f
	if err := b.same("Sync and a power cut"); err != nil {
		return err
	}
	if err := b.write(1, 0, pattern(sector, 9)); err != nil {
		return err
	}
	return b.same("a write after a power cut")
}
