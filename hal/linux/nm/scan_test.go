// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/fakenm"
)

var errTest = errors.New("the test gives up")

// ctxFor is soon done, for errTest.
func ctxFor(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, errTest)
	t.Cleanup(cancel)
	return ctx
}

func variant(v any) dbus.Variant { return dbus.MakeVariant(v) }

func TestScan(t *testing.T) {
	hidden := fakenm.Network{SSID: "secret", BSSID: hal.BSSID{2, 0, 0, 0, 0, 3}, Frequency: 2484, Strength: 100, Hidden: true, Auth: hal.AuthWPA2WPA3PSK}
	r := newRig(t, fakenm.Config{}, home, cafe, hidden)
	r.take()
	require.Equal(t, hal.LimitPassive, r.Limits())
	want := []hal.AccessPoint{
		{SSID: "HomeNet", BSSID: hal.BSSID{2, 0, 0, 0, 0, 1}, Channel: 6, RSSI: -60, Auth: hal.AuthWPA2PSK},
		{SSID: "Cafe", BSSID: hal.BSSID{2, 0, 0, 0, 0, 2}, Channel: 36, RSSI: -80},
		{BSSID: hal.BSSID{2, 0, 0, 0, 0, 3}, Channel: 14, RSSI: -50, Auth: hal.AuthWPA2WPA3PSK},
	}
	got, err := r.Scan(t.Context(), hal.ScanConfig{})
	require.NoError(t, err)
	require.ElementsMatch(t, want, got)
	require.Equal(t, 1, r.nm.Probes("HomeNet"))
	got, err = r.Scan(t.Context(), hal.ScanConfig{Channel: 36})
	require.NoError(t, err)
	require.Equal(t, want[1:2], got)

	// While a network is joined, too.
	j := r.join(homeCfg)
	j.wait("address 192.168.1.77")
	r.up("wifiprov trial")
	got, err = r.Scan(t.Context(), hal.ScanConfig{})
	require.NoError(t, err)
	require.ElementsMatch(t, want, got)
	j.leave()

	// What was heard before this scan is not told.
	gone := cafe
	gone.Absent = true
	r.nm.SetNetwork(gone)
	r.nm.Remember()
	require.NoError(t, pause(t.Context(), 1100*time.Millisecond))
	got, err = r.Scan(t.Context(), hal.ScanConfig{})
	require.NoError(t, err)
	require.ElementsMatch(t, []hal.AccessPoint{want[0], want[2]}, got)
	require.NoError(t, r.Release(t.Context(), false))
}

// What was heard is told although NetworkManager's times are too early.
func TestScanTimes(t *testing.T) {
	r := newRig(t, fakenm.Config{Behind: 5 * time.Second}, home, cafe)
	r.take()
	names := func() (list []hal.SSID) {
		got, err := r.Scan(t.Context(), hal.ScanConfig{})
		require.NoError(t, err)
		for _, ap := range got {
			list = append(list, ap.SSID)
		}
		return list
	}
	require.ElementsMatch(t, []hal.SSID{"HomeNet", "Cafe"}, names())
	gone := cafe
	gone.Absent = true
	r.nm.SetNetwork(gone)
	r.nm.Remember()
	require.NoError(t, pause(t.Context(), 1100*time.Millisecond)) // the times are in seconds
	require.ElementsMatch(t, []hal.SSID{"HomeNet"}, names())
}

func TestScanEnds(t *testing.T) {
	r := newRig(t, fakenm.Config{ScanTime: time.Hour}, home)
	r.take()
	// When the context is done, there is no error.
	got, err := r.Scan(ctxFor(t), hal.ScanConfig{})
	require.NoError(t, err)
	require.Empty(t, got)
	// NetworkManager refuses some.
	r.nm.Refuse("RequestScan", "org.freedesktop.NetworkManager.Device.NotAllowed", "Scanning not allowed immediately following previous scan")
	_, err = r.Scan(t.Context(), hal.ScanConfig{})
	require.ErrorIs(t, err, hal.ErrBusy)
	r.nm.Refuse("RequestScan", "org.freedesktop.NetworkManager.Device.Failed", "x")
	_, err = r.Scan(t.Context(), hal.ScanConfig{})
	require.ErrorContains(t, err, "RequestScan: x")
	r.nm.Refuse("RequestScan", "", "")
	// Its end ends the scan, and so does Close.
	failed := make(chan error, 1)
	begin := func() {
		before := 0
		r.nm.Look(func(v fakenm.View) { before = v.Calls("RequestScan") })
		go func() { _, err := r.Scan(t.Context(), hal.ScanConfig{}); failed <- err }()
		r.nm.Wait("RequestScan", func(v fakenm.View) bool { return v.Calls("RequestScan") > before })
	}
	begin()
	r.nm.Restart()
	require.ErrorIs(t, <-failed, errNotThere)
	begin()
	require.NoError(t, r.Close())
	require.ErrorIs(t, <-failed, errClosed)
}

func TestNumbers(t *testing.T) {
	const psk, enterprise, sae, owe, transition, suiteB = 0x100, 0x200, 0x400, 0x800, 0x1000, 0x2000
	for _, c := range []struct {
		flags, wpa, rsn uint32
		want            hal.AuthMode
	}{
		{0, 0, 0, hal.AuthOpen},
		{0, 0, transition, hal.AuthOpen},
		{1, 0, 0, hal.AuthWEP},
		{1, psk | 8, 0, hal.AuthWPAPSK},
		{1, 0, psk | 0x88, hal.AuthWPA2PSK},
		{1, psk, psk, hal.AuthWPAWPA2PSK},
		{1, 0, enterprise, hal.AuthWPA2Enterprise},
		{1, 0, sae, hal.AuthWPA3PSK},
		{1, 0, sae | psk, hal.AuthWPA2WPA3PSK},
		{0, 0, owe, hal.AuthOWE},
		{1, 0, suiteB | enterprise, hal.AuthWPA3Ent192},
	} {
		require.Equal(t, c.want, auth(c.flags, c.wpa, c.rsn), "%+v", c)
	}
}

// The strongest that fits is chosen, and the reason tells what is missing.
func TestChoose(t *testing.T) {
	weak := hal.AccessPoint{SSID: "a", BSSID: hal.BSSID{1}, RSSI: -80, Auth: hal.AuthWPA2PSK}
	strong := hal.AccessPoint{SSID: "a", BSSID: hal.BSSID{2}, RSSI: -40, Auth: hal.AuthWPAPSK}
	other := hal.AccessPoint{SSID: "b", RSSI: -30}
	list := []hal.AccessPoint{weak, strong, other}
	cfg := hal.StationConfig{SSID: "a", Passphrase: "12345678"}
	ap, why := choose(list, cfg)
	require.Equal(t, strong, ap)
	require.Zero(t, why)
	cfg.MinAuth = hal.AuthWPA2PSK
	ap, _ = choose(list, cfg)
	require.Equal(t, weak, ap)
	cfg.MinAuth = hal.AuthWPA3PSK
	_, why = choose(list, cfg)
	require.Equal(t, hal.ReasonNoAPAuthModeThreshold, why)
	cfg = hal.StationConfig{SSID: "a"}
	_, why = choose(list, cfg)
	require.Equal(t, hal.ReasonNoAPCompatibleSec, why)
	cfg.SSID = "c"
	_, why = choose(list, cfg)
	require.Equal(t, hal.ReasonNoAPFound, why)
}
