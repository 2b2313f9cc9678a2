// SPDX-License-Identifier: Apache-2.0

package flashtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"github.com/wifiprov/wifiprov/store/nvs"
)

const sector = nvs.SectorSize

// bench is a flash under test, and the content that it must have.
type bench struct {
	nvs.Flash
	rig   Rig
	want  []byte // the first three sectors and the last one
	index [sectors]int64
}

// sectors is how many sectors the checks use: the first three, and the last.
const sectors = 4

// newBench erases the sectors that the checks use. In a flash with three sectors the
// last is also the third, and is used once.
func newBench(r Rig) (*bench, error) {
	b := &bench{Flash: r.Flash, rig: r, want: bytes.Repeat([]byte{0xff}, sectors*sector)}
	last := b.Size()/sector - 1
	if last < 2 {
		return nil, fmt.Errorf("the flash has %d sectors; the checks need 3", last+1)
	}
	b.index = [sectors]int64{0, 1, 2, last}
	for i := range b.count() {
		if err := b.erase(i); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// count returns how many sectors there are to use.
func (b *bench) count() int {
	if b.index[2] == b.index[3] {
		return sectors - 1
	}
	return sectors
}

// erase erases a sector, in flash and model.
func (b *bench) erase(i int) error {
	n := sector / b.EraseBlockSize()
	if err := b.EraseBlocks(b.index[i]*n, n); err != nil {
		return fmt.Errorf("EraseBlocks(%d, %d): %w", b.index[i]*n, n, err)
	}
	copy(b.want[i*sector:], erased(sector))
	return nil
}

// write writes p into a sector, in flash and model.
func (b *bench) write(i int, at int64, p []byte) error {
	off := b.index[i]*sector + at
	n, err := b.WriteAt(p, off)
	if err != nil {
		return fmt.Errorf("WriteAt(%d bytes, %#x): %w", len(p), off, err)
	}
	if n != len(p) {
		return fmt.Errorf("WriteAt(%d bytes, %#x) = %d without an error", len(p), off, n)
	}
	for j, v := range p {
		b.want[int64(i)*sector+at+int64(j)] &= v
	}
	return nil
}

// same fails unless all sectors in use have the model's content.
func (b *bench) same(after string) error {
	got := make([]byte, sector)
	for i := range b.count() {
		off := b.index[i] * sector
		if err := read(b.Flash, got, off); err != nil {
			return fmt.Errorf("after %s: %w", after, err)
		}
		for j, w := range b.want[i*sector : (i+1)*sector] {
			if got[j] != w {
				return fmt.Errorf("after %s: byte %#x is %#02x, want %#02x", after, off+int64(j), got[j], w)
			}
		}
	}
	return nil
}

// read is ReadAt with all results checked.
func read(f nvs.Flash, p []byte, off int64) error {
	n, err := f.ReadAt(p, off)
	if err != nil {
		return fmt.Errorf("ReadAt(%d bytes, %#x): %w", len(p), off, err)
	}
	if n != len(p) {
		return fmt.Errorf("ReadAt(%d bytes, %#x) = %d without an error", len(p), off, n)
	}
	return nil
}

func erased(n int) []byte { return bytes.Repeat([]byte{0xff}, n) }

// pattern returns n bytes that differ from their neighbours, and from the pattern of
// another seed.
func pattern(n, seed int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(31*seed + 7*i + 13*(i>>8))
	}
	return p
}

// checkModel makes random calls that the contract allows.
func checkModel(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for step := range 300 {
		i := rnd.IntN(b.count())
		if rnd.IntN(20) == 0 {
			if err := b.erase(i); err != nil {
				return err
			}
		} else if err := b.write(randomWrite(b, rnd, i)); err != nil {
			return err
		}
		if step%10 == 9 {
			if err := b.same(fmt.Sprintf("%d random operations", step+1)); err != nil {
				return err
			}
		}
	}
	return nil
}

// randomWrite returns a write that asks no 0 to become a 1.
func randomWrite(b *bench, rnd *rand.Rand, i int) (int, int64, []byte) {
	at := rnd.IntN(sector/4) * 4
	n := 4 * (1 + rnd.IntN(8))
	if rnd.IntN(10) == 0 {
		n = 4 * (1 + rnd.IntN(sector/4))
	}
	p := bytes.Clone(b.want[i*sector+at : i*sector+min(at+n, sector)])
	for j := range p {
		p[j] &= byte(rnd.Uint32()) | byte(rnd.Uint32())
	}
	return i, int64(at), p
}
