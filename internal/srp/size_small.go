// SPDX-License-Identifier: Apache-2.0

//go:build tinygo || wifiprov_small

package srp

// Sizes of the tables: no combs, 3 KiB for the window.
const (
	combTeeth  = 0
	combBlocks = 0
	windowBits = 3
)
