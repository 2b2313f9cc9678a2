// SPDX-License-Identifier: Apache-2.0

package flash

import "github.com/wifiprov/wifiprov/store/nvs"

// arenaSize is what a Recorder allocates at a time for written bytes.
const arenaSize = 64 << 10

// Recorder is a Flash that records writes and erases. It leaves out failed ones, since it
// is unknown how much of them has reached the flash. Make it with NewRecorder.
type Recorder struct {
	wrapped
	ops []Op
	// arena has the data of the last operations. Operations keep former arenas
	// alive.
	arena []byte
}

var (
	_ nvs.Flash  = (*Recorder)(nil)
	_ nvs.Syncer = (*Recorder)(nil)
)

// NewRecorder wraps f.
func NewRecorder(f nvs.Flash) *Recorder { return &Recorder{wrapped: wrapped{f}} }

// Ops returns the operations since NewRecorder or Reset, oldest first. They
// are valid until Reset; the caller must not change them.
func (r *Recorder) Ops() []Op { return r.ops }

// Reset forgets the operations and reuses their memory.
func (r *Recorder) Reset() { r.ops, r.arena = r.ops[:0], r.arena[:0] }

// WriteAt implements nvs.Flash.
func (r *Recorder) WriteAt(p []byte, off int64) (int, error) {
	n, err := r.f.WriteAt(p, off)
	if err != nil {
		return n, err
	}
	if len(p) > cap(r.arena)-len(r.arena) {
		r.arena = make([]byte, 0, max(arenaSize, len(p)))
	}
	at := len(r.arena)
	r.arena = append(r.arena, p...)
	r.ops = append(r.ops, Write(off, r.arena[at:len(r.arena):len(r.arena)]))
	return n, nil
}

// EraseBlocks implements nvs.Flash.
func (r *Recorder) EraseBlocks(start, length int64) error {
	if err := r.f.EraseBlocks(start, length); err != nil {
		return err
	}
	block := r.f.EraseBlockSize()
	r.ops = append(r.ops, Erase(start*block, length*block))
	return nil
}
