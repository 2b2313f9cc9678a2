// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// Handles of values in the service of standard endpoints.
const (
	scanHandle    = "0c00"
	sessionHandle = "0f00"
)

// With MTU 23, whichever side it is that has no more, security 2's messages of
// more than 384 bytes and a page of 4 networks go through, by prepared writes
// and read blobs and by nothing longer than 23 bytes.
func TestBLESmallestMTU(t *testing.T) {
	for _, tc := range []struct{ device, phone int }{{23, 517}, {517, 23}} {
		t.Run(fmt.Sprintf("device %d, phone %d", tc.device, tc.phone), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newTapped(t, security(t, 2), tc.device)
				for i := range 3 { // and Home
					_, err := d.Air.AddAP(sim.APConfig{SSID: hal.SSID(fmt.Sprintf("a network with a long name %d", i))})
					require.NoError(t, err)
				}
				c, wire := d.phone(t, blecentral.Config{MTU: tc.phone})
				require.NoError(t, c.Connect(t.Context()))
				pdus := wire.taken()
				require.GreaterOrEqual(t, longWrite(t, pdus, sessionHandle), 384, "A of Command0")
				require.GreaterOrEqual(t, longRead(t, pdus, sessionHandle), 384, "B of Response0")
				require.Equal(t, map[bool]int{false: 1, true: 0}[tc.phone == 23], count(pdus, "> 02"))

				found, err := c.Scan(t.Context(), client.ScanOptions{})
				require.NoError(t, err)
				require.Len(t, found, 4)
				scan := wire.taken()
				require.GreaterOrEqual(t, longRead(t, scan, scanHandle), 4*(26+6), "names and BSSIDs of a page of 4")

				_, err = c.Provision(t.Context(), Right)
				require.NoError(t, err)
				for _, p := range append(append(pdus, scan...), wire.taken()...) {
					require.LessOrEqual(t, len(p)-len("> "), 2*23, p)
				}
				require.NoError(t, c.Close())
				d.Stop()
				time.Sleep(time.Minute)
			})
		})
	}
}

// longWrite returns the length of the first value that was written in pieces to
// a characteristic: prepared one after the other, each echoed, and executed.
func longWrite(t *testing.T, pdus []string, handle string) int {
	t.Helper()
	n := 0
	for i, p := range pdus {
		if n > 0 && p == "> 1801" {
			require.Equal(t, "< 19", pdus[i+1])
			return n
		}
		if head := "> 16" + handle + le16(n); len(p) > len(head) && p[:len(head)] == head {
			require.Equal(t, "< 17"+p[4:], pdus[i+1])
			n += (len(p) - len(head)) / 2
		}
	}
	t.Fatal("nothing was written in pieces to ", handle)
	return 0
}

// longRead returns the length of the longest value that was read in pieces from
// a characteristic, each piece but the last one as long as it may be.
func longRead(t *testing.T, pdus []string, handle string) (longest int) {
	t.Helper()
	n := 0
	for i, p := range pdus {
		switch p {
		case "> 0a" + handle:
			n = len(pdus[i+1])/2 - 2
		case "> 0c" + handle + le16(n):
			require.Zero(t, n%22)
			n += len(pdus[i+1])/2 - 2
			longest = max(longest, n)
		}
	}
	require.NotZero(t, longest, "nothing was read in pieces from %s", handle)
	return longest
}

func le16(n int) string { return fmt.Sprintf("%02x%02x", n&255, n>>8) }
