// SPDX-License-Identifier: Apache-2.0

// Package fileflash keeps the flash of a partition in a file of the host.
//
// The file is the partition image, byte for byte. ESP-IDF's tools read and write it, and
// it can be flashed to a device. So erased bytes are 0xff, and a new file is written in
// full, since holes would read as zeros and the tools take no shorter file. Later writes
// are sparse: they write only the bytes from the first to the last one that changes.
// Erasing an erased sector writes nothing.
//
// # Power cuts of the host
//
// A store needs its operations to reach the flash in order. The operating system keeps
// the order while the host runs, even if the process is killed. But if the host's power
// fails, some sectors of the file may have older content than others. So File forces the
// file to the disk before it begins to change another sector (see File.SetOrdered). Then
// a power cut of the host leaves the same as one of a device. This needs a disk that
// writes aligned blocks of 4096 bytes atomically, as present ones do.
//
// # Locks
//
// A writer locks the file against other writers and readers; readers lock it against
// writers. On Linux, macOS, the BSDs and illumos the lock is flock, which does not bind
// other programs: they can copy the file meanwhile, and get a mixture. On Windows other
// programs cannot open the file. On other systems there are no locks, and the caller has
// to prevent access by others.
package fileflash
