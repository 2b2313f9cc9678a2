// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/fakelinux"
)

// Every scenario on a Linux box, over BLE and over an access point beside the station.
func TestSuiteOnLinux(t *testing.T) {
	t.Run("BLE", func(t *testing.T) { Suite(t, LinuxBLERig) })
	t.Run("SoftAP, one channel", func(t *testing.T) { Suite(t, LinuxSoftAPRig(1)) })
	t.Run("SoftAP, two channels", func(t *testing.T) { Suite(t, LinuxSoftAPRig(2)) })
}

// By turns a client loses the access point while its credentials are tried, connects
// again when it is back, and is told the outcome, whichever it is. In the end the box is
// in the network.
func TestLinuxSoftAPByTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hotspot{}
		d := NewLinux(t, fakelinux.Config{OnAP: h.onAP})
		r := d.softAPRig(t, h)
		r.Config.Attempts = 2
		s := newStory(t, r, 2)
		t.Cleanup(func() {
			require.NoError(t, s.manager.Deinit())
			s.Close()
		})
		s.boot()
		c := s.dial(client.Config{})
		require.NoError(t, c.Connect(t.Context()))
		found, err := c.Scan(t.Context(), client.ScanOptions{GroupChannels: 5})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Zero(t, h.gaps, "a scan does not cost the access point")
		_, err = c.Provision(t.Context(), Wrong)
		require.ErrorIs(t, err, client.ErrAuth)
		require.Equal(t, 2, h.gaps, "two attempts")
		require.NoError(t, c.Reset(t.Context()))
		conn, err := c.Provision(t.Context(), Right)
		require.NoError(t, err)
		require.Equal(t, "192.168.1.77", conn.IP.String())
		require.Equal(t, 3, h.gaps)
		require.Zero(t, d.Home.Stations(), "the access point has the radio")
		require.NoError(t, c.Close())
		s.manager.Wait()
		time.Sleep(5 * time.Second)
		require.Equal(t, 1, d.Home.Stations())
		require.NoError(t, s.manager.Deinit())
		require.NoError(t, d.WiFi.Close())
		require.Equal(t, 1, d.Home.Stations(), "it stays")
	})
}

// A box that was in a network is in it again when its provisioning comes to nothing, and
// in the new one otherwise.
func TestLinuxFormerNetwork(t *testing.T) {
	for _, credentials := range []client.Credentials{Wrong, Right} {
		for channels := range 3 {
			synctest.Test(t, func(t *testing.T) {
				h := &hotspot{}
				d := NewLinux(t, fakelinux.Config{Beside: channels, OnAP: h.onAP, Former: hal.StationConfig{SSID: "Former"}})
				former, err := d.Air.AddAP(sim.APConfig{SSID: "Former", Channel: 11})
				require.NoError(t, err)
				r := d.softAPRig(t, h)
				r.Config.Attempts, r.Config.VerifyCredentials = 1, true
				s := newStory(t, r, 1)
				s.boot()
				require.Zero(t, former.Stations(), "the interface is taken over")
				c := s.dial(client.Config{})
				_, err = c.Provision(t.Context(), credentials)
				require.Equal(t, credentials == Wrong, err != nil)
				_ = c.Close()
				require.NoError(t, s.manager.Deinit())
				time.Sleep(5 * time.Second)
				require.NoError(t, d.WiFi.Close())
				time.Sleep(5 * time.Second)
				require.Equal(t, credentials == Wrong, former.Stations() == 1)
				require.Equal(t, credentials == Right, d.Home.Stations() == 1)
				d.Close()
			})
		}
	}
}
