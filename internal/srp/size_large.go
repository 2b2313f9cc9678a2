// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo && !wifiprov_small

package srp

// Sizes of the tables: 96 KiB for each comb, 6 KiB for the window.
const (
	combTeeth  = 6
	combBlocks = 4
	windowBits = 4
)
