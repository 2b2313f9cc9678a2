// SPDX-License-Identifier: Apache-2.0

package ble

// Memory gives the memory that a chip reserves for Bluetooth to the heap. It
// stays there until a reboot.
type Memory interface {
	// ReleaseMemory releases the memory of these parts; parts that were
	// released before are skipped. The parts must not be in use.
	ReleaseMemory(parts Part) error
}

// Part is a set of parts of a Bluetooth controller and its stack.
type Part uint8

// Parts of Bluetooth.
const (
	Classic Part = 1 << iota
	LE
)
