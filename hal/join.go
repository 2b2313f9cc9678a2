// SPDX-License-Identifier: Apache-2.0

package hal

import "strconv"

// JoinStep is the step that an attempt to join a network has reached.
type JoinStep uint8

// Steps of joining, in their order.
const (
	JoinUnknown   JoinStep = iota // unknown, or there was no attempt
	JoinScan                      // looking for the network
	JoinAuth                      // authenticating
	JoinAssoc                     // associating
	JoinHandshake                 // 4-way handshake, which proves the passphrase
	JoinDHCP                      // waiting for an address
	JoinDone                      // the station has an address
)

// String returns the step's usual name.
func (s JoinStep) String() string {
	switch s {
	case JoinUnknown:
		return "unknown step"
	case JoinScan:
		return "scan"
	case JoinAuth:
		return "authentication"
	case JoinAssoc:
		return "association"
	case JoinHandshake:
		return "4-way handshake"
	case JoinDHCP:
		return "DHCP"
	case JoinDone:
		return "done"
	}
	return "step " + strconv.Itoa(int(s))
}

// Step returns the step at which an attempt that ended with r was. It is JoinUnknown for
// reasons that occur at several steps, or after joining.
func (r Reason) Step() JoinStep {
	switch r {
	case ReasonNoAPFound, ReasonNoAPCompatibleSec, ReasonNoAPAuthModeThreshold, ReasonNoAPRSSIThreshold:
		return JoinScan
	case ReasonAuthExpire, ReasonAuthFail:
		return JoinAuth
	case ReasonAssocExpire, ReasonAssocTooMany, ReasonAssocFail:
		return JoinAssoc
	case ReasonMICFailure, Reason4WayHandshakeTimeout, Reason8021XAuthFailed, ReasonHandshakeTimeout:
		return JoinHandshake
	}
	return JoinUnknown
}

// JoinInfo describes an attempt to join.
type JoinInfo struct {
	// Step is the step that the attempt has reached.
	Step JoinStep
	// AP is the access point chosen, with its signal; its Channel is 0 when
	// none was.
	AP AccessPoint
}

// IPConfig is a station's IPv4 configuration. Unknown fields are zero.
type IPConfig struct {
	Address, Netmask, Gateway, DNS IPv4
}

// JoinReporter is an optional ability of a WiFi, found by type assertion: it
// knows details of joining. A wrapper of a driver without it returns
// ErrNotSupported.
type JoinReporter interface {
	// JoinInfo describes the attempt under way or, without one, the last:
	// with a link that is the attempt that led to it. Before the first
	// attempt it is zero.
	JoinInfo() (JoinInfo, error)

	// IPConfig returns the configuration of the present link; ErrNotConnected
	// without an address.
	IPConfig() (IPConfig, error)
}
