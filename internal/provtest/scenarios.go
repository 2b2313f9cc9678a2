package provtest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

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
