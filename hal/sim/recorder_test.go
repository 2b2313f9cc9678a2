// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

func TestRecord(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		addAP(t, air, home)
		b, err := air.NewBoard(sim.BoardConfig{})
		require.NoError(t, err)
		defer b.Close()
		faults := sim.NewFaults(b, nil)
		r := sim.NewRecorder(faults)
		faults.Fail(sim.MethodSetStorage, 1, errScripted)

		cancel := r.Subscribe(func(hal.Event) {})
		_ = r.Subscribe(func(hal.Event) {}) // its events are the same ones
		_ = r.Connect()
		_ = r.SetMode(hal.ModeSTA)
		_ = r.Start()
		synctest.Wait()
		_ = r.SetStorage(hal.StorageRAM)
		_ = r.SetStorage(hal.StorageRAM)
		_ = r.SetStationConfig(hal.StationConfig{})
		_ = r.SetStationConfig(hal.StationConfig{
			SSID: "a\"b\x00", Passphrase: "secretpass", ScanMethod: hal.ScanAllChannel, BSSIDSet: true, Channel: 3, MinAuth: hal.AuthWPA2PSK,
		})
		_, _ = r.StationConfig()
		_ = r.StartScan(hal.ScanConfig{})
		_ = r.StopScan()
		synctest.Wait()
		_ = r.StartScan(hal.ScanConfig{})
		_ = r.Connect() // breaks it off
		synctest.Wait()
		_ = r.Disconnect()
		synctest.Wait()
		_ = r.StartScan(hal.ScanConfig{Channel: 6, Passive: true, PeriodMillis: 100})
		time.Sleep(time.Second)
		_, _ = r.ScanResults(make([]hal.AccessPoint, 16))
		r.Note("-- connect")
		_ = r.Connect()
		time.Sleep(time.Second)
		_ = r.SetStationConfig(homeSTA)
		_ = r.Connect()
		time.Sleep(time.Second)
		_, _ = r.Link()
		_ = r.Disconnect()
		time.Sleep(time.Second)
		cancel()
		cancel()
		_ = r.StartSoftAP(hal.SoftAPConfig{SSID: "PROV"})
		_ = r.StartSoftAP(hal.SoftAPConfig{SSID: "PROV", Key: "12345678", Auth: hal.AuthWPA2PSK, Channel: 6, MaxStations: 4})
		_ = r.StopSoftAP()
		_ = r.Restore()
		_ = r.Reboot()
		want := `Subscribe()
Subscribe()
Connect() = hal: Wi-Fi is not started
SetMode(STA)
Start()
event StationStart
SetStorage(RAM) = scripted
SetStorage(RAM)
SetStationConfig(none)
SetStationConfig("a\"b\x00", passphrase, all channels, BSSID 00:00:00:00:00:00, channel 3, at least WPA2)
StationConfig()
StartScan(all channels)
StopScan()
event ScanDone
StartScan(all channels)
Connect()
event ScanDone failed
Disconnect()
event Disconnected station left (8)
StartScan(channel 6, passive, 100 ms)
event ScanDone
ScanResults(16)
-- connect
Connect()
event Disconnected no access point found (201)
SetStationConfig("HomeNet", passphrase)
Connect()
event Connected
event GotIP 192.168.1.77
Link()
Disconnect()
event Disconnected station left (8)
cancel()
StartSoftAP("PROV", open)
StartSoftAP("PROV", key, WPA2, channel 6, 4 stations)
StopSoftAP()
Restore()
Reboot()
`
		require.Equal(t, want, r.String())
		require.NotContains(t, r.String(), "secretpass")
		r.Reset()
		require.Empty(t, r.Lines())
	})
}

func TestRecordIsBounded(t *testing.T) {
	r := sim.NewRecorder(nil)
	for i := range sim.MaxRecord + 2 {
		r.Note(fmt.Sprint(i))
	}
	lines := r.Lines()
	require.Len(t, lines, sim.MaxRecord+1)
	require.Equal(t, "and 2 more lines", lines[sim.MaxRecord])
}

func TestMethodNames(t *testing.T) {
	seen := map[string]bool{}
	for m := sim.MethodSetMode; m <= sim.MethodIPConfig; m++ {
		require.NotEqual(t, "unknown method", m.String())
		require.False(t, seen[m.String()])
		seen[m.String()] = true
	}
	require.Equal(t, "unknown method", sim.Method(0).String())
}

func TestErrorIsAddedToItsCall(t *testing.T) {
	f, _, _ := faulty(t, sim.AirConfig{})
	r := sim.NewRecorder(f)
	f.OnCall(func(m sim.Method, _ int) error {
		if m == sim.MethodRestore {
			r.Note("in between")
			return errScripted
		}
		r.Reset()
		r.Note("new record")
		return errScripted
	})
	_ = r.Restore()
	require.Equal(t, "Restore() = scripted\nin between\n", r.String())
	_ = r.Connect()
	require.Equal(t, "new record\n", r.String())
}
