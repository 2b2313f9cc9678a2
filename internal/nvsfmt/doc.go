// Package nvsfmt holds the bytes of an NVS partition: page headers, bitmaps
// and entries (spec/nvs.md sections 2 to 4). It knows no flash and keeps no
// state.
package nvsfmt
