// SPDX-License-Identifier: Apache-2.0

package fsm

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/status"
)

// ReasonMap selects the release whose opinion counts on which disconnect
// reasons are final for the credentials: a column of manager.md 7.2.
type ReasonMap uint8

// Reason maps.
const (
	ReasonsNewest ReasonMap = iota // v5.2 and later, v5.0.5, v5.1.3, network_provisioning
	ReasonsV444                    // v4.4.4, v5.0.0 to v5.0.4, v5.1.0 to v5.1.2
	ReasonsV431                    // v4.3.1 and later, v4.4.0 to v4.4.3
	ReasonsV40                     // v4.0 to v4.3.0
)

// ReasonMaps is their number.
const ReasonMaps = 4

// Map tells whether a disconnect for r is final for the credentials, and what
// to tell the client then. The driver's finer codes for "no access point fits",
// 210 to 212, count as not found in every column; the C original retries them
// for ever.
func (m ReasonMap) Map(r hal.Reason) (reason status.FailReason, final bool) {
	switch r {
	case hal.Reason4WayHandshakeTimeout, hal.ReasonAuthFail, hal.ReasonHandshakeTimeout:
		return status.ReasonAuthError, true
	case hal.ReasonNoAPFound, hal.ReasonNoAPCompatibleSec, hal.ReasonNoAPAuthModeThreshold, hal.ReasonNoAPRSSIThreshold:
		return status.ReasonAPNotFound, true
	case hal.ReasonMICFailure:
		return status.ReasonAuthError, m != ReasonsV40
	case hal.ReasonAuthExpire:
		return status.ReasonAuthError, m != ReasonsNewest
	case hal.ReasonAssocExpire:
		return status.ReasonAuthError, m >= ReasonsV431
	}
	return status.ReasonAuthError, false
}
