// SPDX-License-Identifier: Apache-2.0

// Package att is a BLE peripheral in Go: attribute server, L2CAP and HCI host,
// on a controller that a [Transport] reaches. It implements ble.Peripheral on
// an ESP32's controller, on the simulated one of package hal/sim, on those that
// package hci reaches, and on any other that speaks HCI.
//
// It has what provisioning needs: one primary service with characteristics that
// are read and written, and their user descriptions; MTU exchange, all discovery
// requests, long reads, and long writes by prepared writes. NimBLE is its model.
//
// Pairing is optional, so that firmware without it need not link it. With
// Config.Pairing (package smp) clients can encrypt their links, and must do so if
// ble.Config.Encrypt is set. Without it requests for pairing are refused, and
// a ble.Config with Encrypt fails with hal.ErrNotSupported.
//
// # Goroutines and memory
//
// A [Host] owns no goroutine. It works in the receiver that it gives to the
// transport, and in its methods. New and StartGATT allocate memory; packets do not.
// Each connection has four buffers: a received PDU, an answer, a queue of prepared
// writes (ble.MaxValue bytes) and a signal. With Config.Pairing there is a fifth,
// for the PDUs of the security manager, which computes in the receiver, with no lock
// held. Beside the buffers, a service of 8 characteristics with one connection takes
// less than 2 KiB on a 64-bit machine, most of it for the queue of commands and the
// list of characteristics. The attribute table is computed, not stored.
//
// # Failing controllers
//
// When a controller reports a hardware error, the host resets it and sets it up
// again by itself. The handler is told that its clients are gone, with
// ble.ReasonHardwareFailure, and advertising begins again. If advertising fails while
// no client is connected, the host tries again every Config.Timeout.
//
// # Misbehaving peers
//
// No byte from controller or client is trusted: what does not parse is dropped or
// refused, and what is kept is bounded. A client that sends a request before its
// former one is answered breaks the protocol (Bluetooth Core, Vol 3 Part F 3.3.2);
// that request is dropped.
package att
