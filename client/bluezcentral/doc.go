// SPDX-License-Identifier: Apache-2.0

// Package bluezcentral is a BLE central on Linux. With it a program provisions devices
// through the Bluetooth adapter of its machine. It implements client.Central on
// BlueZ's bluetoothd, over D-Bus (BlueZ's documentation: org.bluez.Adapter,
// org.bluez.Device, org.bluez.GattCharacteristic):
//
//	central := bluezcentral.New(bluezcentral.Config{})
//	transport, err := client.NewBLE(client.BLEConfig{Central: central})
//
// # What the machine needs
//
// bluetoothd has to run (systemctl start bluetooth); it does not need the option -E.
// The D-Bus policy has to let the program talk to org.bluez: distributions allow
// this to root and, most of them, to the group bluetooth. A scan switches on an
// adapter that is off, and leaves it on.
//
// # What BlueZ does by itself
//
// BlueZ negotiates the largest MTU, finds services, reads and writes long values in
// parts, and pairs when a device asks for an encrypted link. For pairing, each link
// registers an agent, which exists as long as the link. The agent allows Just Works
// with this device, and nothing else. It does not become the default agent, so
// bluetoothd may ask another program's agent first. A pairing stays, unless
// Config.Forget removes it.
//
// bluetoothd keeps the devices to which a program has connected in its cache, with
// the names and services that they had then. On a bench where devices come and go,
// set Config.Forget to remove them.
//
// A request that the device answered by ending the link fails with an error that
// matches client.ErrHungUp, if bluetoothd tells who ended it (BlueZ 5.82 and later).
//
// Each scan and each link has its own connection to the bus. Nothing runs between
// them.
package bluezcentral
