// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// bleBubble runs fn with a device in a synctest bubble and stops it at the end.
func bleBubble(t *testing.T, cfg att.Config, fn func(t *testing.T, d *BLEDevice)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := NewBLE(t, sim.AirConfig{}, cfg)
		fn(t, d)
		d.Stop()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Zero(t, d.Controller.Links())
		_, _, advertising := d.Controller.Advertising()
		require.False(t, advertising)
	})
}

// When the service ends, the device ends the link.
func TestBLEDeviceHangsUp(t *testing.T) {
	bleBubble(t, att.Config{}, func(t *testing.T, d *BLEDevice) {
		d.Start(true)
		c, phone := d.Phone(client.Config{}, blecentral.Config{})
		_, err := c.Provision(t.Context(), Right)
		require.NoError(t, err)
		require.Equal(t, 1, phone.Links())
		d.Manager.Wait()
		time.Sleep(time.Second)
		require.Zero(t, phone.Links())
		require.NoError(t, c.Close())
	})
}

// MTUs from 23 on, on either side: what does not fit goes by prepared writes and
// read blobs.
func TestBLEEveryMTU(t *testing.T) {
	for _, tc := range []struct{ device, phone int }{{23, 517}, {517, 23}, {24, 517}, {64, 517}, {185, 517}, {256, 247}, {517, 517}} {
		bleBubble(t, att.Config{MTU: tc.device}, func(t *testing.T, d *BLEDevice) {
			d.Start(true)
			c, _ := d.Phone(client.Config{}, blecentral.Config{MTU: tc.phone})
			_, err := c.Provision(t.Context(), Right)
			require.NoError(t, err, "%+v", tc)
			require.NoError(t, c.Close())
		})
	}
}

// Packets are lost and links are slow: it takes longer.
func TestBLELossAndSlowLinks(t *testing.T) {
	for _, loss := range []int{100, 500} {
		for _, interval := range []time.Duration{7500 * time.Microsecond, 400 * time.Millisecond} {
			bleBubble(t, att.Config{}, func(t *testing.T, d *BLEDevice) {
				// By default the device hangs up 1 s after it said
				// "connected", too soon for such a link.
				require.NoError(t, d.Manager.Init(d.Config()))
				require.NoError(t, d.Manager.DisableAutoStop(0))
				d.StartOnly(true)
				d.Controller.SetLoss(loss)
				c, phone := d.Phone(client.Config{}, blecentral.Config{Interval: interval, SupervisionTimeout: 32 * time.Second})
				phone.SetLoss(loss)
				_, err := c.Provision(t.Context(), Right)
				require.NoError(t, err)
				require.NoError(t, c.Close())
			})
		}
	}
}

// Several phones by turns; a session ends with its connection.
func TestBLESeveralPhones(t *testing.T) {
	bleBubble(t, att.Config{}, func(t *testing.T, d *BLEDevice) {
		d.Start(true)
		for range 5 {
			stranger, _ := d.Phone(client.Config{PoP: "wrong"}, blecentral.Config{})
			require.ErrorIs(t, stranger.Connect(t.Context()), client.ErrPoP)
			require.NoError(t, stranger.Close())
		}
		c, _ := d.Phone(client.Config{}, blecentral.Config{})
		_, err := c.Provision(t.Context(), Right)
		require.NoError(t, err)
		require.NoError(t, c.Close())
	})
}

// The link breaks after every single data packet of a provisioning: the next
// client provisions the device, and nothing is left.
func TestBLEBrokenAfterEveryPacket(t *testing.T) {
	broken := true
	n := 1
	for ; broken; n++ {
		bleBubble(t, att.Config{MTU: 64}, func(t *testing.T, d *BLEDevice) {
			require.NoError(t, d.Manager.Init(d.Config()))
			require.NoError(t, d.Manager.DisableAutoStop(0))
			d.StartOnly(true)
			victim, phone := d.Phone(client.Config{PollInterval: time.Second}, blecentral.Config{})
			d.Controller.CutAfter(n)
			_, err := victim.Provision(t.Context(), Right)
			broken = err != nil
			require.NoError(t, victim.Close())
			phone.Close()
			next, _ := d.Phone(client.Config{}, blecentral.Config{})
			require.NoError(t, next.Connect(t.Context()), "packet %d", n)
			require.NoError(t, resume(t, next), "packet %d", n)
			require.NoError(t, next.Close())
		})
		require.Less(t, n, 1000)
	}
	t.Log(n, "packets")
	require.Greater(t, n, 50)
}
