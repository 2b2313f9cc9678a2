// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
)

// An impostor knows no secret, announces what it likes, accepts what a device
// without secrets does, and keeps what it hears.
func impostorOf(t *testing.T, version string) *device {
	d := sec1Device(t, "") // accepts security 1 without a PoP
	sec1 := d.security
	d.version = version
	d.statuses = []pb.RespGetStatus{connected}
	v := parseVersion([]byte(version))
	if v.Security() == Security0 {
		d.security = nil
	} else {
		d.security = sec1
	}
	return d
}

// Whoever announces less than the secrets in Config stand for gets the question for
// its version and nothing else: neither credentials nor anything that a secret went
// into.
func TestImpostorGetsNothing(t *testing.T) {
	announced := map[string]string{
		"no_sec":                      `{"prov":{"ver":"v1.1","cap":["no_sec"]}}`,
		"sec_ver 0":                   `{"prov":{"ver":"v1.1","sec_ver":0,"cap":[]}}`,
		"sec_ver 0 without cap":       `{"prov":{"sec_ver":0}}`,
		"sec_ver 0 and both":          `{"prov":{"ver":"v1.1","sec_ver":0,"cap":["no_sec","no_pop"]}}`,
		"sec_ver null and no_sec":     `{"prov":{"sec_ver":null,"cap":["no_sec"]}}`,
		"sec_ver garbage and no_sec":  `{"prov":{"sec_ver":"2","cap":["no_sec"]}}`,
		"sec_ver negative and no_sec": `{"prov":{"sec_ver":-1,"cap":["no_sec"]}}`,
		"sec_ver twice":               `{"prov":{"sec_ver":2,"sec_ver":0}}`,
		"two entries":                 `{"prov":{"sec_ver":2,"cap":[]},"prov":{"sec_ver":0}}`,
		"no_pop":                      `{"prov":{"ver":"v1.1","cap":["no_pop"]}}`,
		"no_pop and sec_ver 1":        `{"prov":{"ver":"v1.1","sec_ver":1,"cap":["no_pop"]}}`,
		"no_pop, sec_ver garbage":     `{"prov":{"sec_ver":{},"cap":["no_pop"]}}`,
	}
	withoutPoP := map[string]string{ // what is less than a user name and password only
		"sec_ver 1":   `{"prov":{"sec_ver":1,"cap":[]}}`,
		"old":         `{"prov":{"ver":"v1.1","cap":["wifi_scan"]}}`,
		"unreadable":  "v0.9",
		"empty":       "",
		"no entry":    `{"app":{"ver":"1"}}`,
		"sec_ver 1.5": `{"prov":{"sec_ver":1.5}}`,
	}
	noAnswer := func(context.Context) (hal.Secret, error) { return "", nil }
	login := Config{Username: "wifiprov", Password: "secret pass"}
	type attack struct {
		cfg   Config
		texts []map[string]string
	}
	for name, a := range map[string]attack{
		"PoP":                     {Config{PoP: "secret pop"}, []map[string]string{announced}},
		"PoP and somebody to ask": {Config{PoP: "secret pop", AskPoP: noAnswer}, []map[string]string{announced}},
		"login":                   {login, []map[string]string{announced, withoutPoP}},
		"login and nobody to ask": {Config{Username: "wifiprov", Password: "secret pass", AskPoP: noAnswer}, []map[string]string{announced, withoutPoP}},
		"password alone":          {Config{Password: "secret pass"}, []map[string]string{announced, withoutPoP}},
		"user name alone":         {Config{Username: "wifiprov"}, []map[string]string{announced, withoutPoP}},
		"both":                    {Config{PoP: "secret pop", Username: "wifiprov", Password: "secret pass"}, []map[string]string{announced}},
		"PoP and user name":       {Config{PoP: "secret pop", Username: "wifiprov"}, []map[string]string{announced, {"sec_ver 2": `{"prov":{"sec_ver":2}}`}}},
	} {
		for _, texts := range a.texts {
			for what, version := range texts {
				t.Run(name+", "+what, func(t *testing.T) {
					d := impostorOf(t, version)
					c := newClient(t, newWire(d), a.cfg)
					defer c.Close()
					_, err := c.Provision(t.Context(), Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
					require.ErrorIs(t, err, ErrDowngrade)
					require.ErrorIs(t, err, ErrSecurity)
					require.Equal(t, []string{"proto-ver " + hex.EncodeToString([]byte("ESP"))}, d.requests())
					require.Empty(t, d.config.Passphrase)
					require.ErrorContains(t, err, "client: connect: proto-ver: device asks for less security than is configured: it announces ")
					for _, secret := range []string{"secret pop", "secret pass", "secretpass"} {
						require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secret)
					}
				})
			}
		}
	}
}

