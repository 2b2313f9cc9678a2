// SPDX-License-Identifier: Apache-2.0

package hal

// Limits are settings that a radio's driver accepts but cannot carry out.
type Limits uint8

// Limits, to be combined.
const (
	// LimitBSSID means that the driver keeps StationConfig.BSSID, but chooses the
	// network's access point itself.
	LimitBSSID Limits = 1 << iota
	// LimitMinAuth means that the driver keeps StationConfig.MinAuth, but joins
	// weaker networks too.
	LimitMinAuth
	// LimitPassive means that scans always send probe requests, also with
	// ScanConfig.Passive.
	LimitPassive
)

// Limited is an optional ability of a WiFi, found by type assertion: it tells its
// limits. A driver without it has none.
type Limited interface {
	// Limits returns the driver's limits. They do not change.
	Limits() Limits
}
