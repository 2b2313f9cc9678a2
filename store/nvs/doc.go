// SPDX-License-Identifier: Apache-2.0

// Package nvs is the key-value store of ESP32 devices in a flash partition, in ESP-IDF's
// format. It opens the partition of a real device, and ESP-IDF opens partitions that it
// has written (docs/spec/nvs.md, docs/spec/nvs-encryption.md).
//
// A [Partition] lies on a [Flash]: a chip's, one in RAM (package flash) or in a
// file (package fileflash). Encrypted partitions take [Keys].
//
// # How it works
//
// The store is a log on pages, one in each sector of 4096 bytes. A value is appended to
// the newest page, and the value that it replaces is marked as erased. When a page is
// full, the next one begins in a free sector. When only one free sector is left, the
// page with the fewest live values is copied there and erased. So one sector always
// stays free; each other sector has 126 entries of 32 bytes.
//
// # Power cuts
//
// A value is complete on flash before it becomes valid, and valid before the old one is
// erased. After a power cut, also inside a write or an erase, [Open] finds each key with
// its old or its new value; a power cut during the repair does not change that. ESP-IDF
// reads all states in between as well as it reads its own.
//
// # Costs
//
// A new integer takes two writes, together 36 bytes. Replaced values are marked later,
// many at a time. Reading a value reads its entry and its data from flash, and allocates
// nothing. An open partition of 64 KiB with 1,000 keys takes 6 KiB of memory.
package nvs
