package ble

// Memory gives memory that a chip keeps for Bluetooth to the heap
// (manager.md 13). It cannot be taken back before a reboot.
type Memory interface {
	// ReleaseMemory releases the parts' memory; what was released before is
	// left out. The parts must not be in use.
	ReleaseMemory(parts Part) error
}

// Part is a set of parts of a Bluetooth controller and its stack.
type Part uint8

// Parts of Bluetooth.
const (
	Classic Part = 1 << iota
	LE
)
