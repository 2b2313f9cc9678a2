// SPDX-License-Identifier: Apache-2.0

package ble

import "strconv"

// ATTError is the outcome of an access, with the numbers of the attribute
// protocol (Bluetooth Core, Vol 3 Part F 3.4.1.1).
type ATTError uint8

// Outcomes of accesses.
const (
	ATTSuccess                    ATTError = 0x00
	ATTInvalidHandle              ATTError = 0x01
	ATTReadNotPermitted           ATTError = 0x02
	ATTWriteNotPermitted          ATTError = 0x03
	ATTInvalidPDU                 ATTError = 0x04
	ATTInsufficientAuthentication ATTError = 0x05 // the client has to pair
	ATTRequestNotSupported        ATTError = 0x06
	ATTInvalidOffset              ATTError = 0x07
	ATTPrepareQueueFull           ATTError = 0x09
	ATTAttributeNotFound          ATTError = 0x0A
	ATTInvalidLength              ATTError = 0x0D // of the attribute's value
	ATTUnlikely                   ATTError = 0x0E
	ATTInsufficientEncryption     ATTError = 0x0F // the client has keys and has to use them
	ATTUnsupportedGroupType       ATTError = 0x10
	ATTInsufficientResources      ATTError = 0x11
)

// String returns the specification's name, or the number.
func (e ATTError) String() string {
	switch e {
	case ATTSuccess:
		return "success"
	case ATTInvalidHandle:
		return "invalid handle"
	case ATTReadNotPermitted:
		return "read not permitted"
	case ATTWriteNotPermitted:
		return "write not permitted"
	case ATTInvalidPDU:
		return "invalid PDU"
	case ATTInsufficientAuthentication:
		return "insufficient authentication"
	case ATTRequestNotSupported:
		return "request not supported"
	case ATTInvalidOffset:
		return "invalid offset"
	case ATTPrepareQueueFull:
		return "prepare queue full"
	case ATTAttributeNotFound:
		return "attribute not found"
	case ATTInvalidLength:
		return "invalid attribute value length"
	case ATTUnlikely:
		return "unlikely error"
	case ATTInsufficientEncryption:
		return "insufficient encryption"
	case ATTUnsupportedGroupType:
		return "unsupported group type"
	case ATTInsufficientResources:
		return "insufficient resources"
	}
	return "ATT error " + strconv.Itoa(int(e))
}

// Error makes every code but ATTSuccess usable as an error.
func (e ATTError) Error() string { return "ATT: " + e.String() }

// HCIReason says why a connection ended, with the numbers of HCI (Bluetooth
// Core, Vol 1 Part F).
type HCIReason uint8

// Reasons that the library knows by name. Every other number is allowed.
const (
	ReasonHardwareFailure    HCIReason = 0x03 // this side's controller failed
	ReasonPairingFailed      HCIReason = 0x05 // pairing did not succeed in time
	ReasonKeyMissing         HCIReason = 0x06 // the peer has no keys of an earlier pairing
	ReasonSupervisionTimeout HCIReason = 0x08 // the peer is out of range
	ReasonRemoteUser         HCIReason = 0x13 // the peer ended it
	ReasonLocalHost          HCIReason = 0x16 // this side ended it
	ReasonKeyMismatch        HCIReason = 0x3D // the sides have different keys
)

// String returns the reason's name and number.
func (r HCIReason) String() string {
	switch r {
	case ReasonHardwareFailure:
		return "hardware failure (3)"
	case ReasonPairingFailed:
		return "authentication failure (5)"
	case ReasonKeyMissing:
		return "PIN or key missing (6)"
	case ReasonSupervisionTimeout:
		return "supervision timeout (8)"
	case ReasonRemoteUser:
		return "remote user terminated (19)"
	case ReasonLocalHost:
		return "terminated by local host (22)"
	case ReasonKeyMismatch:
		return "MIC failure (61)"
	}
	return "reason " + strconv.Itoa(int(r))
}
