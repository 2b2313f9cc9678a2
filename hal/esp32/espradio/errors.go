package espradio

import (
	"errors"

	"github.com/wifiprov/wifiprov/hal"
)

// Errors that callers branch on.
var (
	// ErrClosed: the Radio was closed.
	ErrClosed = errors.New("radio: closed")
	// ErrEnabled is what a Driver returns that was enabled before.
	ErrEnabled = errors.New("radio: already enabled")
	// ErrEnableFailed is what a Driver returns whose radio could not be enabled,
	// then and at each later try: only a reset of the chip helps.
	ErrEnableFailed = errors.New("radio: enabling the radio failed, reset the chip")
)

var (
	errDriver    = errors.New("radio: Config.Driver is nil")
	errStore     = errors.New("radio: Config.Store is nil; open an NVS partition on the flash")
	errTimes     = errors.New("radio: a time in Config is negative")
	errSSID      = errors.New("radio: SSID is longer than 32 bytes")
	errNoSSID    = errors.New("radio: SSID is empty")
	errKey       = errors.New("radio: key of an access point must have 8 to 63 bytes, or none")
	errChannel   = errors.New("radio: there is no channel of that number")
	errSoftChan  = errors.New("radio: channel of an access point is not 1 to 13")
	errStorage   = errors.New("radio: unknown storage")
	errMode      = errors.New("radio: unknown mode")
	errNoStation = errors.New("radio: the mode has no station; set ModeSTA or ModeAPSTA")
	errNoNetwork = errors.New("radio: no network configured; set a station configuration first")
)

// stateError adds what happened to one of hal's sentinels.
type stateError struct {
	err error
	why string
}

func (e *stateError) Error() string { return e.err.Error() + ": " + e.why }
func (e *stateError) Unwrap() error { return e.err }

// driverError is a call of the driver that failed.
type driverError struct {
	what string
	err  error
}

func (e *driverError) Error() string { return "radio: " + e.what + ": " + e.err.Error() }
func (e *driverError) Unwrap() error { return e.err }

// reasonOf is why an attempt to join ended with err. What says nothing about
// the network is hal.ReasonConnectionFail, after which others try again.
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

// final reports whether the radio says why there is no link: it does not try
// any more.
func final(err error) bool {
	var c Code
	return errors.As(err, &c) && c < 256
}
