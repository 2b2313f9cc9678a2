// SPDX-License-Identifier: Apache-2.0

package nvscheck

import (
	"fmt"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
)

// onPage finds an item of one page.
type onPage struct {
	pg *page
	id id
}

// values decides which items are valid: the newest of several with one name, an index if
// its chunks are complete, a chunk if an index names it (nvs.md 5.3, 5.6, 5.10, with
// 10.1, 10.2 and 10.5).
func (c *checker) values() {
	near, far := map[onPage]*item{}, map[id]*item{}
	for _, pg := range c.pages {
		for _, it := range pg.items {
			near[onPage{pg, it.id()}], far[it.id()] = it, it
		}
	}
	chunk := func(pg *page, id id) *item {
		if it := near[onPage{pg, id}]; it != nil {
			return it
		}
		return far[id]
	}
	counts := map[id]*item{}
	broken := map[id]bool{} // blobs whose index does not match their chunks
	for i := len(c.pages) - 1; i >= 0; i-- {
		items := c.pages[i].items
		for j := len(items) - 1; j >= 0; j-- {
			it := items[j]
			if it.e.Type() == nvsfmt.TypeChunk || it.names() {
				continue
			}
			if newer := counts[it.id()]; newer != nil {
				c.replaced(it, newer)
				continue
			}
			if it.e.Type() == nvsfmt.TypeIndex {
				if why := c.incomplete(it, chunk); why != "" {
					broken[it.id()] = true
					c.brokenIndex(it, why)
					continue
				}
			}
			counts[it.id()] = it
		}
	}
	for _, pg := range c.pages {
		for _, it := range pg.items {
			if it.e.Type() == nvsfmt.TypeChunk && !it.kept {
				c.orphan(it, counts, broken)
			}
		}
	}
}

// drop notes that opening marks an item erased, and why.
func (c *checker) drop(it *item, s Severity, text func() string) {
	it.gone = true
	it.pg.repairs = true
	c.note(it.pg, it.at, s, text)
}

// brokenIndex drops an index that does not match its chunks. If everything else is
// readable, the chunks were erased, not damaged.
func (c *checker) brokenIndex(it *item, why string) {
	severity, cause := Error, "The flash is damaged"
	if c.bad == 0 {
		severity, cause = Warning, "Power was cut while the namespace was being erased, or a release before 4.3 left it"
	}
	c.drop(it, severity, func() string {
		return c.describe(&it.e) + " does not add up: " + why + ". " + cause + ". Opening marks the index and its chunks " +
			"erased; the blob is gone"
	})
}

func (c *checker) replaced(it, newer *item) {
	c.drop(it, Warning, func() string {
		s := fmt.Sprintf("%s is the older of two values; the newer one is at sector %d, entry %d. ",
			c.describe(&it.e), newer.pg.sector, newer.at)
		a, b := valueType(it.e.Type()), valueType(newer.e.Type())
		if a != b {
			s += fmt.Sprintf("The key changed its type from %s to %s: releases up to 5.0 leave the old value, and so does a "+
				"power cut in later ones. ", a, b)
		} else {
			s += "Power was cut after the newer one was written and before this one was marked erased. "
		}
		return s + "Opening marks this one erased"
	})
}

// incomplete says what is wrong with an index, or marks its chunks as kept.
func (c *checker) incomplete(index *item, chunk func(*page, id) *item) string {
	size, count, base := index.e.Index()
	chunks := make([]*item, 0, count)
	sum := 0
	for i := range count {
		it := chunk(index.pg, id{index.e.Namespace(), base + byte(i), index.e.Name()})
		if it == nil || it.e.Type() != nvsfmt.TypeChunk {
			return fmt.Sprintf("it names %d chunks, and chunk %d (number %d) is missing", count, i, base+byte(i))
		}
		chunks = append(chunks, it)
		sum += it.e.DataSize()
	}
	if sum != size {
		return fmt.Sprintf("it says %d bytes, and its %d chunks have %d", size, count, sum)
	}
	for _, it := range chunks {
		it.kept = true
	}
	return ""
}

// orphan explains a chunk that no index names.
func (c *checker) orphan(it *item, counts map[id]*item, broken map[id]bool) {
	name := id{it.e.Namespace(), nvsfmt.NoChunk, it.e.Name()}
	now := counts[name]
	c.drop(it, Warning, func() string {
		s := c.describe(&it.e) + " is named by no index"
		switch {
		case broken[name]:
			s += ", because the blob's index does not add up"
		case now == nil:
			s += ": power was cut while the blob was being written for the first time, before its index, or while it was being " +
				"erased, after its index"
		case now.before(it):
			s += ": power was cut while a new value was being written, before its index. The older value counts"
		default:
			s += ": power was cut while the older value was being erased, after its index. The newer value counts"
		}
		return s + ". Opening marks it erased"
	})
}

// before reports whether an item is older than another.
func (it *item) before(other *item) bool {
	if it.pg != other.pg {
		return it.pg.h.Seq < other.pg.h.Seq
	}
	return it.at < other.at
}
