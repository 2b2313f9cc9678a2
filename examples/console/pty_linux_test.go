// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/examples/internal/demo"
	"github.com/wifiprov/wifiprov/internal/test/output"
)

// openPTY returns the master of a new pseudo-terminal and the name of its
// other end. The terminal is as the system makes it: it echoes, works line by
// line and changes line ends.
func openPTY(t *testing.T) (*os.File, string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there are no pseudo-terminals here: ", err)
	}
	raw, err := master.SyscallConn()
	require.NoError(t, err)
	var number uint32
	ioctl := func(request uintptr, argument *uint32) {
		require.NoError(t, raw.Control(func(fd uintptr) {
			_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(argument)))
			require.Zero(t, errno)
		}))
	}
	var unlock uint32
	ioctl(syscall.TIOCSPTLCK, &unlock)
	ioctl(syscall.TIOCGPTN, &number)
	return master, fmt.Sprint("/dev/pts/", number)
}

// A client provisions the device over a pseudo-terminal that echoes and changes
// line ends, again with the device's echo beside that of the terminal, and with
// the terminal set up as a serial port. The service ends and leaves the device
// file.
func TestConsoleExampleOverPTY(t *testing.T) {
	for _, o := range []options{{}, {echo: true}, {baud: 115200}, {baud: 115200, echo: true}} {
		master, name := openPTY(t)
		var said output.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			o.dev, o.security, o.speed = name, demo.Security{Mode: 1, PoP: "abcd1234"}, 20
			done <- run(ctx, o, nil, nil, &said)
		}()
		transport, err := client.NewConsole(master, client.ConsoleConfig{})
		require.NoError(t, err)
		provision(t, transport, client.SecurityAuto)
		cancel()
		require.NoError(t, <-done)
		require.Contains(t, said.String(), "device: provisioned for HomeNet")
		require.NoError(t, transport.Close())
	}
}

// A device file that is no serial port is named in the error.
func TestConsoleExampleNoSerialPort(t *testing.T) {
	o := options{dev: t.TempDir(), baud: 115200, speed: 1}
	err := run(t.Context(), o, nil, nil, new(output.Buffer))
	require.ErrorContains(t, err, "opening "+o.dev+" at 115200 baud: ")
}
