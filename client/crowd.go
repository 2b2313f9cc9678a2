// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
)

// crowd is how many operations at once, for each processor that Go uses, are so many
// that an error at a time limit says so.
const crowd = 100

// underWay counts the operations of all clients of this program.
var underWay atomic.Int64

// crowded adds to an error at a time limit that n operations were under way, if those
// are very many.
func crowded(err error, n int64) error {
	var e *Error
	if n < int64(crowd*runtime.GOMAXPROCS(0)) || !errors.As(err, &e) ||
		!errors.Is(err, ErrTimeout) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if e.Hint != "" {
		e.Hint += "; "
	}
	e.Hint += fmt.Sprintf("%d operations of this program's clients were under way at once, "+
		"which may be too many for this machine or for the device: let fewer clients work at a time", n)
	return err
}
