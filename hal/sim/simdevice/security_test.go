// SPDX-License-Identifier: Apache-2.0

package simdevice_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// What no client could log in with is refused at power-on, not in a handshake.
func TestBadSecurity(t *testing.T) {
	salt, verifier, err := sec2.Generate("user", "password", 0, nil)
	require.NoError(t, err)
	for want, security := range map[string]simdevice.Security{
		"user name of 1 to 65535 bytes": simdevice.Security2("", "abcd1234"),
		"a password and a user name":    simdevice.Security2(strings.Repeat("u", sec2.MaxUsername+1), "abcd1234"),
		"needs a password":              simdevice.Security2("user", ""),
		"salt or verifier is missing":   simdevice.Security2Verifier(salt, nil),
		"is not what Generate makes":    simdevice.Security2Verifier(salt, []byte{1}),
	} {
		_, err := simdevice.Start(simdevice.Config{Security: security})
		require.ErrorContains(t, err, want)
	}
	device := simdevice.Test(t, simdevice.Config{Security: simdevice.Security2Verifier(salt, verifier)})
	phone := device.Phone(client.Config{Username: "user", Password: "password"})
	require.NoError(t, phone.Connect(t.Context()))
}

// Devices of one group log clients in with one user name and password, at the same
// time; a wrong password is refused.
func TestSharedSecurity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		group := simdevice.Security2("user", "password")
		air := sim.NewAir(sim.AirConfig{})
		results := make(chan error)
		for range 4 {
			device := simdevice.Test(t, simdevice.Config{Air: air, Security: group})
			for _, password := range []string{"password", "wrong"} {
				phone := device.Phone(client.Config{Username: "user", Password: hal.Secret(password)})
				go func() { results <- phone.Connect(t.Context()) }()
			}
		}
		refused := 0
		for range 8 {
			if err := <-results; err != nil {
				require.ErrorIs(t, err, client.ErrPassword)
				refused++
			}
		}
		require.Equal(t, 4, refused)
	})
}
