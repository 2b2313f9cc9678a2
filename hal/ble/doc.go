// Package ble is the boundary between the provisioning core and a Bluetooth Low
// Energy stack: the contract of a GATT [Peripheral] and its plain types. It
// imports nothing of this module.
//
// Implementations live in folders below it: hal/ble/att is an attribute server
// and host on any HCI controller, hal/ble/smp adds pairing to it, hal/ble/bluez
// is a peripheral of Linux's bluetoothd. The errors that the contract names are
// those of package hal.
package ble
