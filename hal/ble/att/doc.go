// Package att is a BLE peripheral in Go: attribute server, L2CAP and the HCI
// host, over a controller that a [Transport] reaches. It implements ble.Peripheral on
// an ESP32's controller, on a simulated one (package hal/sim) and on any other
// that speaks HCI.
//
// The stack is the part of one that provisioning needs (transports.md 2):
// one primary service of characteristics that are read and written, with
// their user descriptions; MTU exchange, all discovery requests, long reads, and
// long writes by prepared writes. It differs from NimBLE, after which it is
// modelled, in what package comments say.
//
// Pairing is optional, so that firmware without it does not carry it: with
// Config.Pairing (package smp) links are encrypted, and values need that if
// ble.Config.Encrypt says so. Otherwise requests for pairing are refused, and
// a ble.Config with Encrypt fails with hal.ErrNotSupported.
//
// # Goroutines and memory
//
// A [Host] owns no goroutine. All work is done in the receiver that it gives
// to the transport, and in its methods. Memory is taken by New and by
// StartGATT; packets cost no allocation. Each connection has four buffers: a
// received PDU, an answer, a queue of prepared writes (ble.MaxValue bytes)
// and a signal; with Config.Pairing a fifth for the security manager's PDUs, and
// what a security manager computes runs in the receiver, with no lock held. Beside
// the buffers, a service of 8 characteristics with one connection takes less than
// 2 KiB on a 64-bit machine: the queue of commands and the list of characteristics
// are most of it. The attribute table is computed, not stored.
//
// # Failing controllers
//
// A controller that reports a hardware error is reset and set up as it was, without
// a call from outside: its clients are told to be gone, with
// ble.ReasonHardwareFailure, and it advertises. Advertising that fails while no client
// is there is tried again every Config.Timeout.
//
// # Misbehaving peers
//
// Every byte from controller and client is taken for hostile: whatever does not
// parse is dropped or refused, and what is kept is bounded. A client that sends
// a request before the former one is answered breaks the protocol (Bluetooth
// Core, Vol 3 Part F 3.3.2); that request is dropped.
package att
