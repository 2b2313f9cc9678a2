// SPDX-License-Identifier: Apache-2.0

// Package espradio is the binding for an ESP32 that TinyGo programs on bare metal, on
// tinygo.org/x/espradio. The HAL is package hal/tinygo. Module
// hal/esp32/espradio/chip is its Driver, and says how it is used; this package has
// the radio's error codes.
//
// # What this radio cannot do
//
// Beside what package hal/tinygo says:
//
//   - espradio.Scan tells SSID and signal only; module chip asks ESP-IDF's library
//     for the rest. With a Driver that does not know the rest, BSSID and channel
//     are zero, and the authentication is tinygo.Config.UnknownAuth, by default WPA2.
//     Apps then require a passphrase for every network that they list, so an open
//     network has to be typed in.
//   - An attempt to join lasts at most 15 s. With a passphrase the network must have
//     at least WPA2.
//   - The radio can be enabled once. If that fails (tinygo.ErrEnableFailed) the chip has
//     to be reset. ModeOff, and ModeAP without an access point, switch the radio off
//     if the Driver can do that; module chip can.
//   - Module chip opens the access point and gives addresses to its clients. It has no
//     net.Listener for an HTTP server; the application makes one on the network of its
//     Driver.Stack.
package espradio
