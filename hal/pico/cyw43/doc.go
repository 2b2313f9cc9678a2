// SPDX-License-Identifier: Apache-2.0

// Package cyw43 is the binding for a Raspberry Pi Pico W or Pico 2 W that TinyGo
// programs, on github.com/soypat/cyw43439. The HAL is package hal/tinygo. [Driver] is
// the radio for it, over a contract, [Board]; module hal/pico/cyw43/chip implements
// that on the board, and a package for tests on a simulated air. [HCI] is the way to
// the Bluetooth controller.
//
// The driver cyw43439 v0.2.0 joins networks and says no more than whether that went
// well. It has no scan and cannot leave a network. So [Bus] sits between it and the
// chip, reads what the Wi-Fi firmware tells, and sends commands in the place of some of
// the driver's.
//
// # What this radio cannot do
//
// Beside what package hal/tinygo says:
//
//   - There is no SoftAP: StartSoftAP fails with hal.ErrNotSupported. The driver opens
//     an access point, but sends nothing through it, since it takes the link for down.
//     Use the BLE or the console scheme.
//   - The driver holds the chip while it joins, for 11 s at most. Meanwhile the
//     Bluetooth controller keeps the connection, and answers to a client wait.
//   - With a passphrase the network must allow WPA2; module chip can be told another
//     way. WEP and enterprise networks are listed and cannot be joined.
//   - The radio is never switched off, since Bluetooth is on the same chip. In ModeOff
//     the station leaves its network.
//   - A link's authentication is not known; tinygo.Config.UnknownAuth is told.
//   - Why an attempt failed is what the firmware's events say. A network out of
//     reach in the middle of the handshake looks like a wrong passphrase.
//
// None of this has been seen on a board yet. The Driver runs in tests against a chip
// that was written from the same descriptions, and so does cyw43439 itself in the tests
// of module chip.
package cyw43
