// SPDX-License-Identifier: Apache-2.0

// Package long tells tests how much to do. `go test ./...` takes the short form
// of each, which meets every kind of case; with WIFIPROV_LONG=1 the tests take
// their long form, as CI does. A greater number does that many times as much,
// where a test can.
package long

import (
	"os"
	"strconv"
	"testing"
)

// Count returns how many times to do something.
func Count(tb testing.TB, short, long int) int {
	tb.Helper()
	if n := factor(tb); n > 0 {
		return n * long
	}
	return short
}

// Stride returns the distance between the cases to try among many; with 1 the
// test tries all of them.
func Stride(tb testing.TB, short, long int) int {
	tb.Helper()
	if n := factor(tb); n > 0 {
		return max(long/n, 1)
	}
	return short
}

// Only skips a test that has no short form.
func Only(tb testing.TB) {
	tb.Helper()
	if factor(tb) == 0 {
		tb.Skip("a long test: set WIFIPROV_LONG=1")
	}
}

// factor returns $WIFIPROV_LONG, 0 when it is not set.
func factor(tb testing.TB) int {
	tb.Helper()
	text := os.Getenv("WIFIPROV_LONG")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		tb.Fatalf("WIFIPROV_LONG is %q, not a number", text)
	}
	return n
}
