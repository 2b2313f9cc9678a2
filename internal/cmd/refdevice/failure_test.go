// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
)

// What GetStatus says while the station joins, and after it failed.
const (
	connecting = "08015a021001"
	authFailed = "08015a0410035000"
)

// An application that resets in its handler of CRED_FAIL, as the published
// example does, takes no client's news of the failure: the status keeps it until
// other credentials are applied (Q-M17, Q-E25). A client of each kind, by the
// bytes of its requests.
func TestQM17_QE25_ResetInTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network simnet.Network
		d := runDevice(t, &network, "--sec", "0", "--ap", homeNet, "--reset-on-fail", "1")
		conn, err := network.DialContext(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		ask := func(endpoint, body string) string {
			t.Helper()
			raw, err := hex.DecodeString(body)
			require.NoError(t, err)
			return hex.EncodeToString(post(t, conn, endpoint, string(raw)))
		}
		set := func(passphrase string) {
			t.Helper()
			body := "0802" + "6215" + "0a07" + hex.EncodeToString([]byte("HomeNet")) + "120a" + hex.EncodeToString([]byte(passphrase))
			require.Equal(t, "08036a00", ask("prov-config", body))
		}
		apply := func(want string) {
			t.Helper()
			require.Equal(t, want, ask("prov-config", "0804"))
		}
		status := func(want string) {
			t.Helper()
			require.Equal(t, want, ask("prov-config", "5200"))
		}
		require.Equal(t, "52050801aa0100", ask("prov-session", "5203a20100"))
		for range 2 {
			set("wrongpass!")
			apply("08057a00")
			status(connecting) // a phone's first poll comes at once
			for range 4 {
				time.Sleep(5 * time.Second)
				status(authFailed)
			}
			require.Equal(t, "08026200", ask("prov-ctrl", "0801"), "nothing is left to reset")
			status(authFailed)
			set("secretpass")
			status(authFailed) // credentials that were sent, not applied
			require.Equal(t, "08036a020804", ask("prov-config", "08026204"+"1a020102"), "a BSSID of two bytes")
			status(authFailed)
		}
		apply("08057a00")
		status(connecting)
		time.Sleep(5 * time.Second)
		require.Contains(t, ask("prov-config", "5200"), hex.EncodeToString([]byte("192.168.1.77")))
		require.NoError(t, <-d.done)
		lines := d.printed()
		require.Equal(t, []string{
			"EVENT PROV_CRED_RECV ssid=HomeNet pass=wrongpass!", "EVENT STA_DISCONNECTED reason=15", "EVENT PROV_CRED_FAIL reason=0",
			"EVENT PROV_CRED_RECV ssid=HomeNet pass=wrongpass!", "EVENT STA_DISCONNECTED reason=15", "EVENT PROV_CRED_FAIL reason=0",
			"EVENT PROV_CRED_RECV ssid=HomeNet pass=secretpass", "EVENT STA_CONNECTED", "EVENT GOT_IP", "EVENT PROV_CRED_SUCCESS",
			"EVENT PROV_END", "EVENT PROV_DEINIT",
		}, lines[slices.Index(lines, "EVENT PROV_CRED_RECV ssid=HomeNet pass=wrongpass!"):])
	})
}

// A client that polls learns of the failure, and provisions at its second try.
func TestClientSeesFailureThatWasReset(t *testing.T) {
	args := []string{"--ap", homeNet, "--reset-on-fail", "1"}
	bench(t, args, client.Config{PoP: "abcd1234"}, func(t *testing.T, d *running, c *client.Client) {
		for range 2 {
			_, err := c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "wrongpass"})
			require.ErrorIs(t, err, client.ErrAuth)
			_, err = c.Provision(t.Context(), client.Credentials{SSID: "NoNet", Passphrase: "secretpass"})
			require.ErrorIs(t, err, client.ErrNetworkNotFound)
		}
		_, err := c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
		require.NoError(t, err)
		require.NoError(t, <-d.done)
		d.done = nil
	})
}