// What is no downgrade, because it proves a secret, there is none, or the mode is
// named.
func TestNoDowngrade(t *testing.T) {
	const noSecurity, noPoP = `{"prov":{"sec_ver":0,"cap":["no_sec"]}}`, `{"prov":{"sec_ver":1,"cap":["no_pop"]}}`
	ask := func(context.Context) (hal.Secret, error) { return "pop", nil }
	withPoP := func(version string) *device {
		d := sec1Device(t, "pop")
		d.version = version
		return d
	}
	for name, tc := range map[string]struct {
		d   *device
		cfg Config
		err error
	}{
		"no secret, no security":        {impostorOf(t, noSecurity), Config{}, nil},
		"no secret, no PoP":             {impostorOf(t, noPoP), Config{}, nil},
		"somebody to ask, no PoP":       {impostorOf(t, noPoP), Config{AskPoP: ask}, nil},
		"security 0 named":              {impostorOf(t, noSecurity), Config{Security: Security0, PoP: "pop", Username: "u", Password: "p"}, nil},
		"security 1 named, without PoP": {impostorOf(t, noPoP), Config{Security: Security1, Username: "u", Password: "p"}, nil},
		"security 1 named, with PoP":    {impostorOf(t, noPoP), Config{Security: Security1, PoP: "pop"}, ErrPoP},
		"sec_ver 1 and no_sec":          {withPoP(`{"prov":{"sec_ver":1,"cap":["no_sec"]}}`), Config{PoP: "pop"}, nil},
		"both secrets, security 1":      {withPoP(`{"prov":{"sec_ver":1}}`), Config{PoP: "pop", Username: "u", Password: "p"}, nil},
		"login, PoP asked for":          {withPoP(`{"prov":{"sec_ver":1}}`), Config{Username: "u", Password: "p", AskPoP: ask}, nil},
		"old device":                    {withPoP("v0.9"), Config{PoP: "pop"}, nil},
		"sec_ver 3":                     {withPoP(`{"prov":{"sec_ver":3}}`), Config{PoP: "pop"}, ErrSecurity},
		"PoP, security 2":               {withPoP(`{"prov":{"sec_ver":2}}`), Config{PoP: "pop"}, ErrUsername},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, newWire(tc.d), tc.cfg)
			defer c.Close()
			err := c.Connect(t.Context())
			require.NotErrorIs(t, err, ErrDowngrade)
			if tc.err != nil {
				require.ErrorIs(t, err, tc.err)
				return
			}
			require.NoError(t, err)
		})
	}
	for cfg, want := range map[*Config]string{
		{PoP: "x"}: "it announces security 1 without a PoP, and Config has a PoP (it may be an impostor that wants the credentials; " +
			"if it is known to be the right device, set Config.Security to Security1 and leave Config.PoP empty)",
		{Username: "u", Password: "p"}:           "and Config has a user name and password (",
		{PoP: "x", Username: "u", Password: "p"}: "and Config has a PoP, a user name and a password (",
	} {
		require.ErrorContains(t, newClient(t, newWire(impostorOf(t, noPoP)), *cfg).Connect(t.Context()), want)
	}
	require.ErrorContains(t, newClient(t, newWire(impostorOf(t, noSecurity)), Config{PoP: "x"}).Connect(t.Context()),
		"it announces no security, and Config has a PoP (it may be an impostor that wants the credentials; "+
			"if it is known to be the right device, set Config.Security to Security0)")
}
