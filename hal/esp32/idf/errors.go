// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import (
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
)

// Error tells that a call of ESP-IDF failed. errors.Is finds the matching error of
// package hal.
type Error struct {
	Call string // "esp_wifi_connect"
	Code int32  // ESP_ERR_… of ESP-IDF
}

func (e *Error) Error() string {
	return "esp32: " + e.Call + " failed with " + codeName(e.Code) + advice(e.Code)
}

// Unwrap returns the error of package hal that matches the code, or nil.
func (e *Error) Unwrap() error {
	switch e.Code {
	case errWiFiNotInit, errWiFiNotStarted:
		return hal.ErrNotStarted
	case errWiFiState, errWiFiConn:
		if e.Call == "esp_wifi_sta_get_ap_info" {
			return hal.ErrNotConnected
		}
		return hal.ErrBusy
	case errWiFiNotConnect:
		return hal.ErrNotConnected
	case errNotSupported:
		return hal.ErrNotSupported
	}
	return nil
}

// argError tells that an argument is invalid.
type argError struct{ why string }

func (e *argError) Error() string { return "esp32: " + e.why }

// Codes of ESP-IDF.
const (
	errFail            = -1
	errNoMem           = 0x101
	errInvalidArg      = 0x102
	errInvalidState    = 0x103
	errInvalidSize     = 0x104
	errNotFound        = 0x105
	errNotSupported    = 0x106
	errTimeout         = 0x107
	errNVSNoFreePages  = 0x110d
	errNVSNewVersion   = 0x1110
	errWiFiNotInit     = 0x3001
	errWiFiNotStarted  = 0x3002
	errWiFiNotStopped  = 0x3003
	errWiFiIf          = 0x3004
	errWiFiMode        = 0x3005
	errWiFiState       = 0x3006
	errWiFiConn        = 0x3007
	errWiFiNVS         = 0x3008
	errWiFiMAC         = 0x3009
	errWiFiSSID        = 0x300a
	errWiFiPassword    = 0x300b
	errWiFiTimeout     = 0x300c
	errWiFiNotConnect  = 0x300f
	errNetifParams     = 0x5001
	errHTTPHandlers    = 0xb001
	errHTTPExists      = 0xb002
	errHTTPInvalidReq  = 0xb003
	errHTTPTrunc       = 0xb004
	errHTTPRespHeader  = 0xb005
	errHTTPRespSend    = 0xb006
	errHTTPAllocMemory = 0xb007
	errHTTPTask        = 0xb008
)

// codeName returns a code's name and number.
func codeName(code int32) string {
	name := "error"
	switch code {
	case errFail:
		return "ESP_FAIL (-1)"
	case errNoMem:
		name = "ESP_ERR_NO_MEM"
	case errInvalidArg:
		name = "ESP_ERR_INVALID_ARG"
	case errInvalidState:
		name = "ESP_ERR_INVALID_STATE"
	case errInvalidSize:
		name = "ESP_ERR_INVALID_SIZE"
	case errNotFound:
		name = "ESP_ERR_NOT_FOUND"
	case errNotSupported:
		name = "ESP_ERR_NOT_SUPPORTED"
	case errTimeout:
		name = "ESP_ERR_TIMEOUT"
	case errNVSNoFreePages:
		name = "ESP_ERR_NVS_NO_FREE_PAGES"
	case errNVSNewVersion:
		name = "ESP_ERR_NVS_NEW_VERSION_FOUND"
	case errWiFiNotInit:
		name = "ESP_ERR_WIFI_NOT_INIT"
	case errWiFiNotStarted:
		name = "ESP_ERR_WIFI_NOT_STARTED"
	case errWiFiNotStopped:
		name = "ESP_ERR_WIFI_NOT_STOPPED"
	case errWiFiIf:
		name = "ESP_ERR_WIFI_IF"
	case errWiFiMode:
		name = "ESP_ERR_WIFI_MODE"
	case errWiFiState:
		name = "ESP_ERR_WIFI_STATE"
	case errWiFiConn:
		name = "ESP_ERR_WIFI_CONN"
	case errWiFiNVS:
		name = "ESP_ERR_WIFI_NVS"
	case errWiFiMAC:
		name = "ESP_ERR_WIFI_MAC"
	case errWiFiSSID:
		name = "ESP_ERR_WIFI_SSID"
	case errWiFiPassword:
		name = "ESP_ERR_WIFI_PASSWORD"
	case errWiFiTimeout:
		name = "ESP_ERR_WIFI_TIMEOUT"
	case errWiFiNotConnect:
		name = "ESP_ERR_WIFI_NOT_CONNECT"
	case errNetifParams:
		name = "ESP_ERR_ESP_NETIF_INVALID_PARAMS"
	case errHTTPHandlers:
		name = "ESP_ERR_HTTPD_HANDLERS_FULL"
	case errHTTPExists:
		name = "ESP_ERR_HTTPD_HANDLER_EXISTS"
	case errHTTPInvalidReq:
		name = "ESP_ERR_HTTPD_INVALID_REQ"
	case errHTTPTrunc:
		name = "ESP_ERR_HTTPD_RESULT_TRUNC"
	case errHTTPRespHeader:
		name = "ESP_ERR_HTTPD_RESP_HDR"
	case errHTTPRespSend:
		name = "ESP_ERR_HTTPD_RESP_SEND"
	case errHTTPAllocMemory:
		name = "ESP_ERR_HTTPD_ALLOC_MEM"
	case errHTTPTask:
		name = "ESP_ERR_HTTPD_TASK"
	}
	return name + " (0x" + strconv.FormatUint(uint64(uint32(code)), 16) + ")"
}

// advice says what to do about some codes.
func advice(code int32) string {
	switch code {
	case errNoMem, errHTTPAllocMemory:
		return ": the heap is full"
	case errNVSNoFreePages, errNVSNewVersion:
		return ": the NVS partition cannot be used; nvs_flash_erase makes a new one, without what is in it"
	case errWiFiSSID:
		return ": no network is configured, or its SSID is not one"
	case errWiFiPassword:
		return ": a WPA passphrase has 8 to 63 bytes, and a key 64 hexadecimal digits"
	}
	return ""
}
