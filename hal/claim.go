// SPDX-License-Identifier: Apache-2.0

package hal

// Claimer is an optional ability of a WiFi, found by type assertion: one provisioning
// service at a time can claim it. Two services would take the station and the access
// point away from each other. A wrapper of a driver without it returns ErrNotSupported.
type Claimer interface {
	// Claim gives the Wi-Fi to the caller until it calls release, which may be
	// called more than once and is never nil without an error; ErrInUse: somebody
	// has it. Nothing else is different: who does not claim can call everything.
	// After a reboot the Wi-Fi is free, and a release from before does nothing.
	Claim() (release func(), err error)
}
