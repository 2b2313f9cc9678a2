// Package gatt carries protocomm over BLE: a GATT service
// with one characteristic per endpoint, over a peripheral that ble.Peripheral
// describes. A client writes a request, the write is confirmed when the answer
// is there, and the client reads it from the same characteristic.
//
// Where the C original's two stacks differ, this is NimBLE's way: a request
// that fails is answered with the error Invalid PDU and the link stays;
// an empty write is confirmed and means nothing.
//
// Every connection has a session of its own, which ends with it, and sees its
// own answers only. An answer is longer than ble.MaxValue bytes: the write
// fails with Invalid Attribute Value Length, and the former answer stays.
//
// A client that keeps a place and does not use it is disconnected: one that has no
// established session and asks nothing for Config.IdleTimeout, a minute, and in any case
// one that has had none for five minutes. Phone apps connect first, ask for the version,
// and then ask their users for the proof of possession; users have a minute for it. What
// this does not do: whoever is disconnected may connect again at once, so strangers who
// come back faster than a phone can still keep it out, as everybody can who disturbs the
// radio.
//
// Requests run in goroutines of their own, one at a time for a connection, so
// that one that takes its time does not hold up the stack. Answering costs no
// allocation once the buffers of a connection have grown.
package gatt
