// SPDX-License-Identifier: Apache-2.0

package smp

// Codes of PDUs (Bluetooth Core, Vol 3 Part H 3.3).
const (
	pduRequest         = 0x01
	pduResponse        = 0x02
	pduConfirm         = 0x03
	pduRandom          = 0x04
	pduFailed          = 0x05
	pduKey             = 0x06 // Encryption Information
	pduKeyName         = 0x07 // Central Identification
	pduIRK             = 0x08 // Identity Information
	pduIdentity        = 0x09 // Identity Address Information
	pduSigning         = 0x0A
	pduSecurityRequest = 0x0B
	pduPublicKey       = 0x0C
	pduCheck           = 0x0D // Pairing DHKey Check
	pduKeypress        = 0x0E
)

// Reasons of Pairing Failed (3.5.5).
const (
	reasonOOB          = 0x02
	reasonConfirm      = 0x04
	reasonKeySize      = 0x06
	reasonNotSupported = 0x07
	reasonUnspecified  = 0x08
	reasonRepeated     = 0x09
	reasonInvalid      = 0x0A
	reasonCheck        = 0x0B
)

// Fields of Pairing Request and Response (3.5.1).
const (
	noInputNoOutput = 0x03
	lastCapability  = 0x04
	keySize         = 16
	minKeySize      = 7

	authBonding     = 0x01
	authBondingMask = 0x03
	authMITM        = 0x04
	authSC          = 0x08

	distKey = 0x01
	distID  = 0x02
)

// length returns how long a client's PDU is; 0: a client never sends one.
func length(code byte) int {
	switch code {
	case pduRequest:
		return 7
	case pduConfirm, pduRandom, pduKey, pduIRK, pduSigning, pduCheck:
		return 17
	case pduFailed:
		return 2
	case pduKeyName:
		return 11
	case pduIdentity:
		return 8
	case pduPublicKey:
		return 65
	}
	return 0
}
