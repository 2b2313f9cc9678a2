// SPDX-License-Identifier: Apache-2.0

package flashtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/flashtest"
)

// broken is a Memory with one method or more replaced.
type broken struct {
	*flash.Memory
	size  func() int64
	block func() int64
	read  func(p []byte, off int64) (int, error)
	write func(p []byte, off int64) (int, error)
	erase func(start, length int64) error
	sync  func() error
	// reopened is the flash after a power cut.
	reopened func() (nvs.Flash, error)
}

func (b *broken) Size() int64 {
	if b.size != nil {
		return b.size()
	}
	return b.Memory.Size()
}

func (b *broken) EraseBlockSize() int64 {
	if b.block != nil {
		return b.block()
	}
	return b.Memory.EraseBlockSize()
}

func (b *broken) ReadAt(p []byte, off int64) (int, error) {
	if b.read != nil {
		return b.read(p, off)
	}
	return b.Memory.ReadAt(p, off)
}

func (b *broken) WriteAt(p []byte, off int64) (int, error) {
	if b.write != nil {
		return b.write(p, off)
	}
	return b.Memory.WriteAt(p, off)
}

func (b *broken) EraseBlocks(start, length int64) error {
	if b.erase != nil {
		return b.erase(start, length)
	}
	return b.Memory.EraseBlocks(start, length)
}

func (b *broken) Sync() error {
	if b.sync != nil {
		return b.sync()
	}
	return nil
}

func (b *broken) rig() flashtest.Rig {
	return flashtest.Rig{Flash: b, Reopen: func() (nvs.Flash, error) {
		if b.reopened != nil {
			return b.reopened()
		}
		return b, nil
	}}
}

