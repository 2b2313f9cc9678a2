// SPDX-License-Identifier: Apache-2.0

package flash

import "github.com/wifiprov/wifiprov/store/nvs"

// wrapped passes everything on; all wrappers embed it.
type wrapped struct {
	f nvs.Flash
}

// Size implements nvs.Flash.
func (w *wrapped) Size() int64 { return w.f.Size() }

// EraseBlockSize implements nvs.Flash.
func (w *wrapped) EraseBlockSize() int64 { return w.f.EraseBlockSize() }

// ReadAt implements nvs.Flash.
func (w *wrapped) ReadAt(p []byte, off int64) (int, error) { return w.f.ReadAt(p, off) }

// Sync implements nvs.Syncer; it does nothing if the wrapped flash does not.
func (w *wrapped) Sync() error {
	if s, ok := w.f.(nvs.Syncer); ok {
		return s.Sync()
	}
	return nil
}

// writePart does a part of a write in whole words, as the contract requires: it completes
// words with the flash's content.
func writePart(f nvs.Flash, p []byte, off int64, part Part) error {
	from, to := part.clamp(int64(len(p)))
	if from == to {
		return nil
	}
	lo, hi := from&^3, min((to+3)&^3, int64(len(p)))
	words := p[lo:hi]
	if lo != from || hi != to {
		words = make([]byte, hi-lo)
		if _, err := f.ReadAt(words, off+lo); err != nil {
			return err
		}
		copy(words[from-lo:to-lo], p[from:to])
	}
	_, err := f.WriteAt(words, off+lo)
	return err
}

// erasePart erases a part of length blocks from block start on. It writes back the bytes
// that must stay.
func erasePart(f nvs.Flash, start, length int64, part Part) error {
	block := f.EraseBlockSize()
	if err := CheckErase(f.Size(), block, start, length); err != nil {
		return f.EraseBlocks(start, length) // returns the better error
	}
	from, to := part.clamp(length * block)
	from, to = from+start*block, to+start*block
	end := (start + length) * block
	for lo := start * block; lo < end; {
		hi := min(end, (lo/nvs.SectorSize+1)*nvs.SectorSize)
		if err := eraseRange(f, lo, hi, max(lo, from), min(hi, to)); err != nil {
			return err
		}
		lo = hi
	}
	return nil
}

// eraseRange erases the bytes from..to of the blocks in lo..hi, which are part
// of one sector.
func eraseRange(f nvs.Flash, lo, hi, from, to int64) error {
	if from >= to {
		return nil
	}
	var keep []byte
	if from != lo || to != hi {
		keep = make([]byte, hi-lo)
		if _, err := f.ReadAt(keep, lo); err != nil {
			return err
		}
		fill(keep[from-lo : to-lo])
	}
	block := f.EraseBlockSize()
	if err := f.EraseBlocks(lo/block, (hi-lo)/block); err != nil || keep == nil {
		return err
	}
	_, err := f.WriteAt(keep, lo)
	return err
}
