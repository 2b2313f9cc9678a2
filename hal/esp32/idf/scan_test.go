// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idf_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/hal/esp32/idf/idftest"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// The channels of a scan are those of the chip's bands and its country; a chip
// with 2.4 GHz alone does not say more than 1 to 13.
func TestScanChannels(t *testing.T) {
	two := []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}
	for _, tt := range []struct {
		name    string
		cfg     idftest.Config
		only5   bool
		failing string
		want    []uint8
	}{
		{"2.4 GHz", idftest.Config{CountryMask: 0x1ffffffe}, false, "", two},
		{"country of few channels", idftest.Config{FiveGHz: true, CountryMask: 1<<1 | 1<<8 | 1<<9 | 1<<20 | 1<<21 | 1<<28 | 1<<29}, false, "",
			append(two[:13:13], 36, 64, 100, 144, 149, 177)},
		{"5 GHz alone", idftest.Config{FiveGHz: true, CountryMask: 0x7}, true, "", []uint8{36, 40}},
		{"the driver does not tell its bands", idftest.Config{FiveGHz: true}, false, "esp_wifi_get_band_mode", nil},
		{"the driver does not tell its country", idftest.Config{FiveGHz: true}, false, "esp_wifi_get_country", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.cfg.Air = newAir(t)
				chip := idftest.New(t, tt.cfg)
				d := pumped(t, idf.Config{})
				chip.SetOnly5GHz(tt.only5)
				if tt.failing != "" {
					chip.Fail(tt.failing, 0, idftest.Fail)
				}
				require.Equal(t, tt.want, d.ScanChannels())
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		air := newAir(t)
		idftest.New(t, idftest.Config{Air: air, FiveGHz: true})
		board, err := air.NewBoard(sim.BoardConfig{FiveGHz: true})
		require.NoError(t, err)
		require.Equal(t, board.ScanChannels(), pumped(t, idf.Config{}).ScanChannels(), "a country without a list allows all")
	})
}

// A chip with 5 GHz scans there; nobody asks for a channel that there is not.
func TestScanFiveGHz(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		air := newAir(t)
		_, err := air.AddAP(sim.APConfig{SSID: "Fast", Channel: 36})
		require.NoError(t, err)
		idftest.New(t, idftest.Config{Air: air, FiveGHz: true})
		d := pumped(t, idf.Config{})
		require.NoError(t, d.Start())
		for _, c := range []uint8{15, 38, 255} {
			require.ErrorContains(t, d.StartScan(hal.ScanConfig{Channel: c}), "channel")
		}
		require.NoError(t, d.StartScan(hal.ScanConfig{Channel: 36}))
		time.Sleep(time.Second)
		list := make([]hal.AccessPoint, 4)
		n, err := d.ScanResults(list)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, hal.SSID("Fast"), list[0].SSID)
	})
}

// What the driver reports although it hides its name, or twice, is left out.
func TestScanResultsOfADriverThatReportsMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := idftest.New(t, idftest.Config{Air: newAir(t)})
		d := pumped(t, idf.Config{})
		require.NoError(t, d.Start())
		twin := hal.AccessPoint{SSID: "Twin", BSSID: hal.BSSID{2, 1}, Channel: 1, RSSI: -20}
		chip.Report(hal.AccessPoint{RSSI: -10, BSSID: hal.BSSID{2, 2}}, twin, hal.AccessPoint{SSID: "\x00\x00", RSSI: -20, BSSID: hal.BSSID{2, 3}}, twin)
		require.NoError(t, d.StartScan(hal.ScanConfig{}))
		time.Sleep(time.Minute)
		list := make([]hal.AccessPoint, 10)
		n, err := d.ScanResults(list)
		require.NoError(t, err)
		names := ""
		for _, ap := range list[:n] {
			names += string(ap.SSID) + " "
		}
		require.Equal(t, "Twin HomeNet HomeNet Weak SlowDHCP ", names)
		require.Equal(t, make([]hal.AccessPoint, 10-n), list[n:])
	})
}
