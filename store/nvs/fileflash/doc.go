// Package fileflash keeps the flash of a partition in a file of the host.
//
// The file is the partition image, byte for byte: what ESP-IDF's tools read
// and write, and what can be flashed to a device as it is. Erased bytes are
// therefore 0xff in the file too, and a new file is written in full: a hole,
// which takes no space on the disk, would read as zeros, and a file that is
// shorter than the partition is not what those tools take. Sparse is what
// happens afterwards: an erase of what is erased and a write that changes
// nothing leave the file alone, and of any other write only the bytes from the
// first to the last one that changes are written.
//
// # Power cuts of the host
//
// The store on a flash relies on operations reaching it in their order. A host
// keeps that order while it runs, whatever happens to the process; when its
// power fails, each sector of the file is as old as the operating system
// likes. So before the first change of another sector than the last one the
// file is forced to the disk (File.SetOrdered), and what the host's power
// cut leaves is what one of a device would. This needs a disk that writes 4096
// aligned bytes as a whole, as present ones do.
//
// # Locks
//
// A writer locks the file against other writers and readers, readers lock it
// against writers. On Linux, macOS, the BSDs and illumos this is flock, which
// binds only those who use it: copying the file meanwhile is possible and gives
// a mixture. On Windows the file cannot be opened by others at all. On other
// systems nothing is locked, and the caller has to see to it.
package fileflash
