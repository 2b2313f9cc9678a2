// SPDX-License-Identifier: Apache-2.0

// Package scanlist keeps the results of scans by the rules of hal.Scanner: the strongest
// access point first, each once, and none that hides its name.
package scanlist

import (
	"slices"

	"github.com/wifiprov/wifiprov/hal"
)

// Merge returns a new list of the strongest limit entries of list and batch.
// Hidden networks of batch are left out. If an access point comes more than once, the
// strongest entry stays; entries without a BSSID count as different access points. Among
// equally strong ones those of batch come first, in their order. list must be a result of
// Merge; batch may be in any order.
func Merge(list, batch []hal.AccessPoint, limit int) []hal.AccessPoint {
	merged := make([]hal.AccessPoint, 0, min(len(list)+len(batch), limit))
	merged = append(merged, list...)
	for i := len(batch) - 1; i >= 0; i-- {
		merged = add(merged, &batch[i], limit)
	}
	return merged
}

// add puts ap before those that are not stronger than it.
func add(list []hal.AccessPoint, ap *hal.AccessPoint, limit int) []hal.AccessPoint {
	if ap.SSID.Hidden() {
		return list
	}
	if i := find(list, ap.BSSID); i >= 0 {
		if list[i].RSSI >= ap.RSSI {
			return list
		}
		list = slices.Delete(list, i, i+1)
	}
	place := len(list)
	for place > 0 && list[place-1].RSSI <= ap.RSSI {
		place--
	}
	if len(list) == limit {
		if place == limit {
			return list
		}
		list = list[:limit-1]
	}
	return slices.Insert(list, place, *ap)
}

// find returns the place of an access point; -1 if it is not in the list, or if its
// BSSID is unknown.
func find(list []hal.AccessPoint, bssid hal.BSSID) int {
	if bssid == (hal.BSSID{}) {
		return -1
	}
	return slices.IndexFunc(list, func(ap hal.AccessPoint) bool { return ap.BSSID == bssid })
}
