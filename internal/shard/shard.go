// SPDX-License-Identifier: Apache-2.0

// Package shard divides devices among processes. Which part a device is in depends on its
// name alone, so that every program divides the same devices in the same way.
package shard

import (
	"fmt"
	"hash/fnv"
)

// Shard is part Index, from 0, of Count parts. The zero value is everything.
type Shard struct {
	Index, Count int
}

// Parse reads I/N. The empty text is everything.
func Parse(text string) (s Shard, err error) {
	if text == "" {
		return s, nil
	}
	var rest string
	n, _ := fmt.Sscanf(text+" ", "%d/%d%s", &s.Index, &s.Count, &rest)
	if n != 2 || s.Count < 1 || s.Index < 0 || s.Index >= s.Count {
		return Shard{}, fmt.Errorf("%q: give part and number of parts, counted from 0: 0/4, 1/4, 2/4, 3/4", text)
	}
	return s, nil
}

// String returns I/N, or nothing for everything.
func (s Shard) String() string {
	if s.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// Has reports whether a device is in the part.
func (s Shard) Has(name string) bool {
	if s.Count == 0 {
		return true
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	return int(h.Sum32()%uint32(s.Count)) == s.Index
}
