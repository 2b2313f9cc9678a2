// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// IEEE 802.11's examples of passphrases and keys.
var keys = []struct {
	ssid            hal.SSID
	passphrase, key hal.Secret
}{
	{"IEEE", "password", "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"},
	{"ThisIsASSID", "ThisIsAPassword", "0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af"},
	{hal.SSID(strings.Repeat("Z", 32)), hal.Secret(strings.Repeat("a", 32)), "becb93866bb8c3832cb777c2f559807c8c59afcb6eae734885001300a981cc62"},
}

// joins reports whether a station with this passphrase joins. If it does not,
// the passphrase is called wrong.
func joins(t *testing.T, ap sim.APConfig, passphrase hal.Secret) (joined bool) {
	t.Helper()
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		addAP(t, air, ap)
		b, j := started(t, air, sim.BoardConfig{})
		for range 2 { // the second time with what was worked out before
			connect(t, b, hal.StationConfig{SSID: ap.SSID, Passphrase: passphrase})
			time.Sleep(time.Minute)
			events := j.take()
			joined = len(events) == 2
			if joined {
				require.NoError(t, b.Disconnect())
				time.Sleep(time.Minute)
				j.take()
			} else {
				require.Equal(t, "Disconnected 15", events[0][strings.Index(events[0], "Disc"):])
			}
		}
	})
	return joined
}

// Who knows a network's key joins as who knows its passphrase does, and the
// other way round; but WPA3 asks for the passphrase.
func TestPreSharedKeys(t *testing.T) {
	for i, k := range keys {
		upper := hal.Secret(strings.ToUpper(string(k.key)))
		for auth, want := range map[hal.AuthMode]bool{
			hal.AuthWPAPSK: true, hal.AuthWPA2PSK: true, hal.AuthWPAWPA2PSK: true, hal.AuthWPA2WPA3PSK: true,
			hal.AuthWPA3PSK: false, hal.AuthWAPIPSK: false, 11: false, hal.AuthWEP: false,
		} {
			if i > 0 && auth != hal.AuthWPA2PSK {
				continue // the rest does not depend on the key
			}
			byText := sim.APConfig{SSID: k.ssid, Passphrase: k.passphrase, Auth: auth}
			byKey := sim.APConfig{SSID: k.ssid, Passphrase: k.key, Auth: auth}
			require.True(t, joins(t, byText, k.passphrase), "%v", auth)
			require.Equal(t, want, joins(t, byText, k.key), "%v", auth)
			require.Equal(t, want, joins(t, byText, upper), "%v", auth)
			require.Equal(t, want, joins(t, byKey, k.passphrase), "%v", auth)
			require.Equal(t, want, joins(t, byKey, upper), "%v", auth)
		}
		home := sim.APConfig{SSID: k.ssid, Passphrase: k.passphrase, Auth: hal.AuthWPA2PSK}
		require.False(t, joins(t, home, k.key[:63]+"0"), "another key")
		require.False(t, joins(t, home, k.key[:63]+"g"), "no key")
		require.False(t, joins(t, home, k.key[:63]), "a passphrase of 63 digits")
		home.SSID = "other"
		require.False(t, joins(t, home, k.key), "the key is that of one SSID")
	}
	ap := sim.APConfig{SSID: "x", Passphrase: hal.Secret(strings.Repeat("g", 64)), Auth: hal.AuthWPA2PSK}
	require.False(t, joins(t, ap, ap.Passphrase), "64 bytes that are no key are none to the driver either")
	ap.Passphrase = "1234567"
	require.False(t, joins(t, ap, "02ffbd9d1e38b8a66b303f4cd7ca7169eb35193cf15f888778aa301a7a6189ad"), "no network has so short a passphrase")
}

// What a network remembers of one passphrase is not taken for another.
func TestPreSharedKeyOfSeveralPassphrases(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		addAP(t, air, sim.APConfig{SSID: keys[0].ssid, Passphrase: keys[0].key, Auth: hal.AuthWPA2PSK})
		b, j := started(t, air, sim.BoardConfig{})
		for i, passphrase := range []hal.Secret{"wrongpass", keys[0].passphrase, "wrongpass"} {
			connect(t, b, hal.StationConfig{SSID: keys[0].ssid, Passphrase: passphrase})
			time.Sleep(time.Minute)
			require.Len(t, j.take(), 1+i%2, "attempt %d", i)
			require.NoError(t, b.Disconnect())
			time.Sleep(time.Minute)
			j.take()
		}
	})
}

// A network that is given another name or passphrase has another key.
func TestPreSharedKeyAfterConfigure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		ap := addAP(t, air, sim.APConfig{SSID: keys[0].ssid, Passphrase: keys[0].passphrase, Auth: hal.AuthWPA2PSK})
		b, j := started(t, air, sim.BoardConfig{})
		for _, cfg := range []sim.APConfig{
			{SSID: keys[0].ssid, Passphrase: keys[0].passphrase, Auth: hal.AuthWPA2PSK},
			{SSID: keys[1].ssid, Passphrase: keys[0].passphrase, Auth: hal.AuthWPA2PSK},
			{SSID: keys[1].ssid, Passphrase: keys[1].passphrase, Auth: hal.AuthWPA2PSK},
		} {
			require.NoError(t, ap.Configure(cfg))
			for _, k := range keys[:2] {
				connect(t, b, hal.StationConfig{SSID: cfg.SSID, Passphrase: k.key})
				time.Sleep(time.Minute)
				want := 1
				if k.ssid == cfg.SSID && k.passphrase == cfg.Passphrase {
					want = 2
				}
				require.Len(t, j.take(), want, "%v", cfg.SSID)
				require.NoError(t, b.Disconnect())
				time.Sleep(time.Minute)
				j.take()
			}
		}
	})
}
