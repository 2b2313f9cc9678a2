// SPDX-License-Identifier: Apache-2.0

package wpa_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/linux/wpa"
	"github.com/wifiprov/wifiprov/internal/test/fakewpa"
	"github.com/wifiprov/wifiprov/store"
)

// former is a machine with two networks in wpa_supplicant's file, of which one is
// switched on and in range.
var former = fakewpa.Config{Known: []string{"wlan0"}, Networks: []fakewpa.Network{
	{SSID: "Old", Passphrase: "old passphrase"}, {SSID: "Never", Disabled: true}, {SSID: "Elsewhere"},
}}

// formerRig is newRig on that machine, joined to Old, with the other networks of air.
func formerRig(t *testing.T, air ...fakewpa.AP) *rig {
	t.Helper()
	r := newRig(t, former)
	r.wpa.Add(fakewpa.AP{SSID: "Old", Auth: hal.AuthWPA2PSK, Passphrase: "old passphrase", Channel: 1})
	for _, a := range air {
		r.wpa.Add(a)
	}
	r.atOld()
	return r
}

func (r *rig) atOld() {
	r.t.Helper()
	r.wpa.Wait("the former network is back", func(v fakewpa.View) bool { return v.At("wlan0") == "Old" })
}

// networks without the tags.
func (r *rig) networks() (list []string) {
	r.wpa.View(func(v fakewpa.View) {
		for _, n := range v.Networks("wlan0") {
			n, _, _ = strings.Cut(n, " by=")
			n, _, _ = strings.Cut(n, " net ")
			list = append(list, n)
		}
	})
	return list
}

var (
	asBefore = []string{"Old on", "Never off", "Elsewhere on"}
	whenUsed = []string{"Old off", "Never off", "Elsewhere off", "wifiprov off wifiprov was"}
)

// Take switches everything off, and Release on again.
func TestTakeAndRelease(t *testing.T) {
	r := formerRig(t)
	for range 2 {
		for range 2 { // a second Take is allowed
			require.NoError(t, r.Take(r.ctx))
			require.Equal(t, whenUsed, r.networks())
			r.wpa.View(func(v fakewpa.View) { require.Empty(t, v.At("wlan0")) })
		}
		require.NoError(t, r.Release(r.ctx, false))
		require.Equal(t, asBefore, r.networks())
		r.atOld()
	}
	require.NoError(t, r.Release(r.ctx, false), "without Take")
	require.Equal(t, asBefore, r.networks())
	_, err := r.Scan(r.ctx, hal.ScanConfig{})
	require.ErrorContains(t, err, "Take comes first")
}

// After a failed attempt the former network is back.
func TestReleaseAfterFailure(t *testing.T) {
	r := formerRig(t, homeAP)
	require.NoError(t, r.Take(r.ctx))
	reason, _ := r.join(with(func(c *hal.StationConfig) { c.Passphrase = "wrong horse" })).ended()
	require.Equal(t, hal.Reason4WayHandshakeTimeout, reason)
	require.Equal(t, whenUsed, r.networks())
	require.NoError(t, r.Release(r.ctx, false))
	require.Equal(t, asBefore, r.networks())
	r.atOld()
}

// A network that is kept stays joined, comes first, and is taken over by a later process
// of the same store.
func TestReleaseKeeps(t *testing.T) {
	r := formerRig(t, homeAP)
	require.NoError(t, r.Take(r.ctx))
	j := r.join(home)
	j.until("address")
	require.NoError(t, r.Save(r.ctx, home))
	j.cancel(radio.ErrKeep)
	j.ended()
	require.NoError(t, r.Release(r.ctx, true))
	require.Equal(t, append(slices.Clone(asBefore), "HomeNet on wifiprov"), r.networks())
	r.wpa.View(func(v fakewpa.View) {
		require.Equal(t, hal.SSID("HomeNet"), v.At("wlan0"))
		require.Equal(t, "1", v.Config("wlan0", "priority"))
	})

	r.reboot()
	require.NoError(t, r.Release(r.ctx, false), "there is nothing to mend")
	before := len(r.wpa.Calls())
	require.NoError(t, r.Take(r.ctx))
	cfg, err := r.Load(r.ctx)
	require.NoError(t, err)
	j = r.join(cfg)
	require.Equal(t, []string{"connected to HomeNet, channel 6, -40 dBm, WPA2", "address 192.168.77.10"}, j.until("address"))
	require.NotContains(t, r.wpa.Calls()[before:], "SelectNetwork")
	j.cancel(nil)
	j.ended()
	require.Equal(t, whenUsed, r.networks())

	// Without keep the stored network is joined too, by wpa_supplicant.
	require.NoError(t, r.Release(r.ctx, false))
	r.wpa.Wait("the stored network is joined", func(v fakewpa.View) bool { return v.At("wlan0") == "HomeNet" })
	require.Equal(t, append(slices.Clone(asBefore), "HomeNet on wifiprov"), r.networks())
	require.NoError(t, r.Take(r.ctx))
	require.NoError(t, r.Save(r.ctx, hal.StationConfig{}))
	require.NoError(t, r.Release(r.ctx, false))
	require.Equal(t, asBefore, r.networks())
	r.atOld()
}

