// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// verifier2 is what a device stores of "wifiprov" and "abcd1234".
var verifier2 = sync.OnceValues(func() (salt, verifier []byte) {
	salt, verifier, err := sec2.Generate("wifiprov", "abcd1234", 0, nil)
	if err != nil {
		panic(err)
	}
	return salt, verifier
})

// sec2Device is a device of security 2, of the patch version that it announces.
func sec2Device(t testing.TB, patch int) *device {
	salt, verifier := verifier2()
	s, err := sec2.New(sec2.Config{Salt: salt, Verifier: verifier, FixedNonce: patch == 0})
	require.NoError(t, err)
	text := `{"prov":{"ver":"v1.1","sec_ver":2,"sec_patch_ver":1,"cap":["wifi_scan"]}}`
	if patch == 0 {
		text = `{"prov":{"ver":"v1.1","sec_ver":2,"cap":["wifi_scan"]}}`
	}
	return &device{version: text, security: func() deviceSession {
		session, err := s.NewSession()
		require.NoError(t, err)
		return session
	}}
}

func TestConnectSecurity2(t *testing.T) {
	login := Config{Username: "wifiprov", Password: "abcd1234"}
	with := func(fn func(*Config)) Config {
		cfg := login
		fn(&cfg)
		return cfg
	}
	noVersion := func(endpoint string, _ []byte) ([]byte, error) {
		if endpoint == endpointVersion {
			return nil, errNoEndpoint
		}
		return nil, errPass
	}
	asked := errors.New("asked")
	ask := func(context.Context) (string, hal.Secret, error) { return "wifiprov", "abcd1234", nil }
	tests := []struct {
		name    string
		patch   int
		version string
		hook    func(string, []byte) ([]byte, error)
		cfg     Config
		err     error
		text    string
	}{
		{name: "automatic, patch 1", patch: 1, cfg: login},
		{name: "automatic, patch 0", patch: 0, cfg: login},
		{name: "automatic, patch 0 said", patch: 0, cfg: login, version: `{"prov":{"sec_ver":2,"sec_patch_ver":0}}`},
		{name: "named, patch 1", patch: 1, cfg: with(func(c *Config) { c.Security = Security2 })},
		{name: "named, patch 0", patch: 0, cfg: with(func(c *Config) { c.Security = Security2 })},
		{name: "named, old text", patch: 0, version: "v0.9", cfg: with(func(c *Config) { c.Security = Security2 })},
		{name: "named, no proto-ver", patch: 0, hook: noVersion, cfg: with(func(c *Config) { c.Security = Security2 })},
		{name: "the PoP is not for security 2", patch: 1, cfg: with(func(c *Config) { c.PoP = "of another device" })},
		{name: "wrong password", patch: 1, cfg: with(func(c *Config) { c.Password = "wrongpwd" }), err: ErrPassword,
			text: "client: connect: prov-session: device refused the user name or the password (check both; if right, another client may have pushed this one out: try again)"},
		{name: "wrong user name", patch: 1, cfg: with(func(c *Config) { c.Username = "wifiprow" }), err: ErrPassword,
			text: "client: connect: prov-session: device refused the user name or the password (check both; if right, another client may have pushed this one out: try again)"},
		{name: "asked for", patch: 1, cfg: Config{AskLogin: ask}},
		{name: "named, asked for", patch: 0, cfg: Config{Security: Security2, AskLogin: ask, PoP: "of another device"}},
		{name: "asking fails", patch: 1, cfg: Config{AskLogin: func(context.Context) (string, hal.Secret, error) { return "", "", asked }}, err: asked},
		{name: "known, not asked for", patch: 1, cfg: with(func(c *Config) {
			c.AskLogin = func(context.Context) (string, hal.Secret, error) { return "", "", asked }
		})},
		{name: "no password", patch: 1, cfg: with(func(c *Config) { c.Password = "" }), err: ErrPassword, text: "check both"},
		{name: "no user name", patch: 1, cfg: with(func(c *Config) { c.Username = "" }), err: ErrUsername,
			text: "security 2 needs a user name: Config.Username is empty"},
		{name: "long user name", patch: 1, cfg: with(func(c *Config) { c.Username = strings.Repeat("u", 65536) }), err: ErrUsername,
			text: "of at most 65535 bytes: Config.Username has 65536"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			d := sec2Device(t, tc.patch)
			d.hook = tc.hook
			if tc.version != "" {
				d.version = tc.version
			}
			c := newClient(t, newWire(d), tc.cfg)
			defer c.Close()
			err := c.Connect(t.Context())
			require.Equal(t, 1, count(d.requests(), "proto-ver"))
			if tc.err == nil {
				require.NoError(t, err)
				for range 3 {
					_, err := c.Status(t.Context())
					require.NoError(t, err)
				}
				return
			}
			require.ErrorIs(t, err, tc.err)
			require.ErrorContains(t, err, tc.text)
			require.Equal(t, tc.err == ErrPassword, errors.Is(err, ErrPoP))
			require.Equal(t, tc.err == ErrPassword, errors.Is(err, ErrRefused))
			if tc.err == ErrUsername {
				require.Zero(t, count(d.requests(), "prov-session"), "nothing is sent for nothing")
			}
			for _, secret := range []string{"abcd1234", "wrongpwd"} {
				require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, tc.cfg), secret)
			}
			_, err = c.Status(t.Context())
			require.Error(t, err, "there is no session")
		})
	}
	t.Run("2 where 0 is spoken", func(t *testing.T) {
		c := newClient(t, newWire(sec0Device()), with(func(c *Config) { c.Security = Security2 }))
		defer c.Close()
		require.ErrorIs(t, c.Connect(t.Context()), ErrBadAnswer)
	})
	t.Run("proto-ver fails", func(t *testing.T) {
		d := sec2Device(t, 1)
		boom := errors.New("boom")
		d.hook = func(string, []byte) ([]byte, error) { return nil, boom }
		c := newClient(t, newWire(d), with(func(c *Config) { c.Security = Security2 }))
		defer c.Close()
		require.Error(t, c.Connect(t.Context()))
		require.Zero(t, count(d.requests(), "prov-session"))
	})
	t.Run("impostor", func(t *testing.T) {
		d := sec2Device(t, 1)
		genuine := d.security
		d.security = func() deviceSession { return impostor{genuine()} }
		c := newClient(t, newWire(d), login)
		defer c.Close()
		err := c.Connect(t.Context())
		require.ErrorIs(t, err, ErrPassword)
		require.NotErrorIs(t, err, ErrRefused)
		require.ErrorContains(t, err, "check that it is the right device")
	})
}

