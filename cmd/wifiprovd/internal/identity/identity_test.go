// SPDX-License-Identifier: Apache-2.0

package identity_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/config"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/identity"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/security/sec2"
)

var mac = hal.BSSID{2, 0, 0, 0xa1, 0xb2, 0xc3}

// The password is made once, and the label tells it. Under the other securities too.
func TestOwnPassword(t *testing.T) {
	state := t.TempDir()
	cfg := config.Default()
	cfg.ServiceKey = "hunter22"
	id, err := identity.Load(&cfg, mac, state)
	require.NoError(t, err)
	require.True(t, id.Made)
	require.Regexp(t, `^[a-km-np-z2-9]{16}$`, string(id.Password()))
	again, err := identity.Load(&cfg, mac, state)
	require.NoError(t, err)
	require.False(t, again.Made)
	require.Equal(t, id.Password(), again.Password())
	for security, want := range map[int]string{
		2: `{"ver":"v1","name":"PROV_A1B2C3","username":"wifiprov","pop":"%s","transport":"softap","password":"hunter22"}`,
		1: `{"ver":"v1","name":"PROV_A1B2C3","pop":"%s","transport":"softap","security":1,"password":"hunter22"}`,
		0: `{"ver":"v1","name":"PROV_A1B2C3","transport":"softap","security":0,"password":"hunter22"}`,
	} {
		cfg.Security = security
		id, err := identity.Load(&cfg, mac, state)
		require.NoError(t, err)
		text, err := id.Text()
		require.NoError(t, err)
		if security > 0 {
			want = fmt.Sprintf(want, string(again.Password()))
		}
		require.JSONEq(t, want, string(text))
		sec, err := id.Security()
		require.NoError(t, err)
		require.EqualValues(t, security, sec.Version())
		path := filepath.Join(state, "label.txt")
		require.NoError(t, id.WriteLabel(path))
		was, err := os.Stat(path)
		require.NoError(t, err)
		require.EqualValues(t, 0o600, was.Mode().Perm())
		require.NoError(t, id.WriteLabel(path))
		is, err := os.Stat(path)
		require.NoError(t, err)
		require.True(t, os.SameFile(was, is), "an equal label is not written again")
	}
	require.NoError(t, os.WriteFile(filepath.Join(state, "password"), []byte("\n"), 0o600))
	cfg.Security = 2
	_, err = identity.Load(&cfg, mac, state)
	require.ErrorContains(t, err, "it is empty: remove it")
}

// What espprov credentials prints is taken, in two formats.
func TestCredentialsFile(t *testing.T) {
	salt, verifier, err := sec2.Generate("me", "abcd1234", 0, nil)
	require.NoError(t, err)
	text := fmt.Sprintf("salt %x\nverifier %x\n", salt, verifier)
	json := fmt.Sprintf(`{"username":"me","password":"abcd1234","salt":"%x","verifier":"%x"}`, salt, verifier)
	cfg := config.Default()
	cfg.CredentialsFile = filepath.Join(t.TempDir(), "credentials")
	for _, in := range []string{text, json} {
		require.NoError(t, os.WriteFile(cfg.CredentialsFile, []byte(in), 0o600))
		id, err := identity.Load(&cfg, mac, "/nonexistent")
		require.NoError(t, err)
		_, err = id.Security()
		require.NoError(t, err)
		out, err := id.Text()
		require.NoError(t, err)
		l, err := label.Parse(string(out))
		require.NoError(t, err)
		if in == json {
			require.Equal(t, label.Label{Name: "PROV_A1B2C3", Username: "me", PoP: "abcd1234", Transport: label.SoftAP}, l)
		} else {
			require.Equal(t, label.Label{Name: "PROV_A1B2C3", Username: "wifiprov", Transport: label.SoftAP}, l)
		}
	}
	for _, bad := range []string{"", "{", "salt 00", "salt zz\nverifier 00", `{"salt":"00"}`, "salt 00\nverifier " + strings.Repeat("ff", sec2.MaxVerifier+1)} {
		require.NoError(t, os.WriteFile(cfg.CredentialsFile, []byte(bad), 0o600))
		_, err := identity.Load(&cfg, mac, "/nonexistent")
		require.ErrorContains(t, err, cfg.CredentialsFile+": ", bad)
	}
	require.NoError(t, os.Remove(cfg.CredentialsFile))
	_, err = identity.Load(&cfg, mac, "/nonexistent")
	require.ErrorContains(t, err, "security.credentials-file: "+cfg.CredentialsFile+": there is no such file")
}

// Show draws the code with and without colours.
func TestShow(t *testing.T) {
	var plain, coloured strings.Builder
	const text = `{"ver":"v1","name":"PROV_1","username":"me","pop":"abcd1234","transport":"ble"}`
	require.NoError(t, identity.Show(&plain, text, false))
	require.NoError(t, identity.Show(&coloured, text, true))
	require.NotContains(t, plain.String(), "\x1b")
	require.Contains(t, coloured.String(), "\x1b[")
	require.Contains(t, plain.String(), "\nname: PROV_1\nuser name: me\npassword: abcd1234\ntext: "+text+"\n")
	require.Contains(t, plain.String(), "\n█████", "the border is light")
	plain.Reset()
	require.NoError(t, identity.Show(&plain, `{"ver":"v1","name":"PROV_1","username":"me","transport":"ble"}`, false))
	require.Contains(t, plain.String(), "does not know its password")
	require.Error(t, identity.Show(&plain, "", false))
}
