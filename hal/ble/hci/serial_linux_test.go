// SPDX-License-Identifier: Apache-2.0

package hci_test

import (
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/wifiprov/wifiprov/hal/ble/hci"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/fakenetsim"
)

// pty returns a pseudo-terminal and the path of its other end.
func pty(t *testing.T) (*os.File, string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	raw, err := master.SyscallConn()
	require.NoError(t, err)
	var n int
	require.NoError(t, raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}))
	require.NoError(t, err)
	return master, fmt.Sprintf("/dev/pts/%d", n)
}

// A controller on a serial line answers, also after the line brought something else before
// it was opened.
func TestSerial(t *testing.T) {
	master, path := pty(t)
	write(t, master, []byte("booted\n"))
	require.Equal(t, "booted\r\n", string(read(t, master, 8))) // the terminal's echo
	transport, err := hci.Open(t.Context(), "serial:"+path+"?baud=1000000", hci.Config{})
	require.NoError(t, err)
	over := make(chan error, 1)
	go func() { over <- fakenetsim.H4(master, sim.NewAir(sim.AirConfig{})) }()
	answer := make(chan []byte, 1)
	transport.SetReceiver(func(packet []byte) { answer <- append([]byte(nil), packet...) })
	require.NoError(t, transport.Send(reset))
	require.Equal(t, resetDone, <-answer)
	require.NoError(t, transport.Close())
	<-transport.Done()
	require.NoError(t, transport.Err())
	require.NotErrorIs(t, <-over, io.ErrUnexpectedEOF)
}
