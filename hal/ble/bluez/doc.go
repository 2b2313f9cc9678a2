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
// bluetoothd has not to run with -E, except as said below. In a container, the
// socket /run/dbus/system_bus_socket has to be there. The adapter is switched
// on when it is off; a radio that rfkill blocks is not unblocked.
//
// # What is BlueZ's to decide
//
//   - Manufacturer data of up to 8 bytes is put into the advertising data, where
//     every release takes it; longer data into the scan response, which needs
//     BlueZ 5.80, at first behind -E. An older one leaves it out without a word.
//   - The adapter's alias, which is the GAP device name, is set to the device
//     name while the service runs, and back (Config.KeepAlias). BlueZ stores
//     it: a program that is killed leaves it there.
//   - Encrypt makes the adapter pairable and registers an agent without input and
//     output as the default one, so that clients pair by Just Works. Whether keys
//     are kept, and Secure Connections used, is bluetoothd's configuration:
//     Bonding and SecureConnections have no effect.
//   - A RandomAddress fails with hal.ErrNotSupported.
//   - The interval of 160 ms is a wish that releases before 5.56 do not know.
//   - Whether a second client can connect, and whether the adapter advertises
//     meanwhile, is the controller's and the kernel's.
//   - A client's MTU is told before its first access, by releases that tell it.
//   - Only some errors reach a client as they are: of hal's, InvalidOffset,
//     InvalidLength, RequestNotSupported, the two NotPermitted. Every other is
//     Unlikely Error, InvalidPDU included. A write that is not answered within
//     25 s, the patience of bluetoothd, is too.
//   - Write commands reach us as writes do, although they are not offered.
//   - After StopGATT the service is gone from the attribute table: accesses fail
//     with Invalid Handle, whether or not the stack stays up.
//
// # Long writes
//
// bluetoothd keeps the prepared writes of a client, and when they are executed
// puts those together that follow on each other. What is left in several pieces
// (gaps, overlaps, two characteristics at once) it refuses for characteristics
// without the flag reliable-write, which ours have not. So a value arrives in one
// WriteValue, and one that has an offset lacks its beginning: it is refused
// with InvalidOffset. Cancelled queues, and those of clients that went, are
// never seen.
//
// # Connections
//
// A client is a device that connects while the service runs, by the property
// Connected, or that accesses it. One that BlueZ knows to be of classic
// Bluetooth too, a headset say, counts from its first access on. Connection handles are
// numbers of this package's own. Reasons are told by BlueZ 5.83 and later;
// otherwise a client that went has gone by itself, ReasonRemoteUser.
//
// # Losses
//
// When bluetoothd or the message bus ends, or the adapter is unplugged, all clients get
// Disconnected, and the service is announced again as soon as that is possible: when
// bluetoothd or an adapter comes, and after pauses of 1 s to 30 s. Without
// Config.Adapter, another adapter will do. An adapter that somebody switched off is left
// alone, and the device advertises again when it is on; likewise when bluetoothd ends
// the advertisement by itself. A loss that lasts longer than Config.LossTimeout is told
// to a handler that is a ble.OutageHandler, and its end too; the manager passes that on as
// EventTransportLost and EventTransportRestored. StopGATT ends all attempts. StartGATT
// in the meantime gives them up and starts anew. A handler that does not return while
// 4096 messages wait for it loses its service for good.
//
// A machine that is switched off, or a program that is killed, cannot undo the alias; nor
// can a StopGATT while the service is lost.
//
// # Goroutines
//
// A started Peripheral has one goroutine that calls the handler, or brings the service
// back, those of its connection to the bus, and one for each client that is being
// disconnected. They end with StopGATT.
package bluez
