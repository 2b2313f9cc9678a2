// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// A client on a device with everything beyond the original switched on: wrong
// credentials, told in detail, then the right ones without a reset.
func TestEverythingOn(t *testing.T) {
	bubble(t, sim.AirConfig{}, func(t *testing.T, d *Device) {
		require.NoError(t, d.Board.SetStationConfig(hal.StationConfig{SSID: "OldNet", Passphrase: "old-password"}))
		cfg := d.Config()
		cfg.VerifyCredentials, cfg.ReconnectFormer, cfg.RetryAfterFailure = true, true, true
		cfg.StatusEndpoint, cfg.Attempts, cfg.ProofDelay = true, 2, 5*time.Second
		require.NoError(t, d.Manager.Init(cfg))
		d.StartOnly(true)
		c := d.Client(client.Config{PollInterval: time.Second})
		defer c.Close()
		_, err := c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "wrongpass"})
		require.ErrorIs(t, err, client.ErrAuth)
		require.ErrorContains(t, err, "attempt 2 of 2: 4-way handshake timeout (15) at 4-way handshake, HomeNet on channel 6 with -40 dBm")
		_, err = c.Provision(t.Context(), ByKey)
		require.NoError(t, err)
		details, err := c.Details(t.Context())
		require.NoError(t, err)
		require.Equal(t, client.StateStopping, details.State)
		require.Equal(t, hal.JoinDone, details.Step)
		require.Equal(t, "192.168.1.77 255.255.255.0 192.168.1.1", fmt.Sprint(details.IP.Address, details.IP.Netmask, details.IP.Gateway))
		d.Manager.Wait()
		require.Equal(t, []string{
			"0s INIT", "0s START", "0s CRED_RECV", "2.1s CRED_FAIL", "3s CRED_RECV", "4.5s CRED_SUCCESS", "6s END",
		}, d.Events())
		require.NoError(t, d.Driver.Reboot())
		now, err := d.Board.StationConfig()
		require.NoError(t, err)
		require.Equal(t, ByKey.Passphrase, now.Passphrase)
	})
}
