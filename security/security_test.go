// SPDX-License-Identifier: Apache-2.0

package security_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
)

func TestQP25_SecretHidesItself(t *testing.T) {
	const word = "correct horse"
	secret := security.Secret(word)
	var shown strings.Builder
	for _, v := range []any{secret, &secret, struct{ S security.Secret }{secret}, []security.Secret{secret}} {
		fmt.Fprintf(&shown, "%v %+v %#v %s %q %x\n", v, v, v, v, v, v)
		text, err := json.Marshal(v)
		require.NoError(t, err)
		shown.Write(text)
	}
	require.NotContains(t, shown.String(), "horse")
	require.NotContains(t, shown.String(), fmt.Sprintf("%x", word[:4]))
	require.NotContains(t, shown.String(), "99 111 114")
	require.NotContains(t, shown.String(), "0x63")
}

// TestClients runs every scheme's client against its device through the common
// interface.
func TestClients(t *testing.T) {
	cfg := sec1.Config{PoP: "abcd1234"}
	device1, err := sec1.New(cfg)
	require.NoError(t, err)
	client1, err := sec1.NewClient(cfg)
	require.NoError(t, err)
	salt, verifier, err := sec2.Generate("wifiprov", "abcd1234", 0, nil)
	require.NoError(t, err)
	device2, err := sec2.New(sec2.Config{Salt: salt, Verifier: verifier})
	require.NoError(t, err)
	client2, err := sec2.NewClient(sec2.ClientConfig{Username: "wifiprov", Password: "abcd1234", PatchVersion: 1})
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		device  protocomm.Security
		client  security.Client
		proving []bool // after each step
	}{
		"sec0": {sec0.New(), sec0.NewClient(), []bool{false, false}},
		"sec1": {device1, client1, []bool{false, true, false}},
		"sec2": {device2, client2, []bool{false, true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			c := tc.client
			s, err := tc.device.NewSession()
			require.NoError(t, err)
			_, err = c.Encrypt(nil, []byte("early"))
			require.ErrorIs(t, err, protocomm.ErrInvalidState)
			var resp []byte
			for i, proving := range tc.proving {
				req, done, err := c.Step(resp)
				require.NoError(t, err)
				require.Equal(t, proving, c.Proving())
				require.Equal(t, i == len(tc.proving)-1, done)
				require.Equal(t, done, req == nil)
				if !done {
					resp, err = s.Handshake(nil, req)
					require.NoError(t, err)
				}
			}
			wire, err := c.Encrypt([]byte("<"), []byte("question"))
			require.NoError(t, err)
			plain, err := s.Decrypt(wire[1:])
			require.NoError(t, err)
			require.Equal(t, "question", string(plain))
			wire, err = s.Encrypt(nil, []byte("answer"))
			require.NoError(t, err)
			plain, err = c.Decrypt([]byte("<"), wire)
			require.NoError(t, err)
			require.Equal(t, "<answer", string(plain))
			c.Close()
			_, _, err = c.Step(nil)
			require.ErrorIs(t, err, protocomm.ErrInvalidState)
			_, err = c.Decrypt(nil, nil)
			require.ErrorIs(t, err, protocomm.ErrInvalidState)
		})
	}
}
