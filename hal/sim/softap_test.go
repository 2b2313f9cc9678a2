// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

func scanAll(t testing.TB, w hal.WiFi) []string {
	t.Helper()
	require.NoError(t, w.StartScan(hal.ScanConfig{}))
	time.Sleep(2 * time.Second)
	return results(t, w)
}

func TestSoftAPIsOnTheAir(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		addAP(t, air, with(func(c *sim.APConfig) { c.Channel = 11 }))
		device, _ := started(t, air, sim.BoardConfig{RSSI: -33})
		phone, j := started(t, air, sim.BoardConfig{})
		require.NoError(t, device.StartSoftAP(hal.SoftAPConfig{SSID: "PROV_1", Key: "12345678", Channel: 3}))
		require.Equal(t, hal.ModeAPSTA, device.Mode())
		require.Equal(t, []string{"PROV_1 3 -33", "HomeNet 11 -40"}, scanAll(t, phone))
		require.Equal(t, []string{"HomeNet 11 -40"}, scanAll(t, device), "a board does not see itself")
		j.take()

		// Another board joins it, and notices each end.
		connect(t, phone, hal.StationConfig{SSID: "PROV_1", Passphrase: "12345678"})
		time.Sleep(time.Second)
		require.Equal(t, []string{"4.5s Connected", "4.5s GotIP 192.168.4.2"}, j.take())
		link, err := phone.Link()
		require.NoError(t, err)
		mac := device.MAC()
		mac[5]++
		require.Equal(t, hal.AccessPoint{SSID: "PROV_1", BSSID: mac, Channel: 3, RSSI: -33, Auth: hal.AuthWPA2PSK}, link.AP)

		// The station drags the access point to its channel.
		connect(t, device, homeSTA)
		time.Sleep(time.Second)
		link, err = phone.Link()
		require.NoError(t, err)
		require.EqualValues(t, 11, link.AP.Channel)

		require.NoError(t, device.StopSoftAP())
		require.Equal(t, []string{"6s Disconnected 3"}, j.take())
		require.Equal(t, hal.ModeSTA, device.Mode())
		_, err = device.Link()
		require.NoError(t, err, "the station stays")
		require.Equal(t, []string{"HomeNet 11 -40"}, scanAll(t, phone))
	})
}

func TestSoftAPOfRebootedBoardIsMissed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		device, _ := started(t, air, sim.BoardConfig{})
		phone, j := started(t, air, sim.BoardConfig{})
		require.NoError(t, device.StartSoftAP(hal.SoftAPConfig{SSID: "PROV_1"}))
		connect(t, phone, hal.StationConfig{SSID: "PROV_1"})
		time.Sleep(time.Second)
		require.NoError(t, device.Reboot())
		time.Sleep(time.Hour)
		require.Equal(t, []string{"500ms Connected", "500ms GotIP 192.168.4.2", "7s Disconnected 200"}, j.take())
		require.Empty(t, scanAll(t, phone))
	})
}

func TestSoftAPClosesWithItsMode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		device, _ := started(t, air, sim.BoardConfig{})
		phone, _ := started(t, air, sim.BoardConfig{})
		cfg := hal.SoftAPConfig{SSID: "PROV_1", Auth: hal.AuthOpen}
		require.NoError(t, device.StartSoftAP(cfg))
		require.NoError(t, device.SetMode(hal.ModeAPSTA))
		got, open := device.SoftAP()
		require.True(t, open)
		require.Equal(t, cfg, got)
		require.NoError(t, device.SetMode(hal.ModeSTA))
		_, open = device.SoftAP()
		require.False(t, open)
		require.Empty(t, scanAll(t, phone))
	})
}

func TestSoftAPRanges(t *testing.T) {
	air := sim.NewAir(sim.AirConfig{})
	b, err := air.NewBoard(sim.BoardConfig{})
	require.NoError(t, err)
	defer b.Close()
	key := func(n int) hal.Secret {
		return hal.Secret("0123456789012345678901234567890123456789012345678901234567890123456789"[:n])
	}
	require.ErrorIs(t, b.StartSoftAP(hal.SoftAPConfig{SSID: "a"}), hal.ErrNotStarted)
	require.NoError(t, b.Start())
	for _, bad := range []hal.SoftAPConfig{
		{}, {SSID: hal.SSID(key(33))}, {SSID: "a", Channel: 14}, {SSID: "a", Key: key(7)}, {SSID: "a", Key: key(64)},
	} {
		require.Error(t, b.StartSoftAP(bad))
		_, open := b.SoftAP()
		require.False(t, open)
	}
	for _, good := range []hal.SoftAPConfig{
		{SSID: hal.SSID(key(32))}, {SSID: "a", Channel: 13}, {SSID: "a", Key: key(8)}, {SSID: "a", Key: key(63)},
	} {
		require.NoError(t, b.StartSoftAP(good))
	}
}

// TestSoftAPLimit: the default is four stations.
func TestSoftAPLimit(t *testing.T) {
	for _, tt := range []struct {
		max  uint8
		want int
	}{{0, 4}, {1, 1}, {6, 6}} {
		bubble(t, func(t *testing.T) {
			air := sim.NewAir(sim.AirConfig{})
			device, _ := started(t, air, sim.BoardConfig{})
			require.NoError(t, device.StartSoftAP(hal.SoftAPConfig{SSID: "PROV", MaxStations: tt.max}))
			joined := 0
			for range 8 {
				b, j := started(t, air, sim.BoardConfig{})
				connect(t, b, hal.StationConfig{SSID: "PROV"})
				time.Sleep(time.Second)
				if _, err := b.Link(); err == nil {
					joined++
				} else {
					require.Contains(t, j.take()[0], "Disconnected 5")
				}
			}
			require.Equal(t, tt.want, joined)
		})
	}
}

func TestBoardDoesNotJoinItself(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, j := started(t, sim.NewAir(sim.AirConfig{}), sim.BoardConfig{})
		require.NoError(t, b.StartSoftAP(hal.SoftAPConfig{SSID: "PROV"}))
		connect(t, b, hal.StationConfig{SSID: "PROV"})
		time.Sleep(time.Second)
		require.Equal(t, []string{"500ms Disconnected 201"}, j.take())
	})
}