// What a process that died left is mended by Release and by Take of the next one.
func TestDeadProcess(t *testing.T) {
	for _, when := range []string{"taken", "joined", "access point"} {
		for _, mend := range []string{"Release", "Take"} {
			t.Run(when+", "+mend, func(t *testing.T) {
				cfg := former
				cfg.Interfaces = []string{"wlan0", "uap0"}
				r := newRig(t, cfg)
				r.wpa.Add(fakewpa.AP{SSID: "Old", Auth: hal.AuthWPA2PSK, Passphrase: "old passphrase"})
				r.wpa.Add(homeAP)
				r.atOld()
				// It dies: what it would do at its end fails.
				require.NoError(t, r.Take(r.ctx))
				switch when {
				case "joined":
					r.join(home).until("address")
				case "access point":
					require.NoError(t, r.OpenAP(r.ctx, uap))
				}
				r.wpa.SetHook(func(call string) error {
					switch call {
					case "RemoveNetwork", "Disconnect", "RemoveInterface":
						return fakewpa.Refusal("fi.w1.wpa_supplicant1.UnknownError", "dead")
					}
					return nil
				})
				_ = r.Close()
				r.wpa.SetHook(nil)
				r.reboot()
				if mend == "Take" {
					require.NoError(t, r.Take(r.ctx))
					require.Equal(t, whenUsed, r.networks())
				}
				require.NoError(t, r.Release(r.ctx, false))
				require.Equal(t, asBefore, r.networks())
				r.atOld()
				r.wpa.View(func(v fakewpa.View) { require.Empty(t, v.State("uap0")) })
			})
		}
	}
}

// Two processes at once.
func TestInUse(t *testing.T) {
	r := formerRig(t)
	require.NoError(t, r.Take(r.ctx))
	other, err := wpa.New(wpa.Config{Interface: "wlan0", Store: &store.Memory{}, Bus: r.bus, Lease: r.wpa.Lease})
	require.NoError(t, err)
	defer other.Close()
	require.ErrorIs(t, other.Take(r.ctx), hal.ErrInUse)
	require.ErrorIs(t, other.Release(r.ctx, false), hal.ErrInUse)
	require.Equal(t, whenUsed, r.networks())
	require.NoError(t, r.Close())
	require.NoError(t, other.Take(r.ctx))
	require.NoError(t, other.Release(r.ctx, false))
	require.Equal(t, asBefore, r.networks())
}

// An interface that wpa_supplicant did not control is taken away from it again.
func TestInterfaceMade(t *testing.T) {
	r := taken(t, fakewpa.Config{})
	r.wpa.View(func(v fakewpa.View) { require.NotEmpty(t, v.State("wlan0")) })
	require.NoError(t, r.Release(r.ctx, false))
	r.wpa.View(func(v fakewpa.View) { require.Empty(t, v.State("wlan0")) })
	require.NoError(t, r.Release(r.ctx, false))
}

// wpa_supplicant restarts: the next call takes the interface again, and Release gives
// back what it knows from its file.
func TestRestart(t *testing.T) {
	r := formerRig(t)
	require.NoError(t, r.Take(r.ctx))
	r.wpa.Restart()
	r.atOld()
	_, err := r.Scan(r.ctx, hal.ScanConfig{})
	require.NoError(t, err)
	require.Equal(t, whenUsed, r.networks())
	r.wpa.Restart()
	require.NoError(t, r.Save(r.ctx, home))
	require.NoError(t, r.Release(r.ctx, false))
	require.Equal(t, append(slices.Clone(asBefore), "HomeNet on wifiprov"), r.networks())
	r.wpa.Kill()
	require.ErrorContains(t, r.Take(r.ctx), "start it with -u")
}

// A Release that fails can be tried again.
func TestReleaseRefused(t *testing.T) {
	for _, call := range []string{"Set Enabled", "SelectNetwork", "Get Networks"} {
		t.Run(call, func(t *testing.T) {
			r := formerRig(t)
			require.NoError(t, r.Take(r.ctx))
			r.wpa.SetHook(func(c string) error {
				if c == call {
					return fakewpa.Refusal("fi.w1.wpa_supplicant1.UnknownError", "no")
				}
				return nil
			})
			require.ErrorContains(t, r.Release(r.ctx, false), "no (fi.w1.wpa_supplicant1.UnknownError)")
			r.wpa.SetHook(nil)
			require.NoError(t, r.Release(r.ctx, false))
			require.Equal(t, asBefore, r.networks())
			r.atOld()
		})
	}
}

