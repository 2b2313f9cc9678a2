// SPDX-License-Identifier: Apache-2.0

// Package sim is a complete simulated Wi-Fi driver. An [Air] holds access
// points ([AP]) and any number of boards ([Board]). Boards scan, join networks, open
// access points of their own, and keep their configuration over a reboot in an NVS
// partition, which may be the image of a real device's. There are 2.4 GHz and, for
// boards that have it, 5 GHz. It is made for tests of firmware and apps.
//
// A [Controller] is a Bluetooth LE controller on the same air. Host stacks, such as
// package hal/ble/att, drive it through HCI packets and reach each other over it.
//
// # Time and order
//
// Everything that takes time is a timer of the air's [hal.Clock]; there are no
// goroutines. Under testing/synctest all durations are exact. A board's events
// come in order, one at a time, from a timer, never from inside a method and
// never with a lock held.
//
// The same seed and the same calls give the same events, also with many boards at
// once: random values depend only on the seed, the access point, the board and the
// number of its scans, not on the order in which boards happen to run.
//
// # Faults
//
// [APConfig] scripts faults of networks: wrong passphrases, refused joins, silent DHCP
// servers, lost beacons. [Faults] wraps a HAL and scripts faults of its driver;
// [Recorder] wraps a HAL and writes down the calls that pass it. Both wrap any HAL,
// also each other.
package sim
