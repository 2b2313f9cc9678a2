package hal

import "errors"

// Errors that callers branch on. A HAL returns them wrapped or as they are.
var (
	// ErrNotConnected: the station has no link.
	ErrNotConnected = errors.New("hal: station is not connected")
	// ErrBusy: a scan or an attempt to join is under way.
	ErrBusy = errors.New("hal: Wi-Fi is busy")
	// ErrNotStarted: the radio was not started.
	ErrNotStarted = errors.New("hal: Wi-Fi is not started")
	// ErrInUse: somebody else has claimed the Wi-Fi.
	ErrInUse = errors.New("hal: Wi-Fi is in use")
	// ErrNotSupported: an optional ability that this HAL does not have.
	ErrNotSupported = errors.New("hal: not supported")
)
