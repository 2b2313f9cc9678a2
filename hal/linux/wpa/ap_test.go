// SPDX-License-Identifier: Apache-2.0

package wpa_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/linux/wpa"
	"github.com/wifiprov/wifiprov/internal/test/fakewpa"
	"github.com/wifiprov/wifiprov/store"
)

// uap is an access point beside the station.
var uap = radio.AP{
	SoftAPConfig: hal.SoftAPConfig{SSID: "PROV_1", Key: "device key", Auth: hal.AuthWPA2PSK, Channel: 6, MaxStations: 4},
	Interface:    "uap0", Address: netip.MustParsePrefix("192.168.4.1/24"),
}

var both = fakewpa.Config{Interfaces: []string{"wlan0", "uap0"}}

// opened is an access point that is open, in short.
func (r *rig) opened(name string) (ssid hal.SSID, key hal.Secret, channel uint8, served string) {
	r.wpa.View(func(v fakewpa.View) {
		ssid, key, channel, _ = v.Open(name)
		served = v.Served(name)
	})
	return ssid, key, channel, served
}

// An access point beside the station's link.
func TestAP(t *testing.T) {
	r := taken(t, both)
	r.wpa.Add(homeAP)
	j := r.join(home)
	j.until("address")
	require.NoError(t, r.CloseAP(r.ctx), "without one")
	require.NoError(t, r.OpenAP(r.ctx, uap))
	ssid, key, channel, served := r.opened("uap0")
	require.Equal(t, hal.SSID("PROV_1"), ssid)
	require.Equal(t, fakewpa.PSK("PROV_1", "device key"), key)
	require.EqualValues(t, 6, channel)
	require.Equal(t, "192.168.4.1/24", served)
	r.wpa.View(func(v fakewpa.View) { require.Equal(t, "4", v.Setting("uap0", "MaxNumSta")) })
	// Another one takes its place.
	open := uap
	open.Key, open.Auth, open.Channel, open.SSID = "", hal.AuthOpen, 36, "PROV_2"
	require.NoError(t, r.OpenAP(r.ctx, open))
	ssid, key, channel, _ = r.opened("uap0")
	require.Equal(t, hal.SSID("PROV_2"), ssid)
	require.Empty(t, key)
	require.EqualValues(t, 36, channel)
	_, err := r.Scan(r.ctx, hal.ScanConfig{})
	require.NoError(t, err)
	require.NoError(t, r.CloseAP(r.ctx))
	r.wpa.View(func(v fakewpa.View) {
		require.Empty(t, v.State("uap0"), "the interface was given to wpa_supplicant for this")
		require.Empty(t, v.Served("uap0"))
		require.Equal(t, hal.SSID("HomeNet"), v.At("wlan0"))
	})
	j.cancel(nil)
	j.ended()
	r.clean()
}

// wpa_supplicant does not scan all channels, which takes an hour here, to open one.
func TestAPSoon(t *testing.T) {
	cfg := both
	cfg.Times.Scan = time.Hour
	r := taken(t, cfg)
	r.wpa.Add(homeAP)
	require.NoError(t, r.OpenAP(r.ctx, uap))
}

// On the station's interface, and on one that wpa_supplicant controls anyway, everything
// is as before when it is closed.
func TestAPOnKnownInterface(t *testing.T) {
	for _, name := range []string{"wlan0", "uap0"} {
		t.Run(name, func(t *testing.T) {
			cfg := both
			cfg.Known = cfg.Interfaces
			cfg.Networks = []fakewpa.Network{{SSID: "Elsewhere"}, {SSID: "Never", Disabled: true}}
			r := taken(t, cfg)
			var before []string
			r.wpa.View(func(v fakewpa.View) { before = v.Networks(name) })
			r.wpa.Add(homeAP)
			config := uap
			config.Interface = name
			require.NoError(t, r.OpenAP(r.ctx, config))
			ssid, _, _, _ := r.opened(name)
			require.Equal(t, hal.SSID("PROV_1"), ssid)
			require.NoError(t, r.CloseAP(r.ctx))
			r.wpa.View(func(v fakewpa.View) {
				require.Equal(t, "128", v.Setting(name, "MaxNumSta"))
				require.NotEqual(t, "completed", v.State(name))
				require.Equal(t, before, v.Networks(name))
			})
			j := r.join(home)
			j.until("address")
			j.cancel(nil)
			j.ended()
			require.NoError(t, r.Release(r.ctx, false))
			r.wpa.View(func(v fakewpa.View) { require.Equal(t, []string{"Elsewhere on", "Never off"}, v.Networks("wlan0")) })
		})
	}
}

