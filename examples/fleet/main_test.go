// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// Faults that pass cost a further try, a wrong password the device.
func TestFleetExample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		require.NoError(t, run(t.Context(), &out, 100, 25))
		require.Contains(t, out.String(), "100 devices wait\n")
		require.Contains(t, out.String(), "     1 other secrets than in the list\n")
		require.Contains(t, out.String(), "    99 provisioned\n")
		require.Contains(t, out.String(), "PROV_00099, try 1: client: connect: prov-session: ")
		require.Contains(t, out.String(), "; 4 took more than one try\n")
	})
}

func TestFleetExampleEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, run(ctx, io.Discard, 10, 2), context.Canceled)
	})
	require.ErrorContains(t, run(t.Context(), io.Discard, 10, 0), "-at-once 0; both are at least 1")
}
