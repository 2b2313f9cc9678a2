// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// bubble runs fn with a device in a synctest bubble and stops it at the end:
// goroutines, connections and timers that are left would fail the test.
func bubble(t *testing.T, air sim.AirConfig, fn func(t *testing.T, d *Device)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := New(t, air)
		fn(t, d)
		d.Stop()
	})
}

// The whole story at the times of the C original: scan, wrong passphrase,
// failure, reset, right passphrase, success, end; and the next boot knows it.
func TestWholeStory(t *testing.T) {
	bubble(t, sim.AirConfig{}, func(t *testing.T, d *Device) {
		d.Start(true)
		c := d.Client(client.Config{PollInterval: 700 * time.Millisecond})
		defer c.Close()
		ctx := t.Context()
		require.NoError(t, c.Connect(ctx))
		networks, err := c.Scan(ctx, client.ScanOptions{GroupChannels: 5})
		require.NoError(t, err)
		require.Equal(t, []client.Network{{SSID: "HomeNet", BSSID: hal.BSSID{2, 0x11, 0x22, 0x33, 0x44, 1}, Channel: 6, RSSI: -40, Auth: hal.AuthWPA2PSK}}, networks)

		_, err = c.Provision(ctx, client.Credentials{SSID: "HomeNet", Passphrase: "wrongpass"})
		require.ErrorIs(t, err, client.ErrAuth)
		require.NoError(t, c.Reset(ctx))
		conn, err := c.Provision(ctx, Right)
		require.NoError(t, err)
		require.Equal(t, "192.168.1.77", conn.IP.String())
		d.Manager.Wait()
		// 13 channels of 120 ms and two pauses are 1.8 s; each attempt
		// begins 1 s after it was applied and takes 0.5 s; the client asks
		// every 0.7 s.
		require.Equal(t, []string{
			"0s INIT", "0s START", "1.8s CRED_RECV", "3.3s CRED_FAIL", "3.9s CRED_RECV",
			"5.4s CRED_SUCCESS", "7s END",
		}, d.Events())

		require.NoError(t, d.Driver.Reboot())
		provisioned, err := d.Manager.IsProvisioned()
		require.NoError(t, err)
		require.True(t, provisioned)
		config, err := d.Board.StationConfig()
		require.NoError(t, err)
		require.Equal(t, hal.SSID("HomeNet"), config.SSID)
		require.Equal(t, hal.Secret("secretpass"), config.Passphrase)
	})
}

// What a client is told for everything that can go wrong on the air.
func TestFailuresOnTheAir(t *testing.T) {
	tests := []struct {
		name string
		ap   func(*sim.APConfig)
		cred client.Credentials
		want error
	}{
		{"wrong passphrase", nil, client.Credentials{SSID: "HomeNet", Passphrase: "wrongpass"}, client.ErrAuth},
		{"passphrase missing", nil, client.Credentials{SSID: "HomeNet"}, client.ErrConnectionFailed},
		{"no such network", nil, client.Credentials{SSID: "Nowhere", Passphrase: "x"}, client.ErrNetworkNotFound},
		{"authentication failed", func(c *sim.APConfig) { c.Refuse = hal.ReasonAuthFail }, Right, client.ErrAuth},
		{"handshake timeout", func(c *sim.APConfig) { c.Refuse = hal.ReasonHandshakeTimeout }, Right, client.ErrAuth},
		{"MIC failure", func(c *sim.APConfig) { c.Refuse = hal.ReasonMICFailure }, Right, client.ErrAuth},
		{"network gone", func(c *sim.APConfig) { c.Absent = true }, Right, client.ErrNetworkNotFound},
		{"full", func(c *sim.APConfig) { c.Refuse = hal.ReasonAssocTooMany }, Right, client.ErrTimeout},
		{"authentication expired", func(c *sim.APConfig) { c.Refuse = hal.ReasonAuthExpire }, Right, client.ErrTimeout},
		{"DHCP silent", func(c *sim.APConfig) { c.NoDHCP = true }, Right, client.ErrTimeout},
		{"refused twice, then let in", func(c *sim.APConfig) { c.Refuse, c.RefuseFirst = hal.ReasonAuthExpire, 2 }, Right, nil},
		{"hidden", func(c *sim.APConfig) { c.Hidden = true }, Right, nil},
		{"slow DHCP", func(c *sim.APConfig) { c.DHCPDelay = 20 * time.Second }, Right, nil},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, sim.AirConfig{}, func(t *testing.T, d *Device) {
				if tc.ap != nil {
					ap := d.Home.Config()
					tc.ap(&ap)
					require.NoError(t, d.Home.Configure(ap))
				}
				d.Start(true)
				c := d.Client(client.Config{PollTimeout: time.Minute})
				defer c.Close()
				_, err := c.Provision(t.Context(), tc.cred)
				if tc.want == nil {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, tc.want)
				}
			})
		})
	}
}

