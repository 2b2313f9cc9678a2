// SPDX-License-Identifier: Apache-2.0

//go:build baremetal && qemu && cortexm

package main

import (
	"runtime/volatile"
	"time"
	"unsafe"
)

// Registers of QEMU's machine lm3s6965evb: a PL011, and SysTick, which counts
// down 24 bits.
var (
	data    = (*volatile.Register32)(unsafe.Pointer(uintptr(0x4000c000)))
	status  = (*volatile.Register32)(unsafe.Pointer(uintptr(0x4000c018)))
	control = (*volatile.Register32)(unsafe.Pointer(uintptr(0xe000e010)))
	reload  = (*volatile.Register32)(unsafe.Pointer(uintptr(0xe000e014)))
	count   = (*volatile.Register32)(unsafe.Pointer(uintptr(0xe000e018)))
)

func received() bool { return status.Get()&0x10 == 0 }
func receive() byte  { return byte(data.Get()) }
func send(c byte)    { data.Set(uint32(c)) }

// ticks is how far SysTick has counted in all, last its value at the last look.
var ticks, last uint64

// now has to be called more than once a second: then the counter wraps.
func now() time.Duration {
	if reload.Get() != 0xffffff {
		reload.Set(0xffffff)
		count.Set(0)
		control.Set(5) // the processor's clock, no interrupt
	}
	at := uint64(0xffffff - count.Get()&0xffffff)
	ticks += (at - last) & 0xffffff
	last = at
	return time.Duration(ticks * 1000 / 12) // 12 MHz
}
