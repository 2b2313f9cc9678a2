// SPDX-License-Identifier: Apache-2.0

//go:build baremetal && qemu && virt

package main

import (
	"runtime/volatile"
	"time"
	"unsafe"
)

// Registers of QEMU's machine virt: a 16550A, and a counter of 10 MHz.
var (
	data   = (*volatile.Register8)(unsafe.Pointer(uintptr(0x10000000)))
	status = (*volatile.Register8)(unsafe.Pointer(uintptr(0x10000005)))
	low    = (*volatile.Register32)(unsafe.Pointer(uintptr(0x0200bff8)))
	high   = (*volatile.Register32)(unsafe.Pointer(uintptr(0x0200bffc)))
)

func received() bool { return status.Get()&1 != 0 }
func receive() byte  { return data.Get() }
func send(c byte)    { data.Set(c) }

func now() time.Duration {
	for {
		h := high.Get()
		l := low.Get()
		if high.Get() == h {
			return time.Duration(uint64(h)<<32|uint64(l)) * 100
		}
	}
}
