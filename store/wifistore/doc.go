// SPDX-License-Identifier: Apache-2.0

// Package wifistore keeps a station's configuration in the keys of the ESP32's Wi-Fi
// driver (docs/spec/wifi-nvs.md): namespace nvs.net80211, with SSID and passphrase as
// the driver's blobs. On an NVS partition it reads configurations that a device stored,
// and writes configurations that a device reads.
package wifistore
