// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/fakenm"
)

var configs = []hal.StationConfig{
	homeCfg,
	{
		SSID: "\x00\xff\x01 32 bytes, some are not text!", Passphrase: hal.Secret("63 bytes: " + strings.Repeat("x", 53)),
		ScanMethod: hal.ScanAllChannel, BSSID: hal.BSSID{2, 0, 0xff, 0, 1, 2}, BSSIDSet: true, Channel: 11, MinAuth: hal.AuthWPA2PSK,
	},
	{SSID: "key", Passphrase: "0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789ABCDEF"},
	{SSID: "open"},
	{SSID: "not set", BSSID: hal.BSSID{1, 2, 3, 4, 5, 6}, MinAuth: 77},
	{SSID: "short", Passphrase: "1"},
	{SSID: "no text", Passphrase: "\xff\x00 no text"},
	{SSID: "WPA3", Passphrase: "secretpass", MinAuth: hal.AuthWPA3PSK},
	{SSID: "Cafe", Passphrase: "the network is open"},
}

// What is stored is exact, also after a reboot, and the last one counts.
func TestStore(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home, cafe)
	load := func() hal.StationConfig {
		t.Helper()
		cfg, err := r.Load(t.Context())
		require.NoError(t, err)
		return cfg
	}
	require.Zero(t, load())
	require.NoError(t, r.Save(t.Context(), hal.StationConfig{}), "nothing is erased")
	uuid := ""
	for _, taken := range []bool{true, false} {
		if taken {
			r.take()
		}
		for _, cfg := range configs {
			require.NoError(t, r.Save(t.Context(), cfg))
			require.True(t, cfg == load(), "%q", string(cfg.SSID))
			r.nm.Look(func(v fakenm.View) {
				require.Contains(t, v.Profiles(), "wifiprov*")
				now := settings(v.Profile("wifiprov")).uuid()
				require.True(t, uuid == "" || uuid == now, "the UUID is kept")
				uuid = now
				if taken {
					require.Equal(t, uint32(30), v.State("wlan0"), "nobody joins it")
				}
			})
		}
		if taken {
			require.NoError(t, r.Release(t.Context(), false))
		}
	}
	for _, cfg := range configs {
		require.NoError(t, r.Save(t.Context(), cfg))
		r.nm.Reboot()
		require.True(t, cfg == load(), "%q", string(cfg.SSID))
	}
	r.clean("wifiprov*")
	require.NoError(t, r.Save(t.Context(), hal.StationConfig{}))
	require.Zero(t, load())
	r.nm.Reboot()
	require.Zero(t, load())
	r.clean()
}

// Nothing that was erased is there after a boot, even if its link stayed.
func TestErase(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home)
	require.NoError(t, r.Save(t.Context(), homeCfg))
	r.up("wifiprov")
	r.take()
	require.NoError(t, r.Save(t.Context(), hal.StationConfig{}))
	r.up("wifiprov trial")
	require.NoError(t, r.Close())
	r.nm.Reboot()
	require.Empty(t, r.profiles())
}

// NetworkManager joins at boot what is stored.
func TestBoot(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home)
	require.NoError(t, r.Save(t.Context(), homeCfg))
	r.nm.Reboot()
	r.up("wifiprov")
}

// The stored profile fits the network that was heard.
func TestStoreFits(t *testing.T) {
	wpa3 := home
	wpa3.Auth = hal.AuthWPA3PSK
	r := newRig(t, fakenm.Config{}, wpa3)
	r.take()
	_, err := r.Scan(t.Context(), hal.ScanConfig{})
	require.NoError(t, err)
	require.NoError(t, r.Save(t.Context(), homeCfg))
	require.NoError(t, r.Release(t.Context(), false))
	r.up("wifiprov")
}

// No secret is told to those who may only read settings, or in an error.
func TestSecrets(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home)
	for _, cfg := range configs {
		if cfg.Passphrase == "" || len(cfg.Passphrase) < 8 {
			continue
		}
		require.NoError(t, r.Save(t.Context(), cfg))
		mine, err := r.Daemon.profiles(t.Context())
		require.NoError(t, err)
		for _, setting := range mine[0].settings {
			for name, v := range setting {
				require.NotContains(t, v.String(), string(cfg.Passphrase), name)
			}
		}
	}
	r.nm.Refuse("Update2", "org.freedesktop.NetworkManager.PermissionDenied", "no")
	err := r.Save(t.Context(), homeCfg)
	require.ErrorContains(t, err, "HomeNet")
	require.NotContains(t, err.Error(), string(homeCfg.Passphrase))
}

// A profile that somebody has changed beyond recognition is an error, not another
// configuration.
func TestForeignProfile(t *testing.T) {
	ap := settings{setWireless: {}, setUser: {}}
	_, ok := config(ap, nil)
	require.True(t, ok)
	for _, kind := range []string{"wpa-eap", "ieee8021x", "none"} {
		s, err := station(roleStored, "x", "wlan0", homeCfg, hal.AuthWPA2PSK)
		require.NoError(t, err)
		s[setSecurity]["key-mgmt"] = variant(kind)
		_, ok = config(s, s[setSecurity])
		require.False(t, ok, kind)
	}
}
