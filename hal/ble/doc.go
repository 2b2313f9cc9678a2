// SPDX-License-Identifier: Apache-2.0

// Package ble is the boundary between provisioning and a Bluetooth Low Energy
// stack: the contract of a GATT [Peripheral] and its plain types. It imports
// nothing of this module.
//
// The implementations are in the folders below. Package att is an attribute
// server and host for any HCI controller, package hci reaches controllers outside
// of the process, package smp adds pairing, and package bluez is a peripheral on
// Linux's bluetoothd. The errors that the contract names are those of package hal.
package ble
