// SPDX-License-Identifier: Apache-2.0

// Package status has the enumerations that describe provisioning, one
// declaration for the device's side and the client's.
package status

import (
	"strconv"

	"github.com/wifiprov/wifiprov/internal/enum"
)

// FailReason is why credentials failed. Zero: no reason is known. The
// protocol's numbers are lower by one.
type FailReason uint8

// Fail reasons.
const (
	ReasonAuthError  FailReason = iota + 1 // the network refused the device, usually because of a wrong passphrase
	ReasonAPNotFound                       // no access point of that name is in reach
)

// String returns "authentication error" or "access point not found".
func (r FailReason) String() string {
	switch r {
	case ReasonAuthError:
		return "authentication error"
	case ReasonAPNotFound:
		return "access point not found"
	}
	return "unknown reason"
}

// MarshalText returns the words of String.
func (r FailReason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the words of String.
func (r *FailReason) UnmarshalText(text []byte) error { return enum.Parse(r, text) }

// StationState is what a device's station does (manager.md 2.2).
type StationState uint8

// Station states.
const (
	StationConnecting    StationState = iota // also before any credentials were applied
	StationConnected                         // the station has an address
	StationDisconnected                      // the credentials failed, until others are applied
	StationAttemptFailed                     // an attempt failed and another follows (v5.4.1)
)

// String returns "connecting", "connected", "disconnected" or "attempt failed".
func (s StationState) String() string {
	switch s {
	case StationConnecting:
		return "connecting"
	case StationConnected:
		return "connected"
	case StationDisconnected:
		return "disconnected"
	case StationAttemptFailed:
		return "attempt failed"
	}
	return "state " + strconv.Itoa(int(s))
}

// State is what clients are told of a device. The numbers are those of
// prov-status, but StateDisconnected is only known to the older endpoint.
type State uint8

// States. Zero: not known.
const (
	StateWaiting      State = iota + 1 // no credentials yet
	StateConnecting                    // the credentials are being tried; in prov-config also waiting for them
	StateFailed                        // the credentials failed
	StateConnected                     // the station has an address
	StateStopping                      // the service is ending
	StateDisconnected                  // not connected and not trying
)

// String returns lower-case words.
func (s State) String() string {
	switch s {
	case StateWaiting:
		return "waiting for credentials"
	case StateConnecting:
		return "connecting"
	case StateFailed:
		return "failed"
	case StateConnected:
		return "connected"
	case StateStopping:
		return "stopping"
	case StateDisconnected:
		return "disconnected"
	}
	return "state " + strconv.Itoa(int(s))
}

// MarshalText returns the words of String.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the words of String.
func (s *State) UnmarshalText(text []byte) error { return enum.Parse(s, text) }

// Problem is trouble of a device that no disconnect reason tells of, with the
// numbers of prov-status. Zero: none, or an unknown one.
type Problem uint8

// Problems.
const (
	ProblemRefused   Problem = iota + 1 // the Wi-Fi driver refused to begin connecting
	ProblemNotStored                    // the credentials are right, but could not be stored
)

// String returns the problem in words.
func (p Problem) String() string {
	switch p {
	case 0:
		return "no problem"
	case ProblemRefused:
		return "the driver refused to connect"
	case ProblemNotStored:
		return "the credentials are right, but could not be stored"
	}
	return "problem " + strconv.Itoa(int(p))
}

// MarshalText returns the words of String.
func (p Problem) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the words of String.
func (p *Problem) UnmarshalText(text []byte) error { return enum.Parse(p, text) }
