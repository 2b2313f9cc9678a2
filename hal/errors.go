// SPDX-License-Identifier: Apache-2.0

package hal

import "errors"

// Errors that callers branch on. A HAL returns them wrapped or as they are.
var (
	// ErrNotConnected means that the station has no link.
	ErrNotConnected = errors.New("hal: station is not connected")
	// ErrBusy means that a scan or an attempt to join is under way.
	ErrBusy = errors.New("hal: Wi-Fi is busy")
	// ErrNotStarted means that the radio was not started.
	ErrNotStarted = errors.New("hal: Wi-Fi is not started")
	// ErrInUse means that another service has claimed the Wi-Fi.
	ErrInUse = errors.New("hal: Wi-Fi is in use")
	// ErrNotSupported means that this HAL does not have an optional ability.
	ErrNotSupported = errors.New("hal: not supported")
)
