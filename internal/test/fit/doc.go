// Package fit keeps the library small enough for a chip. Its test compares what
// each package of the module weighs in a few programs with a table, so that
// nobody makes one heavier without noticing:
//
//	core      manager, console, security 1
//	full      everything that a device may want
//	selftest  the firmware examples/boards/selftest, with the simulated hardware
//
// The programs are built with plain Go for platforms of 32 bits. What TinyGo makes
// of them is much smaller and goes up and down with it:
//
//	tinygo build -target=xiao-esp32c3 -opt=z -stack-size=8kb -size=full ./internal/test/fit/core
//
// minus the same for empty, has to stay below 130 KB, and for full below 230 KB.
//
// What brings fmt, reflection or the printing of times into a program is seen
// there alone: TinyGo keeps the methods of every type that an interface may
// lead to.
package fit