// A wrong proof of possession and a missing one are refused; the right client
// comes next.
func TestWrongPoP(t *testing.T) {
	for _, pop := range []hal.Secret{"wrong", "abcd123", "abcd12345"} {
		bubble(t, sim.AirConfig{}, func(t *testing.T, d *Device) {
			d.Start(true)
			stranger := d.Client(client.Config{PoP: pop})
			defer stranger.Close()
			require.ErrorIs(t, stranger.Connect(t.Context()), client.ErrPoP)
			c := d.Client(client.Config{})
			defer c.Close()
			_, err := c.Provision(t.Context(), Right)
			require.NoError(t, err)
		})
	}
}

// A second client that asks proto-ver, or makes a session of its own, does not
// disturb the first (Q-T2); neither do a hundred that leave their handshake
// half done.
func TestQT2_StrangersDisturbNobody(t *testing.T) {
	bubble(t, sim.AirConfig{}, func(t *testing.T, d *Device) {
		d.Start(true)
		ctx := t.Context()
		c := d.Client(client.Config{})
		defer c.Close()
		require.NoError(t, c.Connect(ctx))
		stranger := d.Client(client.Config{})
		defer stranger.Close()
		_, err := stranger.Version(ctx)
		require.NoError(t, err)
		require.NoError(t, stranger.Connect(ctx))
		for i := range 100 {
			halfOpen := d.Client(client.Config{PoP: hal.Secret(fmt.Sprint("guess ", i))})
			require.ErrorIs(t, halfOpen.Connect(ctx), client.ErrPoP)
			halfOpen.Close()
		}
		_, err = c.Scan(ctx, client.ScanOptions{})
		require.NoError(t, err)
		_, err = c.Provision(ctx, Right)
		require.NoError(t, err)
	})
}

// The network lost after success: its beacons are missed for 6 s, one attempt
// to return fails, and the service ends when auto-stop says so.
func TestNetworkLostLater(t *testing.T) {
	bubble(t, sim.AirConfig{}, func(t *testing.T, d *Device) {
		d.Start(true)
		c := d.Client(client.Config{})
		defer c.Close()
		require.NoError(t, c.Connect(t.Context()))
		require.NoError(t, c.Configure(t.Context(), Right))
		require.NoError(t, c.Apply(t.Context()))
		time.Sleep(3 * time.Second)
		d.Home.Vanish()
		time.Sleep(10 * time.Second)
		status, err := c.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, client.StateFailed, status.State)
		d.Home.Appear()
		d.Manager.Wait() // auto-stop, 30 s after the address
		require.Equal(t, []string{
			"0s INIT", "0s START", "0s CRED_RECV", "1.5s CRED_SUCCESS", "9.6s CRED_FAIL", "32.5s END",
		}, d.Events())
	})
}

// Every call of the driver failing once while a client provisions: it either
// works in spite of it or is told, and a second try works.
func TestEveryDriverCallFailsOnce(t *testing.T) {
	for _, method := range []sim.Method{sim.MethodSetMode, sim.MethodSetStorage, sim.MethodSetStationConfig, sim.MethodConnect, sim.MethodStartScan, sim.MethodScanResults, sim.MethodLink} {
		t.Run(fmt.Sprint(method), func(t *testing.T) {
			bubble(t, sim.AirConfig{}, func(t *testing.T, d *Device) {
				d.Start(true)
				d.Driver.Fail(method, 1, hal.ErrBusy)
				c := d.Client(client.Config{})
				defer c.Close()
				require.NoError(t, c.Connect(t.Context()))
				if _, err := c.Scan(t.Context(), client.ScanOptions{}); err != nil {
					_, err = c.Scan(t.Context(), client.ScanOptions{})
					require.NoError(t, err)
				}
				if _, err := c.Provision(t.Context(), Right); err != nil {
					_, err = c.Provision(t.Context(), Right)
					require.NoError(t, err)
				}
			})
		})
	}
}

// Two devices in one process, on one air, are two Managers.
func TestTwoDevices(t *testing.T) {
	bubble(t, sim.AirConfig{}, func(t *testing.T, d *Device) {
		other := New(t, sim.AirConfig{})
		defer other.Stop()
		d.Start(true)
		other.Start(false)
		for _, device := range []*Device{d, other} {
			cfg := client.Config{}
			if device == other {
				cfg.Security = client.Security0
			}
			c := device.Client(cfg)
			defer c.Close()
			_, err := c.Provision(t.Context(), Right)
			require.NoError(t, err)
			device.Manager.Wait()
		}
		require.Equal(t, "END", d.Events()[len(d.Events())-1][len("1s "):])
	})
}
