// SPDX-License-Identifier: Apache-2.0

package flash

import "github.com/wifiprov/wifiprov/store/nvs"

// Sparse is a NOR flash in RAM like Memory, for many simulated devices: erased bytes
// behind the last written byte of a sector take no memory. The zero value has no sectors;
// make it with NewSparse.
type Sparse struct {
	sectors [][]byte // up to the last byte ever written
}

var _ nvs.Flash = (*Sparse)(nil)

// NewSparse returns an erased flash of size bytes, rounded down to whole
// sectors.
func NewSparse(size int64) *Sparse {
	return &Sparse{make([][]byte, size/nvs.SectorSize)}
}

// String returns a text without the contents.
func (*Sparse) String() string { return "flash.Sparse" }

// Image returns a copy of the contents.
func (s *Sparse) Image() []byte {
	image := make([]byte, s.Size())
	fill(image)
	for i, sector := range s.sectors {
		copy(image[i*nvs.SectorSize:], sector)
	}
	return image
}

// Size implements nvs.Flash.
func (s *Sparse) Size() int64 { return int64(len(s.sectors)) * nvs.SectorSize }

// EraseBlockSize implements nvs.Flash: 4096.
func (s *Sparse) EraseBlockSize() int64 { return nvs.SectorSize }

// ReadAt implements nvs.Flash. The errors are *Error.
func (s *Sparse) ReadAt(p []byte, off int64) (int, error) {
	if err := CheckRead(s.Size(), off, len(p)); err != nil {
		return 0, err
	}
	for rest := p; len(rest) > 0; {
		at := int(off % nvs.SectorSize)
		part := rest[:min(len(rest), nvs.SectorSize-at)]
		n := 0
		if sector := s.sectors[off/nvs.SectorSize]; at < len(sector) {
			n = copy(part, sector[at:])
		}
		fill(part[n:])
		rest, off = rest[len(part):], off+int64(len(part))
	}
	return len(p), nil
}

// WriteAt implements nvs.Flash. The errors are *Error.
func (s *Sparse) WriteAt(p []byte, off int64) (int, error) {
	if err := CheckWrite(s.Size(), off, len(p)); err != nil {
		return 0, err
	}
	sector, at := &s.sectors[off/nvs.SectorSize], int(off%nvs.SectorSize)
	if at < len(*sector) {
		if err := CheckBits((*sector)[at:], p[:min(len(p), len(*sector)-at)], off); err != nil {
			return 0, err
		}
	}
	for len(*sector) < at+len(p) {
		*sector = append(*sector, 0xff)
	}
	return copy((*sector)[at:], p), nil
}

// EraseBlocks implements nvs.Flash. The errors are *Error.
func (s *Sparse) EraseBlocks(start, length int64) error {
	if err := CheckErase(s.Size(), nvs.SectorSize, start, length); err != nil {
		return err
	}
	clear(s.sectors[start : start+length])
	return nil
}
