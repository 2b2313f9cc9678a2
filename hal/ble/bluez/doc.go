// SPDX-License-Identifier: Apache-2.0

// Package bluez is a BLE peripheral on Linux: it implements ble.Peripheral on BlueZ's
// bluetoothd over D-Bus (BlueZ's documentation: org.bluez.GattManager,
// org.bluez.LEAdvertisingManager). A Linux box with a Bluetooth adapter is
// provisioned by phone apps as an ESP32 is:
//
//	p := bluez.New(bluez.Config{})
//	scheme := ble.New(ble.Config{GATT: p})
//
// # What the machine needs
//
// BlueZ 5.50 or later with bluetoothd running (systemctl start bluetooth), an
// adapter that can be an LE peripheral, and a D-Bus policy that lets the program
// talk to org.bluez: distributions allow it to root and, most of them, to the
// group bluetooth (usermod -aG bluetooth USER). No capability is needed, and
// bluetoothd need not run with -E, except as said below. A container needs the
// socket /run/dbus/system_bus_socket. The adapter is switched on if it is off; a
// radio that rfkill blocks stays blocked.
//
// # What BlueZ decides
//
//   - Manufacturer data of up to 8 bytes goes into the advertising data, which
//     works with every release. Longer data goes into the scan response, which
//     needs BlueZ 5.80, at first with -E. Older releases drop it silently.
//   - The adapter's alias, which is the GAP device name, is the device name while
//     the service runs, and is restored afterwards (but see Config.KeepAlias).
//     BlueZ stores it, so a program that is killed leaves it changed.
//   - Encrypt makes the adapter pairable and registers an agent without input and
//     output as the default one, so that clients pair by Just Works. bluetoothd's
//     configuration decides whether keys are kept and Secure Connections used;
//     Bonding and SecureConnections have no effect.
//   - A RandomAddress fails with hal.ErrNotSupported.
//   - Releases before 5.56 ignore the advertising interval of 160 ms.
//   - Controller and kernel decide whether a second client can connect, and
//     whether the adapter advertises meanwhile.
//   - Handler.MTU is called before a client's first access, if the release tells
//     the MTU.
//   - Of ble's errors only InvalidOffset, InvalidLength, RequestNotSupported and
//     the two NotPermitted reach a client as they are. It gets Unlikely Error for
//     all others, and for a write that is not answered within 25 s.
//   - Write commands are refused, although BlueZ passes them on like writes.
//   - After StopGATT the service is gone from the attribute table: accesses fail
//     with Invalid Handle, whether or not the stack stays up.
//
// # Long writes
//
// bluetoothd keeps the prepared writes of a client. When they are executed it joins
// consecutive ones. If more than one piece is left (gaps, overlaps, two
// characteristics at once) it refuses them, since our characteristics do not have
// the flag reliable-write. So a value arrives in one WriteValue. One with an offset
// lacks its beginning and is refused with InvalidOffset. The package never sees
// queues that are cancelled, or whose client has gone.
//
// # Connections
//
// A client is a device that connects while the service runs (property Connected), or
// that accesses the service. A device that also speaks classic Bluetooth, a headset
// say, is a client from its first access on. Connection handles are this package's
// own numbers. BlueZ 5.83 and later tell why a client has gone; with older releases
// the reason is always ReasonRemoteUser.
//
// # Losses
//
// When bluetoothd or the message bus ends, or the adapter is unplugged, the handler
// gets Disconnected for all clients. The package then tries to announce the service
// again: when bluetoothd or an adapter appears, and after pauses of 1 s to 30 s.
// Without Config.Adapter another adapter will do.
//
// An adapter that somebody switches off stays off; when it is on again, the device
// advertises again. It also does so when bluetoothd ends the advertisement.
//
// If a loss lasts longer than Config.LossTimeout, a handler that is a
// ble.OutageHandler is told, and told again when it ends. The manager passes that on
// as EventTransportLost and EventTransportRestored. StopGATT ends all attempts;
// StartGATT gives them up and starts anew. A handler that does not return while 4096
// messages wait for it loses its service for good.
//
// A StopGATT while the service is lost cannot restore the adapter's alias.
//
// # Goroutines
//
// A started Peripheral has the goroutines of its connection to the bus, one that calls
// the handler or brings the service back, and one for each client that it is
// disconnecting. They end with StopGATT.
package bluez
