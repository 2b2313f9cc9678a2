// SPDX-License-Identifier: Apache-2.0

//go:build unix

package simcmd

import (
	"io"
	"os"
	"syscall"

	"github.com/creack/pty"
	"go.bug.st/serial"
)

// terminal is the pseudo-terminal of a console device. It stays while the device has
// no power, as a USB adapter does.
type terminal struct {
	path   string // of the clients' end
	ours   *os.File
	theirs *os.File // so that the terminal stays while no client has it open
}

// openTerminal makes a pseudo-terminal that hands on all bytes as they are.
func openTerminal() (*terminal, error) {
	ours, theirs, err := pty.Open()
	if err != nil {
		return nil, err
	}
	t := &terminal{path: theirs.Name(), ours: ours, theirs: theirs}
	port, err := serial.Open(t.path, &serial.Mode{BaudRate: 115200})
	if err != nil {
		t.close()
		return nil, err
	}
	if err := port.Close(); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// open returns our end for one boot of the device.
func (t *terminal) open() (io.ReadWriteCloser, error) {
	fd, err := syscall.Dup(int(t.ours.Fd()))
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	if err := syscall.SetNonblock(fd, true); err != nil { // so that Close ends a Read
		_ = syscall.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "console"), nil
}

func (t *terminal) close() {
	_ = t.ours.Close()
	_ = t.theirs.Close()
}