// refuses serves nobody.
func refuses(context.Context, string, netip.Prefix, func()) error {
	return errors.New("port 67 is taken")
}

// An access point that does not open leaves nothing.
func TestAPFails(t *testing.T) {
	check := func(t *testing.T, r *rig) {
		r.wpa.View(func(v fakewpa.View) {
			require.Empty(t, v.State("uap0"))
			require.Empty(t, v.Served("uap0"))
		})
	}
	for _, call := range []string{"AddNetwork", "SelectNetwork"} {
		t.Run(call, func(t *testing.T) {
			r := taken(t, both)
			r.wpa.SetHook(func(c string) error {
				if c == call {
					return fakewpa.Refusal("fi.w1.wpa_supplicant1.UnknownError", "no")
				}
				return nil
			})
			err := r.OpenAP(r.ctx, uap)
			require.ErrorContains(t, err, "PROV_1 on uap0, channel 6")
			require.NotContains(t, err.Error(), "device key")
			check(t, r)
		})
	}
	t.Run("broken off", func(t *testing.T) {
		r := taken(t, both)
		ctx, cancel := context.WithCancelCause(r.ctx)
		r.wpa.SetHook(func(c string) error {
			if c == "SelectNetwork" {
				cancel(errEnough)
			}
			return nil
		})
		require.ErrorIs(t, r.OpenAP(ctx, uap), errEnough)
		check(t, r)
	})
	t.Run("no server", func(t *testing.T) {
		r := newRig(t, both)
		d, err := wpa.New(wpa.Config{Interface: "wlan0", Store: &store.Memory{}, Bus: r.bus, Lease: r.wpa.Lease, Serve: refuses})
		require.NoError(t, err)
		defer d.Close()
		require.NoError(t, d.Take(r.ctx))
		require.ErrorContains(t, d.OpenAP(r.ctx, uap), "port 67 is taken")
		check(t, r)
	})
	t.Run("no Serve", func(t *testing.T) {
		r := newRig(t, both)
		d, err := wpa.New(wpa.Config{Interface: "wlan0", Store: &store.Memory{}, Bus: r.bus, Lease: r.wpa.Lease})
		require.NoError(t, err)
		defer d.Close()
		require.NoError(t, d.Take(r.ctx))
		require.ErrorIs(t, d.OpenAP(r.ctx, uap), hal.ErrNotSupported)
		check(t, r)
	})
	t.Run("no such interface", func(t *testing.T) {
		r := taken(t, fakewpa.Config{})
		require.ErrorContains(t, r.OpenAP(r.ctx, uap), "uap0")
	})
}

// lost waits until it is told that the access point is lost.
func (r *rig) lost() {
	r.t.Helper()
	select {
	case <-r.APLost():
	case <-r.ctx.Done():
		r.t.Fatal("nobody tells that the access point is lost")
	}
}

// The daemon restarts while an access point is open: the next call opens another.
func TestAPRestart(t *testing.T) {
	r := taken(t, both)
	require.NoError(t, r.OpenAP(r.ctx, uap))
	require.Empty(t, r.APLost())
	r.wpa.Restart()
	r.lost()
	require.NoError(t, r.OpenAP(r.ctx, uap))
	ssid, _, _, _ := r.opened("uap0")
	require.Equal(t, hal.SSID("PROV_1"), ssid)
	require.NoError(t, r.CloseAP(r.ctx))
	require.Empty(t, r.APLost(), "closing it is no loss")
	require.NoError(t, r.OpenAP(r.ctx, uap))
	r.wpa.Restart()
	require.NoError(t, r.CloseAP(r.ctx), "whether the restart was noticed or not")
	require.NoError(t, r.OpenAP(r.ctx, uap))
	require.NoError(t, r.Close(), "closes it")
	r.wpa.View(func(v fakewpa.View) { require.Empty(t, v.State("uap0")) })
}
