//go:build tinygo

package espradio

/*
#include <stdint.h>

// Of ESP-IDF's Wi-Fi library, which espradio links.
int32_t esp_wifi_disconnect_internal(void);
int32_t esp_wifi_sta_get_ap_info(void *info);
*/
import "C"

import (
	"unsafe"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/esp32/radio"
)

// Of a wifi_ap_record_t, offsets in bytes (ESP-IDF v4.4 to v5.5). Enumerations
// take four bytes.
const (
	atBSSID = 0
	atSSID  = 6
	atEnd   = 39 // of the SSID
	atPrim  = 39
	atRSSI  = 44
	atAuth  = 48

	// recordSize is more than a record of any release has.
	recordSize = 256
)

const codeNotConnected = 0x300f // ESP_ERR_WIFI_NOT_CONNECT

// record is memory for a wifi_ap_record_t. The driver's calls come one at a time,
// but Disconnect may look while Connect does: either writes the same.
var record [recordSize / 4]uint32

// disconnect leaves the network.
func disconnect() error {
	if code := C.esp_wifi_disconnect_internal(); code != 0 {
		return radio.Code(code)
	}
	return nil
}

// linkInfo describes the access point that the station is associated with.
func linkInfo() (hal.AccessPoint, error) {
	switch code := C.esp_wifi_sta_get_ap_info(unsafe.Pointer(&record)); code {
	case 0:
	case codeNotConnected:
		return hal.AccessPoint{}, hal.ErrNotConnected
	default:
		return hal.AccessPoint{}, radio.Code(code)
	}
	b := (*[recordSize]byte)(unsafe.Pointer(&record))
	ap := hal.AccessPoint{Channel: b[atPrim], RSSI: int8(b[atRSSI]), Auth: hal.AuthMode(b[atAuth])}
	copy(ap.BSSID[:], b[atBSSID:])
	end := atSSID
	for end < atEnd && b[end] != 0 {
		end++
	}
	ap.SSID = hal.SSID(b[atSSID:end])
	return ap, nil
}
