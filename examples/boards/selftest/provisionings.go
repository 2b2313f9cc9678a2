// SPDX-License-Identifier: Apache-2.0

//go:build !units

package main

// provisionings test all packages together.
var provisionings = []part{
	{"console, security 0", func() error { return testConsole(0) }},
	{"console, security 1", func() error { return testConsole(1) }},
	{"console, security 2", func() error { return testConsole(2) }},
	{"BLE, security 0", func() error { return testBLE(0) }},
	{"BLE, security 1", func() error { return testBLE(1) }},
	{"BLE, security 2", func() error { return testBLE(2) }},
}
