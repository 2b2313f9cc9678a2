// Package nvs is the key-value store that ESP32 devices keep in a flash
// partition, in ESP-IDF's format: it opens the partition of a real device and
// leaves one that ESP-IDF opens (spec/nvs.md, nvs-encryption.md).
//
// A [Partition] lies on a [Flash]: a chip's, one in RAM (package flash) or in a
// file (package fileflash). Encrypted partitions take [Keys].
//
// # How it works
//
// The store is a log. A value is appended to the newest of the partition's
// pages, one for each sector of 4096 bytes, and the one it replaces is marked as
// erased. When a page is full the next free sector follows; when one free
// sector is left, the page with the fewest live values is copied there and
// erased. So one sector always stays free, and usable are 126 entries of 32
// bytes on each other one.
//
// # Power cuts
//
// A value is whole on flash before it counts, and counts before the old one is
// given up. Whatever a power cut leaves, also inside a write or an erase,
// [Open] finds each key with its old value or its new one, and a power cut
// while it repairs changes nothing about that. ESP-IDF reads each state in
// between as well, as far as it reads its own.
//
// # Costs
//
// A new integer takes two writes of 36 bytes together; marks of what they replace follow
// later, many at a time. Reading takes the flash reads of the value and its
// entry, and allocates nothing. An open partition of 64 KiB with 1,000 keys
// takes 6 KiB of memory.
package nvs
