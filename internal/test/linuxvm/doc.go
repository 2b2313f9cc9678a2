// SPDX-License-Identifier: Apache-2.0

// Package linuxvm tests Linux devices in the machine of .ci/linux-vm, against genuine
// daemons: hostapd, wpa_supplicant, NetworkManager, bluetoothd. Elsewhere its tests
// are skipped.
//
// The machine's radio wlan0 and its Bluetooth controller hci0 are the device's. The
// phone is the network namespace "phone" with the radio wlan1, and the controller
// hci1. The networks of Networks are in the namespace "air", each with a radio of its
// own. All radios hear each other.
//
// The Debian package of wifiprovd is tested where systemd is process 1, all else where
// it is not.
//
// The command lab does by hand what the tests do.
package linuxvm
