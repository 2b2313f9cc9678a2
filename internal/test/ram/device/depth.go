// SPDX-License-Identifier: Apache-2.0

package main

import "unsafe"

const (
	room   = 64 << 10 // more than the device's stack ever takes
	margin = 256      // what the functions below take themselves
	colour = 0xA5
)

// depth runs fn and returns how much stack it took. It paints the stack before, and looks
// afterwards how much of the paint is left. The runtime must neither shrink the stack nor
// use it: GODEBUG=gcshrinkstackoff=1,asyncpreemptoff=1.
func depth(fn func()) int {
	var mark byte
	grow(1)
	paint(&mark)
	fn()
	return unpainted(&mark)
}

// grow makes the stack large enough.
//
//go:noinline
func grow(n int) byte {
	var big [2 * room]byte
	for i := range big {
		big[i] = byte(n * i)
	}
	return big[n]
}

//go:noinline
func paint(top *byte) {
	for i := margin; i < room; i++ {
		*(*byte)(unsafe.Add(unsafe.Pointer(top), -i)) = colour
	}
}

//go:noinline
func unpainted(top *byte) int {
	n := room - 1
	for n > margin && *(*byte)(unsafe.Add(unsafe.Pointer(top), -n)) == colour {
		n--
	}
	return n
}
