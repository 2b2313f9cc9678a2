// SPDX-License-Identifier: Apache-2.0

// Package chip is the hardware of an ESP32-C3, an ESP32-S3 or an ESP32 for package
// hal/tinygo, on tinygo.org/x/espradio: Wi-Fi, the Bluetooth controller, the
// flash and the serial line of a firmware that TinyGo builds.
//
// It is a module of its own, because espradio is for TinyGo alone; run go mod
// tidy in the module of your firmware, which gets espradio and what it needs.
// Goroutines need stacks of 8 KB (tinygo build -stack-size=8kb): with less the
// chip hangs silently.
//
// The chip has one radio, so use one Driver and one Bluetooth. Call Enable first, before
// Bluetooth. Do not use espradio's own Enable, nor the NetConnect of its netlink, which
// enables the radio a second time and fails.
//
// On these chips crypto/rand reads the hardware's random number generator, which has
// full entropy only while the radio is on. So call Enable before a security is made.
package chip
