// SPDX-License-Identifier: Apache-2.0

// Package nvsfmt encodes and decodes the bytes of an NVS partition: page headers, bitmaps
// and entries (nvs.md 2 to 4). It has no state and does not access the flash.
package nvsfmt
