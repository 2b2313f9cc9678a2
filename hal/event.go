// SPDX-License-Identifier: Apache-2.0

package hal

import "strconv"

// EventKind says what happened.
type EventKind uint8

// Events of the Wi-Fi driver.
const (
	// EventStationStart tells that the station interface is up.
	EventStationStart EventKind = iota + 1
	// EventConnected tells that the station is associated and authenticated, but
	// has no address yet.
	EventConnected
	// EventDisconnected tells that the link was lost, or that an attempt to join
	// failed, for Event.Reason.
	EventDisconnected
	// EventScanDone tells that the scan is over and its results can be fetched.
	EventScanDone
	// EventGotIP tells that the station has the address Event.IP.
	EventGotIP
)

// String returns the event's name.
func (k EventKind) String() string {
	switch k {
	case EventStationStart:
		return "StationStart"
	case EventConnected:
		return "Connected"
	case EventDisconnected:
		return "Disconnected"
	case EventScanDone:
		return "ScanDone"
	case EventGotIP:
		return "GotIP"
	}
	return "event " + strconv.Itoa(int(k))
}

// Event is one report of the Wi-Fi driver. Fields that do not belong to Kind
// are zero.
type Event struct {
	Kind   EventKind
	Reason Reason // EventDisconnected
	IP     IPv4   // EventGotIP
	// ScanFailed says, with EventScanDone, that the scan ended without results.
	ScanFailed bool
}

// Reason says why a link was lost or an attempt to join failed, with the driver's
// numbers: IEEE 802.11 reason codes below 200, the driver's own from 200 on.
type Reason uint8

// Reasons that the library knows by name. Every other number is allowed.
const (
	ReasonUnspecified           Reason = 1
	ReasonAuthExpire            Reason = 2
	ReasonAuthLeave             Reason = 3
	ReasonAssocExpire           Reason = 4
	ReasonAssocTooMany          Reason = 5
	ReasonAssocLeave            Reason = 8
	ReasonMICFailure            Reason = 14
	Reason4WayHandshakeTimeout  Reason = 15
	Reason8021XAuthFailed       Reason = 23
	ReasonBeaconTimeout         Reason = 200
	ReasonNoAPFound             Reason = 201
	ReasonAuthFail              Reason = 202
	ReasonAssocFail             Reason = 203
	ReasonHandshakeTimeout      Reason = 204
	ReasonConnectionFail        Reason = 205
	ReasonNoAPCompatibleSec     Reason = 210
	ReasonNoAPAuthModeThreshold Reason = 211
	ReasonNoAPRSSIThreshold     Reason = 212
)

// String returns the reason's name and number.
func (r Reason) String() string {
	name := ""
	switch r {
	case ReasonUnspecified:
		name = "unspecified"
	case ReasonAuthExpire:
		name = "authentication expired"
	case ReasonAuthLeave:
		name = "access point left"
	case ReasonAssocExpire:
		name = "association expired"
	case ReasonAssocTooMany:
		name = "access point full"
	case ReasonAssocLeave:
		name = "station left"
	case ReasonMICFailure:
		name = "MIC failure"
	case Reason4WayHandshakeTimeout:
		name = "4-way handshake timeout"
	case Reason8021XAuthFailed:
		name = "802.1X authentication failed"
	case ReasonBeaconTimeout:
		name = "beacon lost"
	case ReasonNoAPFound:
		name = "no access point found"
	case ReasonAuthFail:
		name = "authentication failed"
	case ReasonAssocFail:
		name = "association failed"
	case ReasonHandshakeTimeout:
		name = "handshake timeout"
	case ReasonConnectionFail:
		name = "connection failed"
	case ReasonNoAPCompatibleSec:
		name = "no access point with compatible security"
	case ReasonNoAPAuthModeThreshold:
		name = "no access point above the authentication threshold"
	case ReasonNoAPRSSIThreshold:
		name = "no access point above the RSSI threshold"
	default:
		return "reason " + strconv.Itoa(int(r))
	}
	return name + " (" + strconv.Itoa(int(r)) + ")"
}
