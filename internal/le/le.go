// SPDX-License-Identifier: Apache-2.0

// Package le reads and writes numbers of Bluetooth packets, which are in
// little-endian order. encoding/binary does the same; each of its calls costs a
// chip more flash.
package le

// Uint16 returns the number in the first two bytes of b.
func Uint16(b []byte) int { return int(b[0]) | int(b[1])<<8 }

// PutUint16 writes the lower 16 bits of v to the first two bytes of b.
func PutUint16(b []byte, v int) { b[0], b[1] = byte(v), byte(v>>8) }
