// SPDX-License-Identifier: Apache-2.0

package flash

import "github.com/wifiprov/wifiprov/store/nvs"

// Counts has the numbers of calls of a flash. Failed calls count too, since they may have
// reached the flash.
type Counts struct {
	Reads, Writes, Syncs int   // calls
	Erases               int   // sectors of 4096 bytes; parts count as one
	BytesRead            int64 // requested
	BytesWritten         int64
}

// Counter is a Flash that counts. Make it with NewCounter.
type Counter struct {
	wrapped
	counts Counts
}

var (
	_ nvs.Flash  = (*Counter)(nil)
	_ nvs.Syncer = (*Counter)(nil)
)

// NewCounter wraps f.
func NewCounter(f nvs.Flash) *Counter { return &Counter{wrapped: wrapped{f}} }

// Counts returns what has happened since NewCounter or Reset.
func (c *Counter) Counts() Counts { return c.counts }

// Reset begins again at 0.
func (c *Counter) Reset() { c.counts = Counts{} }

// ReadAt implements nvs.Flash.
func (c *Counter) ReadAt(p []byte, off int64) (int, error) {
	c.counts.Reads++
	c.counts.BytesRead += int64(len(p))
	return c.f.ReadAt(p, off)
}

// WriteAt implements nvs.Flash.
func (c *Counter) WriteAt(p []byte, off int64) (int, error) {
	c.counts.Writes++
	c.counts.BytesWritten += int64(len(p))
	return c.f.WriteAt(p, off)
}

// EraseBlocks implements nvs.Flash.
func (c *Counter) EraseBlocks(start, length int64) error {
	if length > 0 {
		perSector := nvs.SectorSize / c.f.EraseBlockSize()
		c.counts.Erases += int((length-1)/perSector + 1)
	}
	return c.f.EraseBlocks(start, length)
}

// Sync implements nvs.Syncer.
func (c *Counter) Sync() error {
	c.counts.Syncs++
	return c.wrapped.Sync()
}
