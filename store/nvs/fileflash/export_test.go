// SPDX-License-Identifier: Apache-2.0

package fileflash

// Disk is what a File calls for the file.
type Disk = disk

// Wrap puts w around the file, for tests that count or fail its calls.
func (f *File) Wrap(w func(Disk) Disk) { f.disk = w(f.disk) }

// Create fills a new file.
var Create = create
