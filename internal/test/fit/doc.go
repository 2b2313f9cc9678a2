// SPDX-License-Identifier: Apache-2.0

// Package fit keeps the library small enough for a chip. Its test compares the size
// of each package of the module in a few programs with a table, so that nobody
// makes a package larger without noticing:
//
//	core      manager, console, security 1
//	full      everything that a device may want
//	selftest  the firmware examples/boards/selftest, with the simulated hardware
//
// The programs are built with plain Go for platforms of 32 bits. TinyGo's programs
// are much smaller, and grow and shrink with those:
//
//	tinygo build -target=xiao-esp32c3 -opt=z -stack-size=8kb -size=full ./internal/test/fit/core
//
// minus the same for empty, takes 196 KB with TinyGo 0.42 and Go 1.26, and for full
// 312 KB. With TinyGo 0.34 and Go 1.23 it was 78 and 228 KB.
//
// Only TinyGo's sizes show when something brings fmt, reflection or the printing of
// times into a program: TinyGo keeps the methods of every type that an interface
// may lead to.
package fit
