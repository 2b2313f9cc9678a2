// SPDX-License-Identifier: Apache-2.0

//go:build race

package long

// Race reports whether the race detector is on.
const Race = true

// Slow divides what tests do that the race detector slows down twentyfold and
// finds nothing in.
const Slow = 16
