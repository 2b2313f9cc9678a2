//go:build race

package srp

// slow divides the work of tests that the race detector slows down twentyfold
// and has nothing to find in.
const slow = 16
