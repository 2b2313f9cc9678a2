// SPDX-License-Identifier: Apache-2.0

package hci

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// What the kernel's refusals mean, and what to do.
func TestAdapterError(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		unix.ENODEV:          "there is no such adapter; ls /sys/class/bluetooth shows those of this machine: no such device",
		unix.EBUSY:           "the adapter is up, or another program has it; take it down (bluetoothctl power off, or btmgmt -i 3 power off): device or resource busy",
		unix.EPERM:           "the program needs CAP_NET_ADMIN (sudo, or setcap cap_net_admin+ep PROGRAM): operation not permitted",
		unix.ERFKILL:         "a switch blocks the radio (rfkill unblock bluetooth): operation not possible due to RF-kill",
		unix.EAFNOSUPPORT:    "the kernel has no Bluetooth (modprobe bluetooth): address family not supported by protocol",
		unix.EPROTONOSUPPORT: "the kernel has no Bluetooth (modprobe bluetooth): protocol not supported",
		unix.ENOMEM:          "cannot allocate memory",
	} {
		err := adapterError(3, errno)
		require.EqualError(t, err, want)
		require.ErrorIs(t, err, errno)
	}
}
