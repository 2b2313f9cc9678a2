// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// Credentials that scenarios use: those of Home, and some that do not work.
var (
	Right   = client.Credentials{SSID: Home.SSID, Passphrase: Home.Passphrase}
	Wrong   = client.Credentials{SSID: Home.SSID, Passphrase: "wrongpass"}
	ByKey   = client.Credentials{SSID: Home.SSID, Passphrase: "19d370006658a6a16d15991be28bfe93f84538fd5b5edbce0c77e1cba0529d00"}
	Missing = client.Credentials{SSID: "Nowhere", Passphrase: "secretpass"}
	Dry     = client.Credentials{SSID: "Dry", Passphrase: "secretpass"} // once it is there
)

// scenarios are what happens between a client and a device, whatever the
// transport, the security and the driver.
var scenarios = []struct {
	name    string
	secured bool // needs a security that proves something
	tell    func(*story)
}{
	{"success", false, success},
	{"wrong passphrase", false, wrongPassphrase},
	{"key in place of the passphrase", false, byKey},
	{"network missing", false, networkMissing},
	{"applied again after a failure", false, appliedAgain},
	{"custom data", false, customData},
	{"no networks to see", false, func(s *story) { scans(s, 0) }},
	{"one network to see", false, func(s *story) { scans(s, 1) }},
	{"twenty networks to see", false, func(s *story) { scans(s, 20) }},
	{"wrong proof", true, wrongProof},
	{"provisioned twice", false, provisionedTwice},
	{"client goes before it has applied", false, clientGoes},
	{"service starts again", false, serviceAgain},
	{"no address", false, noAddress},
	{"corrected while connecting", false, corrected},
}

func success(s *story) {
	s.client(client.Config{}, func(c *client.Client) {
		version, err := c.Version(s.t.Context())
		require.NoError(s.t, err)
		require.True(s.t, version.Has("wifi_scan"))
		s.joins(c, Right)
		s.manager.Wait()
	})
	require.Equal(s.t, []string{"INIT", "START", "CRED_RECV", "CRED_SUCCESS", "END"}, s.told())
	s.keeps(Right)
}

func wrongPassphrase(s *story) {
	s.client(client.Config{}, func(c *client.Client) {
		s.fails(c, Wrong, client.ErrAuth)
		require.NoError(s.t, c.Reset(s.t.Context()))
		s.joins(c, Right)
		s.manager.Wait()
	})
	require.Equal(s.t, []string{"INIT", "START", "CRED_RECV", "CRED_FAIL", "CRED_RECV", "CRED_SUCCESS", "END"}, s.told())
	s.keeps(Right)
}

// What WPA makes of Home's passphrase and name joins it too (Q-E13).
func byKey(s *story) {
	s.client(client.Config{}, func(c *client.Client) {
		another := ByKey
		another.Passphrase = another.Passphrase[1:] + "0"
		s.fails(c, another, client.ErrAuth)
		require.NoError(s.t, c.Reset(s.t.Context()))
		s.joins(c, ByKey)
	})
	s.keeps(ByKey)
}

func networkMissing(s *story) {
	s.Home.Vanish()
	s.client(client.Config{}, func(c *client.Client) {
		s.fails(c, Right, client.ErrNetworkNotFound)
		require.NoError(s.t, c.Reset(s.t.Context()))
		s.fails(c, Missing, client.ErrNetworkNotFound)
		require.NoError(s.t, c.Reset(s.t.Context()))
		s.Home.Appear()
		s.joins(c, Right)
	})
	s.keeps(Right)
}

// A device that failed takes other credentials after Reset only.
func appliedAgain(s *story) {
	s.client(client.Config{}, func(c *client.Client) {
		s.fails(c, Wrong, client.ErrAuth)
		var refused *client.StatusError
		_, err := c.Provision(s.t.Context(), Right)
		require.ErrorAs(s.t, err, &refused)
		require.Equal(s.t, client.StatusInternalError, refused.Code)
		require.NoError(s.t, c.Reset(s.t.Context()))
		s.joins(c, Right)
	})
	s.keeps(Right)
}

func customData(s *story) {
	s.client(client.Config{}, func(c *client.Client) {
		for _, n := range []int{1, 18, 19, 20, 21, 240, 480} {
			answer, err := c.Custom(s.t.Context(), "custom-data", []byte(strings.Repeat("x", n)))
			require.NoError(s.t, err, n)
			require.Equal(s.t, "got "+strings.Repeat("x", n), string(answer))
		}
		_, err := c.Custom(s.t.Context(), "no-such-endpoint", []byte("x"))
		require.Error(s.t, err)
	})
	s.client(client.Config{}, func(c *client.Client) { s.joins(c, Right) })
}

// scans looks at an air with Home gone and n other networks, of which a device
// lists 16 (endpoints.md 3.3).
func scans(s *story, n int) {
	s.Home.Vanish()
	for i := range n {
		_, err := s.Air.AddAP(sim.APConfig{
			SSID: hal.SSID(fmt.Sprintf("a network with a long name %d", i)), Channel: uint8(1 + i%13), RSSI: int8(-30 - i),
		})
		require.NoError(s.t, err)
	}
	s.client(client.Config{}, func(c *client.Client) {
		for _, groups := range []int{0, 5} {
			found, err := c.Scan(s.t.Context(), client.ScanOptions{GroupChannels: groups})
			require.NoError(s.t, err)
			require.Len(s.t, found, min(n, 16))
			for i, network := range found {
				require.Equal(s.t, hal.SSID(fmt.Sprintf("a network with a long name %d", i)), network.SSID, "strongest first")
			}
		}
		s.Home.Appear()
		s.joins(c, Right)
	})
}

