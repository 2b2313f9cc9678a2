// SPDX-License-Identifier: Apache-2.0

package espradio

import (
	"encoding/binary"
	"errors"

	"github.com/wifiprov/wifiprov/hal"
)

// ErrRecord says that the Wi-Fi library describes access points in another way than
// the one this package knows: the version of espradio does not fit.
var ErrRecord = errors.New("espradio: unknown layout of access point records")

// Of a wifi_ap_record_t, offsets in bytes (headers of ESP-IDF v5.5, whose library
// espradio has). Enumerations take four bytes.
const (
	atBSSID  = 0
	atSSID   = 6
	atPrim   = 39 // after the SSID, which ends in a zero
	atSecond = 40
	atRSSI   = 44
	atAuth   = 48
	atEnd    = 52
)

// What the fields may be.
const (
	lastChannel = 14 // the chips have 2.4 GHz only
	lastSecond  = 2  // WIFI_SECOND_CHAN_BELOW
	lastAuth    = 32 // more than any release has
	mostRSSI    = 20
)

// ParseRecord returns the access point of a wifi_ap_record_t. A record that cannot be
// one is ErrRecord, as nothing else tells that the layout has changed.
func ParseRecord(b []byte) (hal.AccessPoint, error) {
	if len(b) < atEnd {
		return hal.AccessPoint{}, ErrRecord
	}
	end := atSSID
	for end < atPrim && b[end] != 0 {
		end++
	}
	ap := hal.AccessPoint{SSID: hal.SSID(b[atSSID:end]), Channel: b[atPrim], RSSI: int8(b[atRSSI]), Auth: hal.AuthMode(b[atAuth])}
	copy(ap.BSSID[:], b[atBSSID:])
	switch {
	case end == atPrim,
		ap.BSSID == hal.BSSID{} || ap.BSSID[0]&1 != 0,
		ap.Channel == 0 || ap.Channel > lastChannel,
		binary.LittleEndian.Uint32(b[atSecond:]) > lastSecond,
		ap.RSSI > mostRSSI || ap.RSSI == 0,
		binary.LittleEndian.Uint32(b[atAuth:]) > lastAuth:
		return hal.AccessPoint{}, ErrRecord
	}
	return ap, nil
}
