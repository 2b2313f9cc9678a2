// SPDX-License-Identifier: Apache-2.0

package flash

import "github.com/wifiprov/wifiprov/store/nvs"

// Replay makes every image that a power cut during a list of operations on an image could
// leave. Going to a later cut copies only the sectors that differ and allocates nothing;
// going back begins at the base.
type Replay struct {
	base []byte
	ops  []Op
	// at is base with the first n operations done.
	at []byte
	n  int
	// mem is the result of At: at with a part of operation n, and with the
	// caller's changes, which its dirty marks tell.
	mem Memory
}

// NewReplay returns a Replay of ops on base. It keeps both slices; nobody may change them
// until Reset.
func NewReplay(base []byte, ops []Op) *Replay {
	r := &Replay{}
	r.Reset(base, ops)
	return r
}

// Reset begins anew with another base and other operations. If the base has the same
// size, it reuses memory.
func (r *Replay) Reset(base []byte, ops []Op) {
	r.base, r.ops = base, ops
	if len(r.at) != len(base) {
		r.at = make([]byte, len(base))
		r.mem = Memory{make([]byte, len(base)), make([]bool, (len(base)+nvs.SectorSize-1)/nvs.SectorSize)}
	}
	r.rewind()
}

func (r *Replay) rewind() {
	copy(r.at, r.base)
	r.n = 0
	for i := range r.mem.dirty {
		r.mem.dirty[i] = true
	}
}

// Len returns the number of operations.
func (r *Replay) Len() int { return len(r.ops) }

// Op returns operation n, counted from 0.
func (r *Replay) Op(n int) Op { return r.ops[n] }

// At returns the flash after n complete operations and a part of the next one. The caller
// may write to it and erase it. The next call of At returns the same Memory with another
// content.
//
// It panics unless n is 0 to Len, and if an operation goes beyond the base.
// After Len operations part is ignored.
func (r *Replay) At(n int, part Part) *Memory {
	if n < 0 || n > len(r.ops) {
		panic("flash: Replay.At(" + dec(int64(n)) + ") of " + dec(int64(len(r.ops))) + " operations")
	}
	if n < r.n {
		r.rewind()
	}
	for ; r.n < n; r.n++ {
		op := r.ops[r.n]
		op.Apply(r.at, whole())
		r.mem.mark(op.Off, op.Len)
	}
	for i, dirty := range r.mem.dirty {
		if dirty {
			from := i * nvs.SectorSize
			to := min(from+nvs.SectorSize, len(r.at))
			copy(r.mem.data[from:to], r.at[from:to])
			r.mem.dirty[i] = false
		}
	}
	if n < len(r.ops) {
		op := r.ops[n]
		if from, to := part.clamp(op.Len); from < to {
			op.Apply(r.mem.data, part)
			r.mem.mark(op.Off+from, to-from)
		}
	}
	return &r.mem
}
