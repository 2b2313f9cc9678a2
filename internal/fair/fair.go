// Package fair says who makes room when places are short: whoever has most of
// them. So one who asks for place after place takes them from himself, and
// others keep theirs.
package fair

// Weight is how much a place has to be given up for a newcomer, whose source
// has own places so far. The place belongs to a source that holds held of them;
// same: it is the newcomer's. The place with the highest weight goes; places of
// equal weight are the caller's to choose from. One with a weight below 0 stays:
// its source has no more than the newcomer's would have.
func Weight(held, own int, same bool) int {
	switch {
	case same:
		return 2*(own+1) + 1 // before another source with as many
	case held > own:
		return 2 * held
	}
	return -1
}
