// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package hci

import (
	"errors"
	"fmt"
	"io"
)

// openAdapter fails: only Linux has a user channel.
func openAdapter(int) (io.ReadWriteCloser, error) {
	return nil, fmt.Errorf("only Linux hands its adapters to programs: %w", errors.ErrUnsupported)
}
