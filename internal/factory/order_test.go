// SPDX-License-Identifier: Apache-2.0

package factory

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// count returns a source of 0 to n-1 that ends with err.
func count(n int, err error) func() (int, error) {
	i := -1
	return func() (int, error) {
		if i++; i == n {
			return 0, err
		}
		return i, nil
	}
}

// Results come in the order of the inputs, though later ones are ready first, and workers
// share the work. The bubble fails if a goroutine is left behind.
func TestInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var got []int
		err := inOrder(t.Context(), 2, count(10, io.EOF), func(i int) int {
			time.Sleep(time.Duration(1+i%2) * time.Second)
			return i
		}, func(i int) error { got = append(got, i); return nil })
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, got)
		require.Equal(t, 8*time.Second, time.Since(start), "15 seconds of work for two")
	})
}

// The first error of any part ends everything.
func TestInOrderErrors(t *testing.T) {
	bad := errors.New("bad")
	same := func(i int) int { return i }
	synctest.Test(t, func(t *testing.T) {
		require.ErrorIs(t, inOrder(t.Context(), 2, count(3, bad), same, func(int) error { return nil }), bad)
		n := 0
		require.ErrorIs(t, inOrder(t.Context(), 2, count(1000, io.EOF), same, func(i int) error {
			n++
			if i == 5 {
				return bad
			}
			return nil
		}), bad)
		require.Equal(t, 6, n)
		ctx, cancel := context.WithCancel(t.Context())
		require.ErrorIs(t, inOrder(ctx, 2, count(1000, io.EOF), same, func(i int) error {
			if i == 5 {
				cancel()
			}
			return nil
		}), context.Canceled)
	})
}

// What is drawn uses the whole alphabet, each character equally often.
func TestBelow(t *testing.T) {
	seen := map[int]int{}
	const each = 20000
	for range 31 * each {
		seen[below(31)]++
	}
	require.Len(t, seen, 31)
	for i, n := range seen {
		require.InDelta(t, each, n, 1130, "%d", i) // eight standard deviations
	}
}
