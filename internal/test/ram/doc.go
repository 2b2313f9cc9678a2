// SPDX-License-Identifier: Apache-2.0

// Package ram measures the memory that a device takes on a chip while a client provisions
// it over BLE, and holds it to bounds.
//
// The device (folder device) is a process of its own, so that client and air do not
// count: plain Go with TinyGo's build tag for 386, which has the words of a chip. Its
// heap is counted call stack by call stack, from packet to packet: what lived before and
// everything that is allocated until the next. That is more than ever lives at a time,
// and the same in every run. Its stack is painted, and looked at afterwards.
//
// Not counted are the Wi-Fi driver, the Bluetooth controller, the flash and what the
// runtime needs for itself.
package ram
