// SPDX-License-Identifier: Apache-2.0

package espradio

import (
	"errors"

	"github.com/wifiprov/wifiprov/hal"
)

// Errors that callers branch on.
var (
	// ErrClosed is returned by methods of a closed Radio.
	ErrClosed = errors.New("espradio: closed")
	// ErrEnabled is returned by a Driver that was enabled before.
	ErrEnabled = errors.New("espradio: already enabled")
	// ErrEnableFailed is returned by a Driver whose radio could not be enabled,
	// also at each later try. Only a reset of the chip helps.
	ErrEnableFailed = errors.New("espradio: enabling the radio failed, reset the chip")
)

var (
	errDriver    = errors.New("espradio: Config.Driver is nil")
	errStore     = errors.New("espradio: Config.Store is nil; open an NVS partition on the flash")
	errTimes     = errors.New("espradio: a time in Config is negative")
	errSSID      = errors.New("espradio: SSID is longer than 32 bytes")
	errNoSSID    = errors.New("espradio: SSID is empty")
	errKey       = errors.New("espradio: key of an access point must have 8 to 63 bytes, or none")
	errChannel   = errors.New("espradio: there is no channel of that number")
	errSoftChan  = errors.New("espradio: channel of an access point is not 1 to 13")
	errStorage   = errors.New("espradio: unknown storage")
	errMode      = errors.New("espradio: unknown mode")
	errNoStation = errors.New("espradio: the mode has no station; set ModeSTA or ModeAPSTA")
	errNoNetwork = errors.New("espradio: no network configured; set a station configuration first")
)

// driverError tells that a call of the driver failed.
type driverError struct {
	what string
	err  error
}

func (e *driverError) Error() string { return "espradio: " + e.what + ": " + e.err.Error() }
func (e *driverError) Unwrap() error { return e.err }

// reasonOf returns the reason why an attempt to join ended with err. It is
// hal.ReasonConnectionFail if the error says nothing about the network; then the manager
// tries again.
func reasonOf(err error) hal.Reason {
	var c Code
	if !errors.As(err, &c) {
		return hal.ReasonConnectionFail
	}
	switch {
	case c > 0 && c < 256:
		return hal.Reason(c)
	case c == CodeSSID:
		return hal.ReasonNoAPFound
	case c == CodePassphrase:
		return hal.ReasonAuthFail
	}
	return hal.ReasonConnectionFail
}

// final reports whether the radio has given up, and says why there is no link.
func final(err error) bool {
	var c Code
	return errors.As(err, &c) && c < 256
}
