// Package bluezcentral is a BLE central on Linux: it implements client.Central on
// BlueZ's bluetoothd over D-Bus (BlueZ's documentation: org.bluez.Adapter,
// org.bluez.Device, org.bluez.GattCharacteristic), so that a program provisions
// devices with the Bluetooth adapter of its machine:
//
//	central := bluezcentral.New(bluezcentral.Config{})
//	transport, err := client.NewBLE(client.BLEConfig{Central: central})
//
// # What the machine needs
//
// bluetoothd has to run (systemctl start bluetooth), and the D-Bus policy has to
// let the program talk to org.bluez: distributions allow it to root and, most of
// them, to the group bluetooth. bluetoothd has not to run with -E. An adapter
// that is off is switched on, and stays on.
//
// # What BlueZ does by itself
//
// It negotiates the largest MTU, finds services, reads and writes long values in
// parts, and pairs when a device asks for an encrypted link. Each link registers an
// agent that lets it pair with this device by Just Works, and with no other; it
// goes with the link and leaves another program's default agent, which bluetoothd
// may ask first, as it is. A pairing stays, unless Config.Forget removes it.
//
// Devices to which a program connected stay in bluetoothd's cache, with the
// names and services that they had then. A bench on which devices come and go
// has them removed by Config.Forget.
//
// Each scan and each link has a connection to the bus of its own, and ends with
// it. Nothing runs between them.
package bluezcentral