var mutants = []struct {
	name   string
	damage func(b *broken)
	red    []string
}{
	{"two sectors", func(b *broken) {
		b.Memory = flash.NewMemory(2 * nvs.SectorSize)
	}, []string{"Sizes", "Model"}},
	{"block of no size", func(b *broken) {
		b.block = func() int64 { return 0 }
	}, []string{"Sizes"}},
	{"block that does not divide a sector", func(b *broken) {
		b.block = func() int64 { return 3000 }
	}, []string{"Sizes"}},
	{"size shrinks by use", func(b *broken) {
		writes := int64(0)
		b.write = func(p []byte, off int64) (int, error) { writes++; return b.Memory.WriteAt(p, off) }
		b.size = func() int64 { return b.Memory.Size() - writes*nvs.SectorSize }
	}, []string{"Sizes"}},
	{"erases nothing", func(b *broken) {
		b.erase = func(start, length int64) error { return nil }
	}, []string{"EraseSetsAllBits", "EraseCountsBlocks", "WriteEveryLength", "Model"}},
	{"erases to zero", func(b *broken) {
		b.erase = func(start, length int64) error {
			err := b.Memory.EraseBlocks(start, length)
			if err == nil {
				clear(b.Bytes()[start*nvs.SectorSize : (start+length)*nvs.SectorSize])
			}
			return err
		}
	}, []string{"EraseSetsAllBits"}},
	{"erases the neighbour too", func(b *broken) {
		b.erase = func(start, length int64) error {
			if err := b.Memory.EraseBlocks(start, length); err != nil {
				return err
			}
			return b.Memory.EraseBlocks(start^1, 1)
		}
	}, []string{"EraseSetsAllBits"}},
	{"erases one block only", func(b *broken) {
		b.erase = func(start, length int64) error { return b.Memory.EraseBlocks(start, min(length, 1)) }
	}, []string{"EraseCountsBlocks"}},
	{"takes blocks for bytes", func(b *broken) {
		b.erase = func(start, length int64) error {
			return b.Memory.EraseBlocks(start/nvs.SectorSize, (length+nvs.SectorSize-1)/nvs.SectorSize)
		}
	}, []string{"EraseSetsAllBits", "EraseCountsBlocks", "EraseBeyondTheEnd"}},
	{"wraps within 256 bytes", func(b *broken) { // as a chip's page buffer does
		b.write = func(p []byte, off int64) (int, error) {
			if err := flash.CheckWrite(b.Size(), off, len(p)); err != nil {
				return 0, err
			}
			for i, v := range p {
				b.Bytes()[off&^255|(off+int64(i))&255] &= v
			}
			return len(p), nil
		}
	}, []string{"WriteEveryLength", "EraseSetsAllBits"}},
	{"returns the number of words", func(b *broken) {
		b.write = func(p []byte, off int64) (int, error) { n, err := b.Memory.WriteAt(p, off); return n / 4, err }
	}, []string{"WriteEveryLength"}},
	{"refuses what is not blank", func(b *broken) {
		b.write = func(p []byte, off int64) (int, error) {
			if !bytes.Equal(b.Bytes()[off:off+int64(len(p))], bytes.Repeat([]byte{0xff}, len(p))) {
				return 0, errors.New("not blank")
			}
			return b.Memory.WriteAt(p, off)
		}
	}, []string{"WriteClearsBitsInPlace", "Model"}},
	{"ignores a second write", func(b *broken) {
		b.write = func(p []byte, off int64) (int, error) {
			if b.Bytes()[off] != 0xff {
				return len(p), nil
			}
			return b.Memory.WriteAt(p, off)
		}
	}, []string{"WriteClearsBitsInPlace"}},
	{"overwrites", func(b *broken) {
		b.write = func(p []byte, off int64) (int, error) {
			if err := flash.CheckWrite(b.Size(), off, len(p)); err != nil {
				return 0, err
			}
			return copy(b.Bytes()[off:], p), nil
		}
	}, []string{"ZeroNeverBecomesOne"}},
	{"writes blocks of 8 bytes", func(b *broken) {
		b.write = func(p []byte, off int64) (int, error) {
			if off%8 != 0 && b.Size() > off {
				clear(b.Bytes()[off&^7 : off])
			}
			return b.Memory.WriteAt(p, off)
		}
	}, []string{"WriteLeavesTheRest"}},
	{"merges in the caller's slice", func(b *broken) {
		b.write = func(p []byte, off int64) (int, error) {
			n, err := b.Memory.WriteAt(p, off)
			for i := range p[:n] {
				p[i] ^= 0xff
			}
			return n, err
		}
	}, []string{"CallerKeepsItsSlices"}},
	{"writes later", func(b *broken) {
		var late []byte
		var at int64
		b.write = func(p []byte, off int64) (int, error) {
			if err := flash.CheckWrite(b.Size(), off, len(p)); err != nil {
				return 0, err
			}
			if late != nil {
				copy(b.Bytes()[at:], late)
			}
			late, at = p, off
			return len(p), nil
		}
		b.read = func(p []byte, off int64) (int, error) {
			if late != nil {
				copy(b.Bytes()[at:], late)
				late = nil
			}
			return b.Memory.ReadAt(p, off)
		}
	}, []string{"CallerKeepsItsSlices"}},
	{"reads words", func(b *broken) {
		b.read = func(p []byte, off int64) (int, error) {
			if off%4 == 0 || off < 0 {
				return b.Memory.ReadAt(p, off)
			}
			return b.Memory.ReadAt(p, off&^3)
		}
	}, []string{"ReadAnywhere"}},
	{"reads 4096 bytes at most", func(b *broken) {
		b.read = func(p []byte, off int64) (int, error) { return b.Memory.ReadAt(p[:min(len(p), 4096)], off) }
	}, []string{"ReadAnywhere"}},
	{"reads too much", func(b *broken) {
		b.read = func(p []byte, off int64) (int, error) {
			n, err := b.Memory.ReadAt(p, off)
			if more := p[:cap(p)]; err == nil && len(more) > len(p) {
				more[len(p)] = 0xff
			}
			return n, err
		}
	}, []string{"ReadAnywhere"}},
	{"reads short at the end", func(b *broken) {
		b.read = func(p []byte, off int64) (int, error) {
			if off < 0 || off > b.Size() {
				return 0, errors.New("beyond the end")
			}
			return copy(p, b.Bytes()[off:]), nil
		}
	}, []string{"ReadBeyondTheEnd"}},
	{"offsets wrap", func(b *broken) {
		mod := func(off int64) int64 { return (off%b.Size() + b.Size()) % b.Size() }
		b.read = func(p []byte, off int64) (int, error) { return b.Memory.ReadAt(p, mod(off)) }
		b.write = func(p []byte, off int64) (int, error) { return b.Memory.WriteAt(p, mod(off)) }
		b.erase = func(start, length int64) error {
			return b.Memory.EraseBlocks(mod(start*nvs.SectorSize)/nvs.SectorSize, length)
		}
	}, []string{"ReadBeyondTheEnd", "WriteBeyondTheEnd", "EraseBeyondTheEnd"}},
	{"ignores writes beyond the end", func(b *broken) {
		b.write = func(p []byte, off int64) (int, error) {
			if flash.CheckRead(b.Size(), off, len(p)) != nil {
				return len(p), nil
			}
			return b.Memory.WriteAt(p, off)
		}
	}, []string{"WriteBeyondTheEnd"}},
	{"erases up to the end", func(b *broken) {
		b.erase = func(start, length int64) error {
			if blocks := b.Size() / nvs.SectorSize; start >= 0 && start < blocks && length > 0 {
				length = min(length, blocks-start)
			}
			return b.Memory.EraseBlocks(start, length)
		}
	}, []string{"EraseBeyondTheEnd"}},
	{"sync fails", func(b *broken) {
		b.sync = func() error { return errors.New("disk full") }
	}, []string{"SyncSurvivesPowerCut"}},
	{"sync forgets", func(b *broken) {
		b.reopened = func() (nvs.Flash, error) { return flash.NewMemory(b.Memory.Size()), nil }
	}, []string{"SyncSurvivesPowerCut"}},
	{"shrinks at a power cut", func(b *broken) {
		b.reopened = func() (nvs.Flash, error) {
			return flash.FromBytes(bytes.Clone(b.Bytes()[:3*nvs.SectorSize])), nil
		}
	}, []string{"SyncSurvivesPowerCut"}},
	{"is dead after a power cut", func(b *broken) {
		b.reopened = func() (nvs.Flash, error) { return nil, errors.New("no flash") }
	}, []string{"SyncSurvivesPowerCut"}},
	{"loses a write now and then", func(b *broken) {
		writes := 0
		b.write = func(p []byte, off int64) (int, error) {
			if writes++; writes%97 == 0 {
				return len(p), nil
			}
			return b.Memory.WriteAt(p, off)
		}
	}, []string{"Model"}},
}

