// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// A device of security 2 announces it, lets the right user in and says why
// others did not get in.
func TestSecurity2(t *testing.T) {
	salt, verifier, err := sec2.Generate("somebody", "something", 0, nil)
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		args           []string
		user, password string
	}{
		"verifier": {[]string{"--salt", hex.EncodeToString(salt), "--verifier", hex.EncodeToString(verifier)}, "somebody", "something"},
		"password": {[]string{"--user", "nobody", "--password", "nothing"}, "nobody", "nothing"},
		"default":  {nil, "wifiprov", "abcd1234"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"--sec", "2", "--ap", homeNet}, tc.args...)
			cfg := client.Config{Username: tc.user, Password: "wrong"}
			bench(t, args, cfg, func(t *testing.T, d *running, c *client.Client) {
				v, err := c.Version(t.Context())
				require.NoError(t, err)
				require.Equal(t, 2, v.SecVersion)
				require.Equal(t, 1, v.SecPatchVersion)
				require.ErrorIs(t, c.Connect(t.Context()), client.ErrPassword)
				require.Contains(t, d.end(t), "EVENT SECURITY_SESSION_CREDENTIALS_MISMATCH")
				d.done = nil
			})
			cfg.Password = hal.Secret(tc.password)
			bench(t, args, cfg, func(t *testing.T, d *running, c *client.Client) {
				conn, err := c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
				require.NoError(t, err)
				require.Equal(t, "192.168.1.77", conn.IP.String())
				require.NoError(t, <-d.done)
				d.done = nil
				require.Contains(t, d.printed(), "EVENT SECURITY_SESSION_SETUP_OK")
			})
		})
	}
}
