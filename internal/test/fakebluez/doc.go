// SPDX-License-Identifier: Apache-2.0

// Package fakebluez is a bluetoothd for tests: it owns org.bluez on a message bus
// of the test's own and plays the radio between what uses it. A peripheral that
// registers itself on one of its adapters meets a [Phone], which a test drives,
// or a central that uses another adapter over D-Bus.
//
// It behaves as BlueZ's documentation (org.bluez.*) says, in what provisioning
// over BLE uses of it; where that is silent, as bluetoothd 5.66 to 5.87 does.
package fakebluez
