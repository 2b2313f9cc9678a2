// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"net"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/console"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// What a client finds on a board with both bands, at once and in groups, is the
// same, without hidden networks, and it can be chosen.
func TestBothBands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevice(t, sim.AirConfig{}, simdevice.Config{Board: sim.BoardConfig{FiveGHz: true}})
		defer d.Stop()
		for i := range 16 {
			_, err := d.Air.AddAP(sim.APConfig{SSID: "hidden", Hidden: true, RSSI: int8(-31 - i), Channel: 1})
			require.NoError(t, err)
		}
		for _, channel := range []uint8{13, 36, 100, 177} {
			_, err := d.Air.AddAP(sim.APConfig{SSID: "Fast", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -60 - int8(channel/8), Channel: channel})
			require.NoError(t, err)
		}
		d.Start(true)
		c := d.Client(client.Config{})
		defer c.Close()
		require.NoError(t, c.Connect(t.Context()))
		var lists [2][]client.Network
		var err error
		for i, groups := range []int{0, 5} {
			lists[i], err = c.Scan(t.Context(), client.ScanOptions{GroupChannels: groups})
			require.NoError(t, err)
		}
		require.Len(t, lists[0], 5)
		require.Equal(t, lists[0], lists[1])
		require.Equal(t, 177, lists[0][4].Channel)
		conn, err := c.Provision(t.Context(), client.Credentials{SSID: "Fast", Passphrase: "secretpass"})
		require.NoError(t, err)
		require.Equal(t, 13, conn.Channel, "the strongest")
	})
}

// A second manager on the board, over any scheme, is refused and does not disturb
// the first one's client; on a board of its own it works.
func TestTwoManagersOnABoard(t *testing.T) {
	bubble(t, sim.AirConfig{}, func(t *testing.T, d *Device) {
		d.Start(true)
		c := d.Client(client.Config{})
		defer c.Close()
		require.NoError(t, c.Connect(t.Context()))

		var network simnet.Network
		near, far := net.Pipe()
		defer near.Close()
		defer far.Close()
		for _, cfg := range []wifiprov.Config{
			{WiFi: d.Board, Scheme: softap.New(softap.Config{AP: d.Board, Server: httpd.Config{Listen: network.Listen}})},
			{WiFi: sim.NewFaults(d.Board, nil), Scheme: console.New(console.Config{Stream: near})},
		} {
			var other wifiprov.Manager
			require.NoError(t, other.Init(cfg))
			err := other.StartProvisioning(sec0.New(), "PROV_OTHER", "")
			require.ErrorIs(t, err, wifiprov.ErrInvalidState)
			require.ErrorContains(t, err, "another manager's service runs on this Wi-Fi driver")
			require.NoError(t, other.Deinit())
		}
		ap, open := d.Board.SoftAP()
		require.True(t, open)
		require.Equal(t, hal.SSID("PROV_TEST"), ap.SSID)
		_, err := c.Provision(t.Context(), Right)
		require.NoError(t, err)
	})
}
