// SPDX-License-Identifier: Apache-2.0

// Selftest is a firmware that tests itself: the vectors of securities 1 and 2,
// the state machine, NVS with power cuts, the attribute server, and whole
// provisionings over console and BLE on simulated hardware. It prints a line for
// each part and PASS at the end. A failure prints FAIL with the part and the
// reason, and panics, so that an emulator notices.
//
// It needs a processor, 160 KB of RAM and something that println writes to; no
// clock, no radio, no random numbers:
//
//	go run ./examples/boards/selftest
//	tinygo run -target=riscv-qemu -stack-size=8kb ./examples/boards/selftest
//	tinygo flash -target=xiao-esp32c3 -stack-size=8kb -monitor ./examples/boards/selftest
//
// A chip with 64 KB of RAM has room for the tests of single packages, but not for
// the provisionings, in which device and phone share the RAM:
//
//	tinygo run -target=cortex-m-qemu -stack-size=8kb -tags=units ./examples/boards/selftest
package main

// part is a part of the test.
type part struct {
	name string
	run  func() error
}

func main() {
	for _, part := range append(units, provisionings...) {
		if err := apart(part.run); err != nil {
			println("FAIL " + part.name + ": " + err.Error())
			panic("the self-test failed")
		}
		println("ok   " + part.name)
	}
	println("PASS")
}
