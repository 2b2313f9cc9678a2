// SPDX-License-Identifier: Apache-2.0

package hci

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// openAdapter opens the HCI user channel of adapter hciN. Each Read and each Write is one
// packet.
func openAdapter(n int) (io.ReadWriteCloser, error) {
	fd, err := unix.Socket(unix.AF_BLUETOOTH, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.BTPROTO_HCI)
	if err != nil {
		return nil, adapterError(n, err)
	}
	if err := unix.Bind(fd, &unix.SockaddrHCI{Dev: uint16(n), Channel: unix.HCI_CHANNEL_USER}); err != nil {
		_ = unix.Close(fd)
		return nil, adapterError(n, err)
	}
	return adapter{os.NewFile(uintptr(fd), fmt.Sprintf("hci%d", n))}, nil
}

// adapter is an open user channel.
type adapter struct{ *os.File }

// Read fails when the adapter is unplugged.
func (a adapter) Read(p []byte) (int, error) {
	n, err := a.File.Read(p)
	if errors.Is(err, unix.EPIPE) {
		err = fmt.Errorf("the adapter is gone: %w", err)
	}
	return n, err
}

// adapterError adds what to do about err.
func adapterError(n int, err error) error {
	var remedy string
	switch {
	case errors.Is(err, unix.ENODEV):
		remedy = "there is no such adapter; ls /sys/class/bluetooth shows those of this machine"
	case errors.Is(err, unix.EBUSY):
		remedy = fmt.Sprintf("the adapter is up, or another program has it; take it down (bluetoothctl power off, or btmgmt -i %d power off)", n)
	case errors.Is(err, unix.EPERM):
		remedy = "the program needs CAP_NET_ADMIN (sudo, or setcap cap_net_admin+ep PROGRAM)"
	case errors.Is(err, unix.ERFKILL):
		remedy = "a switch blocks the radio (rfkill unblock bluetooth)"
	case errors.Is(err, unix.EAFNOSUPPORT), errors.Is(err, unix.EPROTONOSUPPORT):
		remedy = "the kernel has no Bluetooth (modprobe bluetooth)"
	default:
		return err
	}
	return fmt.Errorf("%s: %w", remedy, err)
}
