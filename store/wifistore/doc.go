// Package wifistore keeps a station's configuration in the keys that the
// Wi-Fi driver of ESP32 devices uses (spec/wifi-nvs.md): namespace
// nvs.net80211, SSID and passphrase as the driver's blobs. On top of an NVS
// partition it reads what a device stored and writes what a device reads.
package wifistore