// Errors say what to do.
func TestTakeErrors(t *testing.T) {
	t.Run("no such interface", func(t *testing.T) {
		r := newRig(t, fakewpa.Config{Interfaces: []string{"eth0"}})
		err := r.Take(r.ctx)
		require.ErrorContains(t, err, "wlan0")
		require.ErrorContains(t, err, "couldn't grab this interface")
		require.ErrorContains(t, err, "ip link")
	})
	t.Run("rfkill", func(t *testing.T) {
		r := newRig(t, fakewpa.Config{Off: []string{"wlan0"}})
		require.ErrorContains(t, r.Take(r.ctx), "rfkill unblock wifi")
	})
	t.Run("policy", func(t *testing.T) {
		r := newRig(t, fakewpa.Config{})
		r.wpa.SetHook(func(string) error { return fakewpa.Refusal("org.freedesktop.DBus.Error.AccessDenied", "Rejected") })
		err := r.Take(r.ctx)
		require.ErrorContains(t, err, "netdev")
		require.ErrorContains(t, err, "/etc/dbus-1/system.d")
	})
	t.Run("no bus", func(t *testing.T) {
		d, err := wpa.New(wpa.Config{Interface: "wlan0", Store: &store.Memory{}, Bus: "unix:path=/nonexistent", Lease: noLease})
		require.NoError(t, err)
		require.ErrorContains(t, d.Take(t.Context()), "no message bus")
		require.NoError(t, d.Close())
		require.ErrorIs(t, d.Take(t.Context()), wpa.ErrClosed)
	})
	_, err := wpa.New(wpa.Config{Store: &store.Memory{}})
	require.ErrorContains(t, err, "Interface")
	_, err = wpa.New(wpa.Config{Interface: "wlan0"})
	require.ErrorContains(t, err, "Store")
	_, err = wpa.New(wpa.Config{Interface: "wlan0", Store: &store.Memory{}})
	require.ErrorContains(t, err, "Lease")
}

func noLease(context.Context, string, func(hal.IPConfig)) error { return hal.ErrNotSupported }

// The configuration is kept in the store, whole, and needs neither bus nor Take.
func TestStore(t *testing.T) {
	memory := &store.Memory{}
	d, err := wpa.New(wpa.Config{Interface: "wlan0", Store: memory, Bus: "unix:path=/nonexistent", Lease: noLease})
	require.NoError(t, err)
	defer d.Close()
	cfg, err := d.Load(t.Context())
	require.NoError(t, err)
	require.Zero(t, cfg)
	want := hal.StationConfig{SSID: "HomeNet", Passphrase: "correct horse", BSSID: hal.BSSID{1, 2}, BSSIDSet: true, Channel: 6, MinAuth: hal.AuthWPA2PSK}
	require.NoError(t, d.Save(t.Context(), want))
	err = d.Save(t.Context(), hal.StationConfig{SSID: "x", Channel: 99, Passphrase: "never shown"})
	require.ErrorIs(t, err, store.ErrInvalid)
	require.NotContains(t, err.Error(), "never shown")
	cfg, err = d.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, cfg)
	require.NoError(t, d.Save(t.Context(), hal.StationConfig{}))
	cfg, err = d.Load(t.Context())
	require.NoError(t, err)
	require.Zero(t, cfg)
}

// A network that stayed joined is left when Leave says so.
func TestLeave(t *testing.T) {
	r := taken(t, fakewpa.Config{})
	r.wpa.Add(homeAP)
	j := r.join(home)
	j.until("address")
	j.cancel(radio.ErrKeep)
	j.ended()
	r.wpa.View(func(v fakewpa.View) { require.Equal(t, hal.SSID("HomeNet"), v.At("wlan0")) })
	for range 2 {
		require.NoError(t, r.Leave(r.ctx))
		r.wpa.View(func(v fakewpa.View) {
			require.Empty(t, v.At("wlan0"))
			require.Len(t, v.Networks("wlan0"), 1)
		})
	}
}

// A Take that fails halfway undoes what it has done.
func TestTakeFailsHalfway(t *testing.T) {
	r := formerRig(t)
	var calls atomic.Int32
	r.wpa.SetHook(func(call string) error {
		if call == "Set Enabled" && calls.Add(1) == 2 {
			return fakewpa.Refusal("fi.w1.wpa_supplicant1.UnknownError", "not now")
		}
		return nil
	})
	require.ErrorContains(t, r.Take(r.ctx), "not now")
	require.Equal(t, asBefore, r.networks())
	r.atOld()
}

// The stored network that Take left joined stays joined if nothing happens until Release.
func TestReleaseOfWhatStayed(t *testing.T) {
	r := taken(t, fakewpa.Config{})
	r.wpa.Add(homeAP)
	require.NoError(t, r.Save(r.ctx, home))
	j := r.join(home)
	j.until("address")
	j.cancel(radio.ErrKeep)
	j.ended()
	require.NoError(t, r.Release(r.ctx, true))
	require.NoError(t, r.Take(r.ctx))
	before := len(r.wpa.Calls())
	require.NoError(t, r.Release(r.ctx, false))
	require.NotContains(t, r.wpa.Calls()[before:], "SelectNetwork")
	r.wpa.View(func(v fakewpa.View) { require.Equal(t, hal.SSID("HomeNet"), v.At("wlan0")) })
}
