// SPDX-License-Identifier: Apache-2.0

package chip

import (
	"bytes"
	"errors"
	"testing"
)

// Blocks differ, begin with much of the source, and depend on all of it.
func TestRandom(t *testing.T) {
	read := func(change, n int) ([]byte, int) {
		calls := 0
		r := &random{source: func() (uint32, error) {
			calls++
			if calls == change {
				return 1, nil
			}
			return 0, nil
		}}
		p := make([]byte, n)
		got, err := r.Read(p)
		check(t, err)
		if got != n {
			t.Fatal(got)
		}
		return p, calls
	}
	a, calls := read(0, 100)
	if want := samplesFirst + 3*samplesBlock; calls != want {
		t.Fatal(calls, want)
	}
	if bytes.Equal(a[:32], a[32:64]) || bytes.Equal(a[32:64], a[64:96]) {
		t.Fatal("blocks repeat")
	}
	for _, change := range []int{1, samplesFirst} {
		if b, _ := read(change, 100); bytes.Equal(a[:32], b[:32]) {
			t.Fatal("it does not depend on number", change)
		}
	}
	broken := errors.New("broken")
	r := &random{source: func() (uint32, error) { return 0, broken }}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != broken {
		t.Fatal(n, err)
	}
}
