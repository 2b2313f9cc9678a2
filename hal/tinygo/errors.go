// SPDX-License-Identifier: Apache-2.0

package tinygo

import (
	"errors"

	"github.com/wifiprov/wifiprov/hal"
)

// Errors that callers branch on.
var (
	// ErrClosed is returned by methods of a closed Radio.
	ErrClosed = errors.New("tinygo: closed")
	// ErrEnabled is returned by a Driver that was enabled before.
	ErrEnabled = errors.New("tinygo: already enabled")
	// ErrEnableFailed is returned by a Driver whose radio could not be enabled,
	// also at each later try. Only a reset of the chip helps.
	ErrEnableFailed = errors.New("tinygo: enabling the radio failed, reset the chip")
)

var (
	errDriver    = errors.New("tinygo: Config.Driver is nil")
	errStore     = errors.New("tinygo: Config.Store is nil; open an NVS partition on the flash")
	errTimes     = errors.New("tinygo: a time in Config is negative")
	errChannel   = errors.New("tinygo: there is no channel of that number")
	errStorage   = errors.New("tinygo: unknown storage")
	errMode      = errors.New("tinygo: unknown mode")
	errNoStation = errors.New("tinygo: the mode has no station; set ModeSTA or ModeAPSTA")
	errNoNetwork = errors.New("tinygo: no network configured; set a station configuration first")
)

// driverError tells that a call of the driver failed.
type driverError struct {
	what string
	err  error
}

func (e *driverError) Error() string { return "tinygo: " + e.what + ": " + e.err.Error() }
func (e *driverError) Unwrap() error { return e.err }

// reasonOf returns the reason why an attempt to join ended with err, and whether the
// radio has given up. It is hal.ReasonConnectionFail if the error says nothing about the
// network; then the manager tries again.
func reasonOf(err error) (reason hal.Reason, final bool) {
	var ended JoinError
	if errors.As(err, &ended) {
		return hal.Reason(ended), true
	}
	return hal.ReasonConnectionFail, false
}
