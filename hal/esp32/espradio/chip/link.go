// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package chip

/*
#include <stdbool.h>
#include <stdint.h>

// Of ESP-IDF's Wi-Fi library, which espradio links.
int32_t esp_wifi_disconnect_internal(void);
int32_t esp_wifi_sta_get_ap_info(void *info);
int32_t esp_wifi_scan_start(const void *config, bool block);
int32_t esp_wifi_scan_get_ap_num(uint16_t *number);
int32_t esp_wifi_scan_get_ap_record(void *record);
int32_t esp_wifi_clear_ap_list(void);
*/
import "C"

import (
	"unsafe"

	"github.com/wifiprov/wifiprov/hal"
	radio "github.com/wifiprov/wifiprov/hal/esp32/espradio"
)

// Of a wifi_ap_record_t, offsets in bytes (headers of ESP-IDF v5.5, whose library
// espradio has). Enumerations take four bytes.
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

// record is memory for a wifi_ap_record_t. Calls come one at a time, but for
// Disconnect during Connect, and the Link after that: either writes the same.
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
	return described(), nil
}

// described is the access point in record.
func described() hal.AccessPoint {
	b := (*[recordSize]byte)(unsafe.Pointer(&record))
	ap := hal.AccessPoint{Channel: b[atPrim], RSSI: int8(b[atRSSI]), Auth: hal.AuthMode(b[atAuth])}
	copy(ap.BSSID[:], b[atBSSID:])
	end := atSSID
	for end < atEnd && b[end] != 0 {
		end++
	}
	ap.SSID = hal.SSID(b[atSSID:end])
	return ap
}

// maxFound bounds the memory of a scan.
const maxFound = 64

// scan looks on all channels. espradio.Scan does the same, and keeps SSID and
// signal of what it finds only: apps need the authentication, too.
func scan() ([]hal.AccessPoint, error) {
	if code := C.esp_wifi_scan_start(nil, true); code != 0 {
		return nil, radio.Code(code)
	}
	defer C.esp_wifi_clear_ap_list()
	var number C.uint16_t
	if code := C.esp_wifi_scan_get_ap_num(&number); code != 0 {
		return nil, radio.Code(code)
	}
	found := make([]hal.AccessPoint, 0, min(int(number), maxFound))
	for range int(number) {
		if code := C.esp_wifi_scan_get_ap_record(unsafe.Pointer(&record)); code != 0 {
			return nil, radio.Code(code)
		}
		if ap := described(); !ap.SSID.Hidden() && len(found) < maxFound {
			found = append(found, ap)
		}
	}
	return found, nil
}
