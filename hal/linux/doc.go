// SPDX-License-Identifier: Apache-2.0

// Package linux makes the Wi-Fi of a Linux box a hal.WiFi and hal.SoftAP, so that
// Espressif's stock apps and esp_prov provision it. It drives the program that owns the
// interface, wpa_supplicant or NetworkManager, over D-Bus:
//
//	wifi, err := linux.Open(ctx, linux.Config{})
//
// Package radio keeps the contracts of hal, packages wpa and nm speak to the daemons,
// and say what each of them can and cannot do. docs/linux.md tells what a box needs.
package linux
