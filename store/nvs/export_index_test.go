// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package nvs

// SetIndexFrom sets from how many sectors on a partition gets an index, until
// the returned function is called.
func SetIndexFrom(sectors int) (restore func()) {
	before := indexFrom
	indexFrom = sectors
	return func() { indexFrom = before }
}

// IndexLoad returns how many places an index lists, and has room for.
func (p *Partition) IndexLoad() (listed, full int) { return p.index.used, len(p.index.slots) }