// impostor is a device whose proof is wrong.
type impostor struct{ deviceSession }

func (i impostor) Handshake(dst, req []byte) ([]byte, error) {
	out, err := i.deviceSession.Handshake(dst, req)
	if bytes.HasPrefix(out, []byte("\x10\x02\x62\x55\x08\x03")) { // Response1
		out[20] ^= 1
	}
	return out, err
}

// TestQP13_LostMessageLosesTheSession: the client's nonce has moved on, so that
// it starts over; a new handshake helps.
func TestQP13_LostMessageLosesTheSession(t *testing.T) {
	d := sec2Device(t, 1)
	c := newClient(t, newWire(d), Config{Username: "wifiprov", Password: "abcd1234"})
	defer c.Close()
	require.NoError(t, c.Connect(t.Context()))
	lose := true
	d.raw = func(endpoint string, body []byte) ([]byte, error) {
		if lose && endpoint == endpointConfig {
			lose = false
			body[0] ^= 1
		}
		return nil, errPass
	}
	_, err := c.Status(t.Context())
	require.ErrorIs(t, err, ErrSessionLost)
	_, err = c.Status(t.Context())
	require.ErrorIs(t, err, ErrSessionLost)
	require.NoError(t, c.Connect(t.Context()))
	_, err = c.Status(t.Context())
	require.NoError(t, err)
}
