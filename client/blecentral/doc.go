// SPDX-License-Identifier: Apache-2.0

// Package blecentral is a BLE central over HCI. It scans, connects and is a GATT
// client, as far as package client needs it to provision a device. It is the host of
// a Bluetooth controller, simulated (package hal/sim) or outside of the process
// (package hal/ble/hci).
//
// A [Central] has one link at a time and owns no goroutine. With Config.Pairing it
// pairs with devices that want an encrypted link, legacy or with LE Secure
// Connections, and asks the user nothing.
package blecentral
