// SPDX-License-Identifier: Apache-2.0

package keeper

import "time"

// Trigger is why a window is open.
type Trigger uint8

// Triggers.
const (
	NoNetwork  Trigger = iota + 1 // there was no network for some time
	Button                        // somebody pressed the button
	Signal                        // somebody sent a signal
	Command                       // somebody asked with wifiprovd start
	AfterReset                    // the box was reset
)

// String says why, in the words of a log.
func (t Trigger) String() string {
	switch t {
	case NoNetwork:
		return "there is no network"
	case Button:
		return "the button was pressed"
	case Signal:
		return "a signal asked for it"
	case Command:
		return "wifiprovd start asked for it"
	case AfterReset:
		return "the box was reset"
	}
	return "unknown trigger"
}

// Word is the trigger in one word, for programs.
func (t Trigger) Word() string {
	switch t {
	case NoNetwork:
		return "no-network"
	case Button:
		return "button"
	case Signal:
		return "signal"
	case Command:
		return "command"
	case AfterReset:
		return "reset"
	}
	return ""
}

// EventKind says what happened.
type EventKind uint8

// Events of a Keeper.
const (
	Online     EventKind = iota + 1 // the network is there
	Offline                         // the network is not there any more
	Opened                          // a window is open
	OpenFailed                      // no window could be opened
	Closed                          // the window has ended
	WasReset                        // the stored credentials were erased, or could not be
)

// Event is one report of a Keeper.
type Event struct {
	Kind    EventKind
	Trigger Trigger       // Opened, OpenFailed
	For     time.Duration // Opened: the window's time; 0: no end
	Joined  bool          // Closed: the box has new credentials
	Err     error         // OpenFailed; WasReset, or nil
}

// Status is what a Keeper does.
type Status struct {
	Online  bool
	Open    bool    // there is a window
	Trigger Trigger // of the window
	// Until is when the window ends, or without one when it opens for the lack of a
	// network; zero: it does not.
	Until time.Time
}
