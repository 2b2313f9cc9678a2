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
	codes "github.com/wifiprov/wifiprov/hal/esp32/espradio"
)

// recordSize is more than a wifi_ap_record_t of any release has.
const recordSize = 256

const codeNotConnected = 0x300f // ESP_ERR_WIFI_NOT_CONNECT

// record is memory for a wifi_ap_record_t. Calls come one at a time, but for
// Disconnect during Connect, and the Link after that: either writes the same.
var record [recordSize / 4]uint32

// disconnect leaves the network.
func disconnect() error {
	if code := C.esp_wifi_disconnect_internal(); code != 0 {
		return codes.Code(code)
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
		return hal.AccessPoint{}, codes.Code(code)
	}
	return described()
}

// described is the access point in record.
func described() (hal.AccessPoint, error) {
	return codes.ParseRecord((*[recordSize]byte)(unsafe.Pointer(&record))[:])
}

// maxFound bounds the memory of a scan.
const maxFound = 64

// scan looks on all channels. espradio.Scan does the same, and keeps SSID and
// signal of what it finds only: apps need the authentication, too.
func scan() ([]hal.AccessPoint, error) {
	if code := C.esp_wifi_scan_start(nil, true); code != 0 {
		return nil, codes.Code(code)
	}
	defer C.esp_wifi_clear_ap_list()
	var number C.uint16_t
	if code := C.esp_wifi_scan_get_ap_num(&number); code != 0 {
		return nil, codes.Code(code)
	}
	found := make([]hal.AccessPoint, 0, min(int(number), maxFound))
	for range int(number) {
		if code := C.esp_wifi_scan_get_ap_record(unsafe.Pointer(&record)); code != 0 {
			return nil, codes.Code(code)
		}
		ap, err := described()
		if err != nil {
			return nil, err
		}
		if !ap.SSID.Hidden() && len(found) < maxFound {
			found = append(found, ap)
		}
	}
	return found, nil
}
