// SPDX-License-Identifier: Apache-2.0

// Package gatt carries protocomm over BLE (docs/spec/transports.md 2): a GATT service with
// one characteristic per endpoint, on any ble.Peripheral. A client writes a request. The
// write is confirmed when the answer is there, and the client reads the answer from the
// same characteristic.
//
// Where the C original's two stacks differ, this is NimBLE's way: a request
// that fails is answered with the error Invalid PDU and the link stays;
// an empty write is confirmed and means nothing.
//
// Every connection has a session of its own, which ends with it, and sees its own
// answers only. If an answer is longer than ble.MaxValue bytes, the write fails with
// Invalid Attribute Value Length, and the former answer stays.
//
// A client that keeps a place without using it is disconnected: one that has no
// established session and asks nothing for Config.IdleTimeout, a minute, and in any case
// one that has had no session for five minutes. Phone apps connect first, ask for the
// version, and then ask their users for the proof of possession; users have a minute for
// it. A stranger may connect again at once, and keeps a phone out by being faster, as
// anybody can who disturbs the radio.
//
// Each connection has one request at a time, which runs in a goroutine of its own, so
// that a slow one does not hold up the stack. Answering costs no allocation once the
// buffers of a connection have grown.
package gatt
