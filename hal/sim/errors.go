// SPDX-License-Identifier: Apache-2.0

package sim

import "errors"

// ErrClosed is returned by methods of a closed board.
var ErrClosed = errors.New("sim: board is closed")

var (
	errTooManyAPs    = errors.New("sim: air is full: 1024 access points")
	errTooManyBoards = errors.New("sim: air is full: 65536 boards")
	errSSID          = errors.New("sim: SSID is longer than 32 bytes")
	errChannel       = errors.New("sim: channel is not 1 to 14, nor one of 5 GHz: 36, 40 … 64, 100 … 144, 149 … 177")
	errNoFiveGHz     = errors.New("sim: the board has no 5 GHz channels; set BoardConfig.FiveGHz")
	errStorage       = errors.New("sim: unknown storage")
	errMode          = errors.New("sim: unknown mode")
	errNoStation     = errors.New("sim: the mode has no station; set ModeSTA or ModeAPSTA")
	errNoNetwork     = errors.New("sim: no network configured; set a station configuration first")
	errBooting       = errors.New("sim: board is booting")
	errNoSoftAP      = errors.New("sim: the wrapped HAL has no SoftAP")
	errNoReboot      = errors.New("sim: the wrapped HAL cannot reboot")
)
