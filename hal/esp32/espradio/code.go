// SPDX-License-Identifier: Apache-2.0

package espradio

import (
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/tinygo"
)

// Code is the number in an error of the radio: below 256 the reason of a
// disconnection, from 0x101 on an error code of ESP-IDF.
type Code int32

// Codes of ESP-IDF with which an attempt to join can end.
const (
	CodeTimeout    Code = 0x107  // ESP_ERR_TIMEOUT: no outcome in time
	CodeMode       Code = 0x3005 // ESP_ERR_WIFI_MODE: not in this mode
	CodeSSID       Code = 0x300a // ESP_ERR_WIFI_SSID
	CodePassphrase Code = 0x300b // ESP_ERR_WIFI_PASSWORD
)

// Error returns "espradio: error 0x107", or the name of the reason.
func (c Code) Error() string {
	if c > 0 && c < 256 {
		return "espradio: " + hal.Reason(c).String()
	}
	return "espradio: error 0x" + strconv.FormatInt(int64(uint32(c)), 16)
}

// Unwrap returns the tinygo.JoinError that the code means, if it means one.
func (c Code) Unwrap() error {
	switch {
	case c > 0 && c < 256:
		return tinygo.JoinError(c)
	case c == CodeSSID:
		return tinygo.JoinError(hal.ReasonNoAPFound)
	case c == CodePassphrase:
		return tinygo.JoinError(hal.ReasonAuthFail)
	}
	return nil
}
