// Package chip is the radio of an ESP32-C3, an ESP32-S3 or an ESP32 for
// package hal/esp32/espradio, on tinygo.org/x/espradio: Wi-Fi, the Bluetooth
// controller, the flash and the serial line of a firmware that TinyGo builds.
//
// It is a module of its own, because espradio is for TinyGo alone; run go mod
// tidy in the module of your firmware, which gets espradio and what it needs.
// Goroutines need stacks of 8 KB (tinygo build -stack-size=8kb): with less the
// chip hangs without a word.
//
// Everything is the chip's one radio, so there is one of each here. Call Enable
// first; it must come before Bluetooth. Do not use espradio's own Enable, nor the
// NetConnect of its netlink, which enables the radio a second time and fails.
//
// Randomness is that of crypto/rand, which on these chips reads the generator of
// the hardware. It has enough to give when the radio is on: another reason to call
// Enable before a security is made.
package chip
