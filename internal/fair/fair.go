// SPDX-License-Identifier: Apache-2.0

// Package fair decides which source has to give up a place when places are short: the
// source that holds most of them. So a source that takes place after place loses its own,
// and other sources keep theirs.
package fair

// Weight rates a place that could be given up for a newcomer; the place with the highest
// weight goes. The newcomer's source has own places so far. The place's source holds held
// places; same says that it is the newcomer's. The caller chooses among places of equal
// weight. A place with a weight below 0 stays, since its source has no more places than
// the newcomer's would have.
func Weight(held, own int, same bool) int {
	switch {
	case same:
		return 2*(own+1) + 1 // before another source with as many
	case held > own:
		return 2 * held
	}
	return -1
}
