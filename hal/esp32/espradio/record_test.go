// SPDX-License-Identifier: Apache-2.0

package espradio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/esp32/espradio"
)

// aRecord is a wifi_ap_record_t of ESP-IDF v5.5, of an access point with WPA2.
func aRecord() []byte {
	b := make([]byte, 256)
	copy(b, []byte{0x02, 0x11, 0x22, 0x33, 0x44, 0x55})
	copy(b[6:], "HomeNet")
	b[39], b[40], b[44], b[48] = 11, 1, 0xC4, 3
	return b
}

func TestParseRecord(t *testing.T) {
	ap, err := espradio.ParseRecord(aRecord())
	require.NoError(t, err)
	require.Equal(t, hal.AccessPoint{
		SSID: "HomeNet", BSSID: hal.BSSID{0x02, 0x11, 0x22, 0x33, 0x44, 0x55},
		Channel: 11, RSSI: -60, Auth: hal.AuthWPA2PSK,
	}, ap)
}

// A record that is laid out in another way is an error, not another network.
func TestParseRecordOfAnotherLayout(t *testing.T) {
	for name, change := range map[string]func(b []byte) []byte{
		"a byte before":      func(b []byte) []byte { return append([]byte{0}, b...) },
		"a byte in between":  func(b []byte) []byte { return append(append(append([]byte{}, b[:39]...), 0), b[39:]...) },
		"short enumerations": func(b []byte) []byte { b[41], b[42], b[44], b[48] = b[44], b[48], 0, 0; return b },
		"another BSSID":      func(b []byte) []byte { b[0] |= 1; return b },
		"no BSSID":           func(b []byte) []byte { copy(b, make([]byte, 6)); return b },
		"no end of the SSID": func(b []byte) []byte { copy(b[6:], "123456789012345678901234567890123"); return b },
		"no channel":         func(b []byte) []byte { b[39] = 0; return b },
		"channel 15":         func(b []byte) []byte { b[39] = 15; return b },
		"second channel":     func(b []byte) []byte { b[40] = 3; return b },
		"signal":             func(b []byte) []byte { b[44] = 21; return b },
		"authentication":     func(b []byte) []byte { b[49] = 1; return b },
		"too short":          func(b []byte) []byte { return b[:51] },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := espradio.ParseRecord(change(aRecord()))
			require.ErrorIs(t, err, espradio.ErrRecord)
		})
	}
}
