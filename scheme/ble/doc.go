// SPDX-License-Identifier: Apache-2.0

// Package ble is the scheme in which the device is a BLE peripheral
// (docs/spec/manager.md 13, docs/spec/transports.md 2). The service's name is the device's
// name, which clients look for by its prefix, PROV_ for the phone apps; the
// service's key is ignored. The radio is in ModeSTA meanwhile.
//
// The transport is package protocomm/gatt, on any ble.Peripheral: package hal/ble/att
// implements one over HCI, hal/ble/bluez one on Linux.
package ble
