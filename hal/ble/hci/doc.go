// SPDX-License-Identifier: Apache-2.0

// Package hci reaches Bluetooth controllers outside of the process: those of an
// Android emulator, emulated ones on TCP, a Linux machine's adapter, and one on a
// serial line. A [Transport] carries HCI packets to one controller and back. It is
// an att.Transport: package att makes a device of it, and package blecentral a
// phone.
//
//	transport, err := hci.Open(ctx, "netsim:", hci.Config{Name: "PROV_A1B2C3"})
//	host, err := att.New(transport, att.Config{})
//
// # Addresses
//
// [Open] takes the place of the controller as text:
//
//	netsim:                       the netsim that runs on this machine (Android emulator)
//	netsim:1                      its instance 1, of several
//	netsim:HOST:PORT              a netsim at this address
//	tcp:HOST:PORT                 H4 packets over TCP: rootcanal (port 6402), Bumble
//	hci0                          a Linux adapter, also written hci:0
//	serial:/dev/ttyUSB0?baud=N    H4 packets on a serial line, 8N1; without baud 115200
//
// [New] takes any other connection that carries H4 packets (Bluetooth Core, Vol 4
// Part A): a byte with the type, then the packet.
//
// # netsim
//
// Each transport joins netsim as a Bluetooth chip of its own, through which emulated
// phones and other devices there meet it. netsim writes its port into netsim.ini in
// the user's directory for such files; netsim:HOST:PORT needs no file.
//
// # Linux adapters
//
// The program takes the adapter from the kernel and from bluetoothd, which get it back
// when the transport is closed (HCI user channel). The adapter has to be down, for
// instance by "bluetoothctl power off", and the program needs the capability
// CAP_NET_ADMIN.
//
// # Serial lines
//
// There is no hardware flow control. For a controller that needs it, attach it to Linux
// ("btattach -B /dev/ttyUSB0 -S 1000000") and open it as an adapter.
//
// # Loss
//
// A controller that goes away, sends something else than HCI, or takes no packets for
// [SendTimeout] is lost, and its transport has ended: Done is closed, Err tells why. A
// transport never comes back; open another one, with another host on it. The host is
// told with the event Hardware Error, so it lets go of its connections at once.
package hci
