// Package blecentral is a BLE central over HCI: scanning, connecting and a GATT
// client, as much as package client needs to provision a device. It is the host
// on a simulated controller (package hal/sim); a real one will do as well.
//
// A [Central] has one link at a time. It owns no goroutine. With Config.Pairing it
// pairs with devices that want an encrypted link, legacy or with LE Secure
// Connections, and asks the user nothing.
package blecentral
