// SPDX-License-Identifier: Apache-2.0

//go:build 386 || arm || mips || mipsle || tinygo || wifiprov_small

package srp

// Sizes of the tables: 6 KiB for each comb, 3 KiB for the window.
const (
	combTeeth  = 4
	combBlocks = 1
	windowBits = 3
)
