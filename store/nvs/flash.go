// SPDX-License-Identifier: Apache-2.0

package nvs

// SectorSize is the unit of erasing in bytes (docs/spec/nvs.md 1). A Flash may erase in
// smaller blocks that divide it.
const SectorSize = 4096

// Flash is a partition of NOR flash: bits are set by erasing and cleared by
// writing. The method set is part of TinyGo's machine.BlockDevice, so
// machine.Flash fits.
//
// Offsets are bytes from the start of the partition. Methods block until the flash has
// done the work. A Partition makes one call at a time, and keeps no slice after a call.
// An implementation must not keep or change slices to write.
//
// After an error, or a power cut inside a call, any part of a write may have
// reached the flash and any part of a sector may be erased.
type Flash interface {
	// Size returns the size in bytes. It never changes.
	Size() int64

	// ReadAt fills p from off on. It fails beyond the end.
	ReadAt(p []byte, off int64) (n int, err error)

	// WriteAt clears the bits that are 0 in p. A Partition writes 4 to 4096
	// bytes, with offset and length divisible by 4, inside one sector. It never
	// writes a 1 where the flash holds a 0; an implementation may refuse that or
	// leave the 0. WriteAt fails beyond the end.
	WriteAt(p []byte, off int64) (n int, err error)

	// EraseBlockSize returns the size of a block in bytes, which divides
	// SectorSize.
	EraseBlockSize() int64

	// EraseBlocks sets all bytes of length blocks from block start on to
	// 0xff. It fails beyond the end.
	EraseBlocks(start, length int64) error
}

// Syncer is an optional ability of a Flash that buffers writes, as a file does. Commit
// and Close call Sync. Sync returns when everything written and erased before survives a
// power cut.
type Syncer interface {
	Sync() error
}
