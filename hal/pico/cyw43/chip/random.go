// SPDX-License-Identifier: Apache-2.0

package chip

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// random makes numbers of a source that is not random enough as it is. Each block is a
// hash of what came before and of much that the source has told since. The zero value
// with a source is ready.
type random struct {
	source func() (uint32, error)

	mu   sync.Mutex
	pool [sha256.Size]byte
	full bool
}

// How many numbers of the source are hashed at first, and for each block.
const (
	samplesFirst = 2048
	samplesBlock = 64
)

// What a hash is for.
const (
	forPool  = 0
	forBlock = 1
)

// Read implements io.Reader.
func (r *random) Read(p []byte) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) {
		samples := samplesBlock
		if !r.full {
			samples = samplesFirst
		}
		if err := r.stir(samples); err != nil {
			return n, err
		}
		r.full = true
		block := sha256.Sum256(append([]byte{forBlock}, r.pool[:]...))
		n += copy(p[n:], block[:])
	}
	return n, nil
}

// stir hashes numbers of the source into the pool.
func (r *random) stir(samples int) error {
	h := sha256.New()
	h.Write([]byte{forPool})
	h.Write(r.pool[:])
	var sample [4]byte
	for range samples {
		v, err := r.source()
		if err != nil {
			return err
		}
		binary.LittleEndian.PutUint32(sample[:], v)
		h.Write(sample[:])
	}
	h.Sum(r.pool[:0])
	return nil
}
