// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package simcmd

import (
	"errors"
	"io"
)

// terminal is a pseudo-terminal, which there is on Unix only.
type terminal struct{ path string }

func openTerminal() (*terminal, error) {
	return nil, errors.New("this system has none; leave console devices out")
}

func (*terminal) open() (io.ReadWriteCloser, error) { return nil, errors.ErrUnsupported }
func (*terminal) close()                            {}
