// SPDX-License-Identifier: Apache-2.0

//go:build linux

package linux

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/nl80211"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
	"github.com/wifiprov/wifiprov/internal/test/fakenm"
	"github.com/wifiprov/wifiprov/internal/test/fakewpa"
)

// Wi-Fi interfaces are those with a radio.
func TestInterfaces(t *testing.T) {
	names, err := interfaces(fstest.MapFS{
		"lo/type": {}, "eth0/address": {}, "wlan1/phy80211/name": {}, "wlan0/phy80211/name": {}, "wlan0/ifalias": {Data: []byte("\n")},
		"ap-wlan0/phy80211/name": {}, "ap-wlan0/ifalias": {Data: []byte(nl80211.Alias + "\n")},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"wlan0", "wlan1"}, names)
	_, err = only(names)
	require.ErrorContains(t, err, "wlan0, wlan1")
	name, err := only(names[:1])
	require.NoError(t, err)
	require.Equal(t, "wlan0", name)
	_, err = only(nil)
	require.ErrorContains(t, err, "no Wi-Fi interface")
}

// Who owns an interface drives it. What is missing is told.
func TestDetect(t *testing.T) {
	defer func(s, a time.Duration) { settle, again = s, a }(settle, again)
	settle, again = 50*time.Millisecond, time.Millisecond
	nm := func(interfaces ...string) func(*testing.T, string) {
		return func(t *testing.T, bus string) { fakenm.Start(t, bus, fakenm.Config{Interfaces: interfaces}) }
	}
	wpa := func(t *testing.T, bus string) { fakewpa.Start(t, bus, fakewpa.Config{}) }
	for name, c := range map[string]struct {
		daemons []func(*testing.T, string)
		want    Daemon
		err     string
	}{
		"NetworkManager alone":              {daemons: []func(*testing.T, string){nm()}, want: NetworkManager},
		"NetworkManager and wpa_supplicant": {daemons: []func(*testing.T, string){nm(), wpa}, want: NetworkManager},
		"wpa_supplicant alone":              {daemons: []func(*testing.T, string){wpa}, want: WPASupplicant},
		"an unmanaged interface":            {daemons: []func(*testing.T, string){nm("wlan1"), wpa}, want: WPASupplicant},
		"an unmanaged interface, and nobody else": {
			daemons: []func(*testing.T, string){nm("wlan1")}, err: "nmcli device set wlan0 managed yes",
		},
		"nobody": {err: "install one of them"},
	} {
		t.Run(name, func(t *testing.T) {
			bus := fakebluez.StartBus(t)
			for _, start := range c.daemons {
				start(t, bus)
			}
			got, err := Detect(t.Context(), Config{Interface: "wlan0", Bus: bus})
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got.Daemon)
			require.Equal(t, "wlan0", got.Interface)
		})
	}
}

// A daemon that is named is not asked for.
func TestDetectNamed(t *testing.T) {
	cfg, err := Detect(t.Context(), Config{Interface: "wlan0", Daemon: WPASupplicant, Bus: "unix:path=/none"})
	require.NoError(t, err)
	require.Equal(t, WPASupplicant, cfg.Daemon)
	_, err = Detect(t.Context(), Config{Interface: "wlan0", Bus: "unix:path=/none"})
	require.ErrorContains(t, err, "the message bus is not there")
	_, err = Open(t.Context(), Config{Interface: "wlan0", Daemon: 7})
	require.ErrorContains(t, err, "daemon 7")
}

// With wpa_supplicant the configuration lies in a file of its own, which a process has
// to itself.
func TestStore(t *testing.T) {
	bus := fakebluez.StartBus(t)
	fakewpa.Start(t, bus, fakewpa.Config{})
	cfg := Config{Interface: "wlan0", Bus: bus, Store: filepath.Join(t.TempDir(), "wifi.nvs")}
	home := hal.StationConfig{SSID: "HomeNet", Passphrase: "correct horse"}
	r, err := Open(t.Context(), cfg)
	require.NoError(t, err)
	require.NoError(t, r.SetStationConfig(home))
	_, err = Open(t.Context(), cfg)
	require.ErrorContains(t, err, cfg.Store)
	require.NoError(t, r.Close())
	info, err := os.Stat(cfg.Store)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	r, err = Open(t.Context(), cfg)
	require.NoError(t, err)
	got, err := r.StationConfig()
	require.NoError(t, err)
	require.Equal(t, home, got)
	require.NoError(t, r.Close())

	require.NoError(t, os.WriteFile(cfg.Store, make([]byte, 5000), 0o600))
	_, err = Open(t.Context(), cfg)
	require.ErrorContains(t, err, cfg.Store)
	cfg.Store = filepath.Join(t.TempDir(), "none", "wifi.nvs")
	_, err = Open(t.Context(), cfg)
	require.ErrorContains(t, err, cfg.Store)
}