func rig() *broken { return &broken{Memory: flash.NewMemory(5 * nvs.SectorSize)} }

func TestBrokenFlashesAreNoticed(t *testing.T) {
	checks, unused := map[string]flashtest.Check{}, map[string]bool{}
	for _, c := range flashtest.Checks() {
		checks[c.Name], unused[c.Name] = c, true
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			for _, name := range m.red {
				c, ok := checks[name]
				require.True(t, ok, "no check %s", name)
				delete(unused, name)
				b := rig()
				m.damage(b)
				require.Error(t, c.Run(b.rig()), name)
				require.NoError(t, c.Run(rig().rig()), name)
			}
		})
	}
	require.Empty(t, unused, "checks that no broken flash turns red")
}

// lenient leaves a 0 where a 1 is asked for, as a chip does, and has blocks
// that are smaller than a sector.
type lenient struct {
	data  []byte
	block int64
}

func (l *lenient) Size() int64           { return int64(len(l.data)) }
func (l *lenient) EraseBlockSize() int64 { return l.block }

func (l *lenient) ReadAt(p []byte, off int64) (int, error) {
	if err := flash.CheckRead(l.Size(), off, len(p)); err != nil {
		return 0, err
	}
	return copy(p, l.data[off:]), nil
}

func (l *lenient) WriteAt(p []byte, off int64) (int, error) {
	if err := flash.CheckWrite(l.Size(), off, len(p)); err != nil {
		return 0, err
	}
	flash.Write(off, p).Apply(l.data, flash.First(int64(len(p))))
	return len(p), nil
}

func (l *lenient) EraseBlocks(start, length int64) error {
	if err := flash.CheckErase(l.Size(), l.block, start, length); err != nil {
		return err
	}
	flash.Erase(start*l.block, length*l.block).Apply(l.data, flash.First(length*l.block))
	return nil
}

// The contract leaves a choice; the checks must not take it away.
func TestOtherSoundFlashesPass(t *testing.T) {
	for _, block := range []int64{1, 256, 4096} {
		for _, sectors := range []int64{3, 7} {
			t.Run(fmt.Sprintf("%d sectors with blocks of %d", sectors, block), func(t *testing.T) {
				flashtest.Run(t, func(t *testing.T) flashtest.Rig {
					return flashtest.Rig{Flash: &lenient{make([]byte, sectors*nvs.SectorSize), block}}
				})
			})
		}
	}
}