func wrongProof(s *story) {
	for range 3 {
		stranger := s.dial(client.Config{PoP: "wrong", Password: "wrong"})
		require.ErrorIs(s.t, stranger.Connect(s.t.Context()), client.ErrPoP)
		require.NoError(s.t, stranger.Close())
	}
	s.client(client.Config{}, func(c *client.Client) { s.joins(c, Right) })
	s.keeps(Right)
}

// A device that stays is given another network.
func provisionedTwice(s *story) {
	second := client.Credentials{SSID: "SecondNet", Passphrase: "other-secret"}
	_, err := s.Air.AddAP(sim.APConfig{SSID: second.SSID, Passphrase: second.Passphrase, Channel: 11, RSSI: -50, Auth: hal.AuthWPA2PSK})
	require.NoError(s.t, err)
	require.NoError(s.t, s.manager.Deinit())
	require.NoError(s.t, s.manager.Init(s.Config))
	require.NoError(s.t, s.manager.DisableAutoStop(0))
	require.NoError(s.t, s.manager.StartProvisioning(security(s.t, s.mode), "PROV_TEST", ""))
	s.client(client.Config{}, func(c *client.Client) {
		s.joins(c, Right)
		require.NoError(s.t, c.Reprovision(s.t.Context()))
		s.joins(c, second)
	})
	s.keeps(second)
}

// What a client configured and did not apply is of no effect; the next one
// begins anew.
func clientGoes(s *story) {
	s.client(client.Config{}, func(c *client.Client) {
		require.NoError(s.t, c.Configure(s.t.Context(), Wrong))
	})
	s.client(client.Config{}, func(c *client.Client) { s.joins(c, Right) })
	s.keeps(Right)
}

// Without a reboot, the service can be started as often as one likes.
func serviceAgain(s *story) {
	for range 3 {
		s.client(client.Config{}, func(c *client.Client) { s.joins(c, Right) })
		require.NoError(s.t, s.manager.ResetProvisioning())
		require.NoError(s.t, s.manager.Deinit())
		s.told()
		s.boot()
	}
	require.Equal(s.t, []string{"INIT", "START"}, s.told())
	s.keeps(client.Credentials{})
}

// otherwise starts the device anew with other settings, in an air with a network
// that gives no addresses.
func (s *story) otherwise(change func(*wifiprov.Config)) {
	_, err := s.Air.AddAP(sim.APConfig{SSID: Dry.SSID, Passphrase: Dry.Passphrase, Channel: 6, RSSI: -50, Auth: hal.AuthWPA2PSK, NoDHCP: true})
	require.NoError(s.t, err)
	require.NoError(s.t, s.manager.Deinit())
	require.NoError(s.t, s.Reboot())
	s.manager, s.started = new(wifiprov.Manager), false
	change(&s.Config)
	s.told()
	s.boot()
}

// A network that gives no address fails in its time, and the client learns what
// was missing.
func noAddress(s *story) {
	s.otherwise(func(c *wifiprov.Config) { c.Attempts, c.JoinTimeout, c.StatusEndpoint = 2, 20*time.Second, true })
	s.client(client.Config{}, func(c *client.Client) {
		_, err := c.Version(s.t.Context())
		require.NoError(s.t, err)
		began := time.Now()
		s.fails(c, Dry, client.ErrConnectionFailed)
		require.InDelta(s.t, 43, time.Since(began).Seconds(), 1, "two attempts of 20 s, and the next poll")
		details, err := c.Details(s.t.Context())
		require.NoError(s.t, err)
		require.Equal(s.t, client.StateFailed, details.State)
		require.Equal(s.t, hal.JoinDHCP, details.Step)
		require.Equal(s.t, 2, details.Attempt)
		require.NoError(s.t, c.Reset(s.t.Context()))
		s.joins(c, Right)
		s.manager.Wait()
	})
	require.Equal(s.t, []string{"INIT", "START", "CRED_RECV", "CRED_FAIL", "CRED_RECV", "CRED_SUCCESS", "END"}, s.told())
	s.keeps(Right)
}

// A client that took the wrong network takes it back while the device still tries,
// with a reset and without.
func corrected(s *story) {
	s.otherwise(func(c *wifiprov.Config) { c.CorrectWhileConnecting = true })
	s.client(client.Config{}, func(c *client.Client) {
		for _, reset := range []bool{true, false} {
			require.NoError(s.t, c.Configure(s.t.Context(), Dry))
			require.NoError(s.t, c.Apply(s.t.Context()))
			time.Sleep(10 * time.Second)
			status, err := c.Status(s.t.Context())
			require.NoError(s.t, err)
			require.Equal(s.t, client.StateConnecting, status.State)
			if reset {
				require.NoError(s.t, c.Reset(s.t.Context()))
			}
		}
		s.joins(c, Right)
		s.manager.Wait()
	})
	require.Equal(s.t, []string{"INIT", "START", "CRED_RECV", "CRED_RECV", "CRED_RECV", "CRED_SUCCESS", "END"}, s.told())
	s.keeps(Right)
}
