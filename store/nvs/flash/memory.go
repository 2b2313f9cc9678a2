// SPDX-License-Identifier: Apache-2.0

package flash

import "github.com/wifiprov/wifiprov/store/nvs"

// Memory is a strict NOR flash in RAM. A write that is not aligned to 4 bytes, crosses a
// sector or would turn a 0 into a 1 fails and changes nothing. Memory erases whole sectors
// of 4096 bytes.
type Memory struct {
	data []byte
	// dirty marks the sectors that were written or erased since Replay cleared
	// it; nil: no Replay uses the Memory.
	dirty []bool
}

var _ nvs.Flash = (*Memory)(nil)

// NewMemory returns an erased flash of size bytes. An incomplete sector at the end can be
// read and written, but not erased.
func NewMemory(size int64) *Memory {
	data := make([]byte, size)
	fill(data)
	return FromBytes(data)
}

// FromBytes returns a flash that holds image and uses it as its memory: the
// slice belongs to it from now on.
func FromBytes(image []byte) *Memory { return &Memory{data: image} }

// String returns a text without the contents.
func (*Memory) String() string { return "flash.Memory" }

// Bytes returns the flash's memory, which the next write or erase changes. The
// caller must not change it.
func (m *Memory) Bytes() []byte { return m.data }

// Size implements nvs.Flash.
func (m *Memory) Size() int64 { return int64(len(m.data)) }

// EraseBlockSize implements nvs.Flash: 4096.
func (m *Memory) EraseBlockSize() int64 { return nvs.SectorSize }

// ReadAt implements nvs.Flash. The errors are *Error.
func (m *Memory) ReadAt(p []byte, off int64) (int, error) {
	if err := CheckRead(m.Size(), off, len(p)); err != nil {
		return 0, err
	}
	return copy(p, m.data[off:]), nil
}

// WriteAt implements nvs.Flash. The errors are *Error.
func (m *Memory) WriteAt(p []byte, off int64) (int, error) {
	if err := CheckWrite(m.Size(), off, len(p)); err != nil {
		return 0, err
	}
	if err := CheckBits(m.data[off:], p, off); err != nil {
		return 0, err
	}
	m.mark(off, int64(len(p)))
	return copy(m.data[off:], p), nil
}

// EraseBlocks implements nvs.Flash. The errors are *Error.
func (m *Memory) EraseBlocks(start, length int64) error {
	if err := CheckErase(m.Size(), nvs.SectorSize, start, length); err != nil {
		return err
	}
	from, n := start*nvs.SectorSize, length*nvs.SectorSize
	m.mark(from, n)
	fill(m.data[from : from+n])
	return nil
}

// mark notes that n bytes at off change.
func (m *Memory) mark(off, n int64) {
	if m.dirty == nil || n == 0 {
		return
	}
	for s := off / nvs.SectorSize; s <= (off+n-1)/nvs.SectorSize; s++ {
		m.dirty[s] = true
	}
}

// fill erases b.
func fill(b []byte) {
	for i := range b {
		b[i] = 0xff
	}
}
