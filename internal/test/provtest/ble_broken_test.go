// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/test/long"
	"github.com/wifiprov/wifiprov/protocomm"
)

// The link ends after every single packet of a whole provisioning that passes
// between host and controller, commands and events included, at the device and
// at the phone, under security 1 and, at MTU 23, under security 2: the next
// client provisions the device at once, and nothing of the first is left.
//
// Under security 2 the long form tries every fourth packet. The short form, the
// race detector and 32 bits try every fourth, and under security 2 every 32nd.
func TestBLEEndsAfterEveryPacket(t *testing.T) {
	for _, tc := range []struct{ mode, mtu, least int }{{1, 64, 100}, {2, 23, 280}} {
		for i, side := range []string{"device", "phone"} {
			t.Run(fmt.Sprintf("security %d, MTU %d, %s", tc.mode, tc.mtu, side), func(t *testing.T) {
				t.Parallel()
				short, all := 4, 1
				if tc.mode == 2 {
					short, all = 32, 4
				}
				if long.Race || strconv.IntSize == 32 {
					all = short
				}
				stride := long.Stride(t, short, all)
				n := 1 + i*stride/2
				sec := security(t, tc.mode)
				for endAfter(t, sec, tc.mtu, side, n) {
					n += stride
				}
				t.Log(n-1, "packets")
				require.Greater(t, n, tc.least)
			})
		}
	}
}

// resume provisions a device that another client may have given the credentials
// already.
func resume(t *testing.T, c *client.Client) error {
	status, err := c.Status(t.Context())
	if err != nil || status.State == client.StateConnected {
		return err
	}
	if _, err = c.Provision(t.Context(), Right); err != nil { // applied, and not answered
		_, err = c.WaitConnected(t.Context())
	}
	return err
}

// endAfter ends the link after the nth packet, and reports whether there was
// one.
func endAfter(t *testing.T, sec protocomm.Security, mtu int, side string, n int) (was bool) {
	synctest.Test(t, func(t *testing.T) {
		d := newTapped(t, sec, mtu)
		victim, phone := d.phone(t, blecentral.Config{})
		wire := map[string]*tap{"device": d.wire, "phone": phone}[side]
		var ended atomic.Bool
		synctest.Wait()
		wire.call(n, func() {
			ended.Store(true)
			d.Controller.Drop(ble.ReasonSupervisionTimeout)
		})
		_, _ = victim.Provision(t.Context(), Right)
		require.NoError(t, victim.Close())
		synctest.Wait()
		wire.call(0, nil)
		was = ended.Load()
		require.Zero(t, d.Controller.Links(), "packet %d", n)
		require.Zero(t, d.sessions.open.Load(), "packet %d: a session is left", n)

		began := time.Now()
		next, _ := d.phone(t, blecentral.Config{})
		require.NoError(t, next.Connect(t.Context()), "packet %d", n)
		require.EqualValues(t, 1, d.sessions.open.Load(), "packet %d", n)
		require.NoError(t, resume(t, next), "packet %d", n)
		require.Less(t, time.Since(began), 20*time.Second, "packet %d", n)
		require.NoError(t, next.Close())

		d.Stop()
		synctest.Wait()
		require.Zero(t, d.sessions.open.Load(), "packet %d: a session is left", n)
		require.Zero(t, d.clock.pending.Load(), "packet %d: a timer is left", n)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Zero(t, d.Controller.Links(), "packet %d", n)
		_, _, advertising := d.Controller.Advertising()
		require.False(t, advertising, "packet %d", n)
	})
	return was
}
