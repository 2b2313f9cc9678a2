package nvs_test

import (
	"errors"
	"fmt"
)

// memory is a strict NOR flash that counts.
type memory struct {
	b                            []byte
	Writes, Erases, BytesWritten int64
}

func fromBytes(b []byte) *memory { return &memory{b: b} }

func newMemory(size int64) *memory {
	m := &memory{b: make([]byte, size)}
	_ = m.EraseBlocks(0, size/4096)
	m.Erases = 0
	return m
}

func (m *memory) Size() int64           { return int64(len(m.b)) }
func (m *memory) EraseBlockSize() int64 { return 4096 }

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	return copy(p, m.b[off:off+int64(len(p))]), nil
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	m.Writes++
	m.BytesWritten += int64(len(p))
	if len(p)%4 != 0 || off%4 != 0 || off/4096 != (off+int64(len(p))-1)/4096 {
		return 0, errors.New("not aligned")
	}
	for i, c := range p {
		if c&^m.b[off+int64(i)] != 0 {
			return 0, fmt.Errorf("a 0 cannot become a 1 at %#x: %x over %x", off, p, m.b[off:off+int64(len(p))])
		}
		m.b[off+int64(i)] = c
	}
	return len(p), nil
}

func (m *memory) EraseBlocks(start, n int64) error {
	m.Erases += n
	for i := start * 4096; i < (start+n)*4096; i++ {
		m.b[i] = 0xff
	}
	return nil
}
