// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/fakenm"
)

// An access point on the station's interface, in place of one another, and closed.
func TestAP(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home)
	r.take()
	require.NoError(t, r.CloseAP(t.Context()), "without one")
	require.NoError(t, r.OpenAP(t.Context(), softAP("wlan0")))
	r.up("wifiprov access point")
	r.nm.Look(func(v fakenm.View) {
		s := settings(v.Profile("wifiprov access point"))
		require.Equal(t, "ap", prop[string](s, setWireless, "mode"))
		require.Equal(t, "bg", prop[string](s, setWireless, "band"))
		require.Equal(t, uint32(6), prop[uint32](s, setWireless, "channel"))
		require.Equal(t, []string{"rsn"}, prop[[]string](s, setSecurity, "proto"))
		require.Equal(t, "shared", prop[string](s, "ipv4", "method"))
	})
	open := softAP("wlan0")
	open.SSID, open.Key, open.Auth, open.Channel = "PROV_2", "", hal.AuthOpen, 36
	require.NoError(t, r.OpenAP(t.Context(), open))
	r.up("wifiprov access point")
	r.nm.Look(func(v fakenm.View) {
		s := settings(v.Profile("wifiprov access point"))
		require.Nil(t, s[setSecurity])
		require.Equal(t, "a", prop[string](s, setWireless, "band"))
		require.Equal(t, "PROV_2", string(prop[[]byte](s, setWireless, "ssid")))
	})
	// D-Bus has no strings that are not UTF-8.
	odd := softAP("wlan0")
	odd.Key = "\xff23456789"
	require.NoError(t, r.OpenAP(t.Context(), odd))
	r.nm.Look(func(v fakenm.View) {
		s := settings(v.Profile("wifiprov access point"))
		require.True(t, hal.IsPSK(hal.Secret(prop[string](s, setSecurity, "psk"))))
	})
	for range 2 {
		require.NoError(t, r.CloseAP(t.Context()))
		r.nm.Look(func(v fakenm.View) { require.Equal(t, uint32(30), v.State("wlan0")) })
	}
	require.NoError(t, r.Release(t.Context(), false))
	r.clean()
}

// A network is joined beside an access point on an interface that has just been made.
func TestAPBeside(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home)
	r.take()
	asked := 0
	r.nm.Look(func(v fakenm.View) { asked = v.Calls("GetDeviceByIpIface") })
	opened := make(chan error, 1)
	go func() { opened <- r.OpenAP(t.Context(), softAP("uap0")) }()
	r.nm.Wait("question", func(v fakenm.View) bool { return v.Calls("GetDeviceByIpIface") > asked })
	r.nm.AddInterface("uap0", false)
	require.NoError(t, <-opened)
	j := r.join(homeCfg)
	j.wait("address 192.168.1.77")
	r.nm.Wait("both", func(v fakenm.View) bool {
		return v.Up("uap0") == "wifiprov access point" && v.Up("wlan0") == "wifiprov trial"
	})
	j.leave()
	r.nm.Look(func(v fakenm.View) { require.Equal(t, "wifiprov access point", v.Up("uap0")) })
	require.NoError(t, r.CloseAP(t.Context()))
	r.nm.Look(func(v fakenm.View) { require.Empty(t, v.Up("uap0")) })

	// Release closes an open one.
	require.NoError(t, r.OpenAP(t.Context(), softAP("uap0")))
	require.NoError(t, r.Release(t.Context(), false))
	r.nm.Look(func(v fakenm.View) { require.Empty(t, v.Up("uap0")) })
	r.clean()
}

func TestAPFails(t *testing.T) {
	r := newRig(t, fakenm.Config{Step: 20 * time.Millisecond}, home)
	r.take()
	// NetworkManager gives it up.
	opened := make(chan error, 1)
	go func() { opened <- r.OpenAP(t.Context(), softAP("wlan0")) }()
	r.nm.Wait("activation", func(v fakenm.View) bool { return v.State("wlan0") == 50 })
	r.nm.Lose("wlan0", whySharedFailed)
	require.ErrorContains(t, <-opened, "dnsmasq")
	require.Empty(t, r.APLost())
	require.NotContains(t, r.profiles(), "wifiprov access point")
	// The caller gives it up.
	require.ErrorIs(t, r.OpenAP(ctxFor(t), softAP("wlan0")), errTest)
	r.nm.Wait("nothing is left", func(v fakenm.View) bool { return v.State("wlan0") == 30 })
	require.NotContains(t, r.profiles(), "wifiprov access point")
	// It is refused.
	r.nm.Refuse("AddAndActivateConnection2", "org.freedesktop.NetworkManager.PermissionDenied", "no")
	require.ErrorContains(t, r.OpenAP(t.Context(), softAP("wlan0")), "wifi.share.protected")
	require.NoError(t, r.CloseAP(t.Context()))
}

// Only the loss of an access point that nobody closed is told, once.
func TestAPLost(t *testing.T) {
	r := newRig(t, fakenm.Config{Interfaces: []string{"wlan0", "uap0"}}, home)
	r.take()
	require.NoError(t, r.OpenAP(t.Context(), softAP("uap0")))
	require.NoError(t, r.OpenAP(t.Context(), softAP("uap0")))
	require.NoError(t, r.CloseAP(t.Context()))
	require.Empty(t, r.APLost())
	for _, lose := range []func(){func() { r.nm.Lose("uap0", whyRemoved) }, r.nm.Restart} {
		require.NoError(t, r.OpenAP(t.Context(), softAP("uap0")))
		lose()
		select {
		case <-r.APLost():
		case <-time.After(20 * time.Second):
			require.Fail(t, "the loss is not told")
		}
	}
	require.NoError(t, r.CloseAP(t.Context()))
	require.Empty(t, r.APLost())
}
