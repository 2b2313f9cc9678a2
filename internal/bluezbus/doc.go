// SPDX-License-Identifier: Apache-2.0

// Package bluezbus is what peripheral and central have in common on Linux: a
// connection to the message bus that keeps the order of messages, and bluetoothd's
// objects on it. BlueZ's documentation (org.bluez.*) names
// interfaces, methods and properties.
package bluezbus
