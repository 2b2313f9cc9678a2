// SPDX-License-Identifier: Apache-2.0

package wpa_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/wpa"
	"github.com/wifiprov/wifiprov/internal/test/fakewpa"
)

// names of access points, in order.
func names(list []hal.AccessPoint) (names []string) {
	for _, ap := range list {
		names = append(names, string(ap.SSID))
	}
	slices.Sort(names)
	return names
}

func TestScan(t *testing.T) {
	r := taken(t, fakewpa.Config{})
	r.wpa.Add(homeAP)
	r.wpa.Add(fakewpa.AP{SSID: "Hidden", Hidden: true, Channel: 6})
	r.wpa.Add(fakewpa.AP{SSID: "Five", Channel: 36, RSSI: -70, Auth: hal.AuthWPA3PSK})
	r.wpa.Add(fakewpa.AP{SSID: "Café\x00", Channel: 13})
	r.wpa.Remember("wlan0", fakewpa.AP{SSID: "Gone", BSSID: hal.BSSID{2, 9}, Channel: 6}, 100*time.Second)
	for _, c := range []struct {
		name   string
		cfg    hal.ScanConfig
		want   []string
		probes bool
	}{
		{"all", hal.ScanConfig{}, []string{"", "Café\x00", "Five", "HomeNet"}, true},
		{"channel", hal.ScanConfig{Channel: 13}, []string{"Café\x00"}, true},
		{"channel of 5 GHz", hal.ScanConfig{Channel: 36}, []string{"Five"}, true},
		{"passive", hal.ScanConfig{Channel: 6, Passive: true}, []string{"", "HomeNet"}, false},
		{"all passive", hal.ScanConfig{Passive: true}, []string{"", "Café\x00", "HomeNet"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.wpa.Forget("wlan0")
			r.wpa.Remember("wlan0", fakewpa.AP{SSID: "Gone", BSSID: hal.BSSID{2, 9}, Channel: 6}, 100*time.Second)
			probes := r.wpa.Probes()
			list, err := r.Scan(r.ctx, c.cfg)
			require.NoError(t, err)
			require.Equal(t, c.want, names(list))
			require.Equal(t, c.probes, r.wpa.Probes() > probes)
			for _, ap := range list {
				if ap.SSID == "Five" {
					require.Equal(t, hal.AccessPoint{SSID: "Five", BSSID: hal.BSSID{2, 0, 0, 0, 1, 3}, Channel: 36, RSSI: -70, Auth: hal.AuthWPA3PSK}, ap)
				}
			}
		})
	}
	_, err := r.Scan(r.ctx, hal.ScanConfig{Channel: 15})
	require.ErrorContains(t, err, "no channel 15")
}

// A scan that is broken off returns what was heard, and the next one can begin.
func TestScanBrokenOff(t *testing.T) {
	r := taken(t, fakewpa.Config{Times: fakewpa.Times{Scan: time.Hour}})
	r.wpa.Add(homeAP)
	r.wpa.Add(fakewpa.AP{SSID: "Eleven", Channel: 11}) // the scan does not get there
	ctx, cancel := context.WithCancelCause(r.ctx)
	go func() {
		r.wpa.Wait("the scan runs", func(v fakewpa.View) bool { return v.Scanning("wlan0") })
		cancel(errEnough)
	}()
	list, err := r.Scan(ctx, hal.ScanConfig{})
	require.NoError(t, err)
	require.Equal(t, []string{"HomeNet"}, names(list))
	list, err = r.Scan(r.ctx, hal.ScanConfig{Channel: 6})
	require.NoError(t, err)
	require.Equal(t, []string{"HomeNet"}, names(list))
}

// Scans of others end first.
func TestScanOfOthers(t *testing.T) {
	r := taken(t, fakewpa.Config{Times: fakewpa.Times{Scan: 50 * time.Millisecond}})
	r.wpa.Add(homeAP)
	for _, abort := range []bool{true, false} {
		r.wpa.SetHook(func(call string) error {
			if call == "AbortScan" && !abort {
				return fakewpa.Refusal("fi.w1.wpa_supplicant1.Interface.ScanError", "Abort failed or no scan in progress")
			}
			return nil
		})
		require.True(t, r.wpa.Scan("wlan0"))
		list, err := r.Scan(r.ctx, hal.ScanConfig{})
		require.NoError(t, err)
		require.Equal(t, []string{"HomeNet"}, names(list))
	}

}

// Others that scan again and again are ErrBusy.
func TestScanBusy(t *testing.T) {
	r := taken(t, fakewpa.Config{Times: fakewpa.Times{Scan: time.Hour}})
	r.wpa.SetHook(func(call string) error {
		if call == "Scan" {
			r.wpa.Scan("wlan0")
		}
		return nil
	})
	_, err := r.Scan(r.ctx, hal.ScanConfig{})
	require.ErrorIs(t, err, hal.ErrBusy)
}

// Scans that fail, and their end by Close.
func TestScanFails(t *testing.T) {
	r := taken(t, fakewpa.Config{Times: fakewpa.Times{Scan: time.Hour}})
	r.wpa.SetHook(func(call string) error {
		if call == "Scan" {
			return fakewpa.Refusal("fi.w1.wpa_supplicant1.Interface.ScanError", "Scan request rejected")
		}
		return nil
	})
	_, err := r.Scan(r.ctx, hal.ScanConfig{Channel: 165})
	require.ErrorContains(t, err, "wlan0 cannot scan these channels now")
	require.False(t, errors.Is(err, hal.ErrBusy))
	r.wpa.SetHook(nil)
	go func() {
		r.wpa.Wait("the scan runs", func(v fakewpa.View) bool { return v.Scanning("wlan0") })
		r.wpa.Unplug("wlan0")
	}()
	_, err = r.Scan(r.ctx, hal.ScanConfig{})
	require.ErrorContains(t, err, "the interface is gone")
	r.wpa.Plug("wlan0")
	go func() {
		r.wpa.Wait("the scan runs", func(v fakewpa.View) bool { return v.Scanning("wlan0") })
		_ = r.Close()
	}()
	_, err = r.Scan(r.ctx, hal.ScanConfig{})
	require.ErrorContains(t, err, "closed")
}

// Config.Channels are those of a passive scan of all.
func TestScanChannels(t *testing.T) {
	r := newRig(t, fakewpa.Config{})
	r.wpa.Add(homeAP)
	r.wpa.Add(fakewpa.AP{SSID: "Five", Channel: 36})
	r.wpa.Add(fakewpa.AP{SSID: "Eleven", Channel: 11})
	d, err := wpa.New(wpa.Config{Interface: "wlan0", Store: r.store, Bus: r.bus, Lease: r.wpa.Lease, Channels: func(iface string) ([]uint8, error) {
		require.Equal(t, "wlan0", iface)
		return []uint8{6, 36, 38}, nil // 38 is none that hal has
	}})
	require.NoError(t, err)
	defer d.Close()
	require.NoError(t, d.Take(r.ctx))
	list, err := d.Scan(r.ctx, hal.ScanConfig{Passive: true})
	require.NoError(t, err)
	require.Equal(t, []string{"Five", "HomeNet"}, names(list))
	require.Zero(t, r.wpa.Probes())
}
