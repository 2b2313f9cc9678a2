//go:build race

package sec2

// slow divides the work of tests that the race detector slows down twentyfold
// and has nothing to find in.
const slow = 16
