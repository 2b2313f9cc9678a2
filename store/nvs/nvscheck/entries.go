// SPDX-License-Identifier: Apache-2.0

package nvscheck

import (
	"fmt"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
)

// entries lists a page's items and explains its other entries (nvs.md 5.2 to 5.4).
func (c *checker) entries(pg *page) {
	end := nvsfmt.EntriesPerPage
	if pg.h.State == nvsfmt.Active {
		for end > 0 && pg.bits.At(end-1) == nvsfmt.UseFree && nvsfmt.IsErased(c.raw(pg.sector, end-1)) {
			end--
		}
		pg.next = end
	}
	var explained [nvsfmt.EntriesPerPage]bool
	for i := 0; i < end; {
		switch pg.bits.At(i) {
		case nvsfmt.UseIllegal:
			pg.repairs = true
			c.note(pg, i, Warning, just("its mark in the bitmap is 01, which no writer makes: the flash is damaged, or power "+
				"was cut inside a write. Opening marks it erased"))
			i++
		case nvsfmt.UseWritten:
			i = c.item(pg, i, &explained)
		default:
			i++
		}
	}
	if pg.h.State == nvsfmt.Active {
		c.unmarked(pg, end, &explained)
	} else {
		c.leftovers(pg)
	}
}

// item reads the item that begins at i, and returns the place behind it.
func (c *checker) item(pg *page, i int, explained *[nvsfmt.EntriesPerPage]bool) int {
	e := c.entry(pg.sector, i)
	if !e.Valid(i) {
		return c.inconsistent(pg, i, &e)
	}
	c.good++
	span := e.Span()
	if pg.bits.All(i, i+span, nvsfmt.UseWritten) {
		pg.items = append(pg.items, &item{pg: pg, at: i, e: e})
		return i + span
	}
	pg.repairs = true
	written, free := 0, 0
	for j := i; j < i+span; j++ {
		explained[j] = true
		switch pg.bits.At(j) {
		case nvsfmt.UseWritten:
			written++
		case nvsfmt.UseFree:
			free++
		}
	}
	c.note(pg, i, Warning, func() string {
		s := fmt.Sprintf("%s is incomplete: %d of its %d entries are marked as written. ", c.describe(&e), written, span)
		if free > 0 {
			return s + "Power was cut while it was being written. Opening marks all of them erased; " +
				"the key's older value counts, if it has one"
		}
		return s + "Power was cut while it was being erased, from its end to its beginning, because it was " +
			"replaced or erased. Opening marks the rest erased"
	})
	return i + span
}

// inconsistent explains a run of entries that begin no item.
func (c *checker) inconsistent(pg *page, i int, e *nvsfmt.Entry) int {
	first, why := i, e.Fault(i)
	pg.bad = min(pg.bad, first)
	for i < pg.next && pg.bits.At(i) == nvsfmt.UseWritten {
		if e := c.entry(pg.sector, i); e.Valid(i) {
			break
		}
		c.bad++
		i++
	}
	pg.repairs = true
	n := i - first
	c.note(pg, first, Error, func() string {
		what := "the entry is marked as written and is no item"
		if n > 1 {
			what = fmt.Sprintf("the %d entries from here on are marked as written and are no items", n)
		}
		if nvsfmt.IsErased(c.raw(pg.sector, first)) {
			what += ", it is blank: power was cut while the sector was being erased, or the flash is damaged"
		} else {
			what += " (" + why + "): the flash is damaged, or a value's first entry is lost and these are its data"
		}
		return what + ". Opening marks each of them erased; what they held is lost"
	})
	return i
}

// unmarked explains entries of an active page that were written but not marked, since
// power was cut in between (nvs.md 5.2, 10.4).
func (c *checker) unmarked(pg *page, end int, explained *[nvsfmt.EntriesPerPage]bool) {
	for i := 0; i < end; i++ {
		if pg.bits.At(i) != nvsfmt.UseFree {
			continue
		}
		pg.repairs = true
		if explained[i] {
			continue
		}
		e := c.entry(pg.sector, i)
		first, n := i, 1
		whole := e.Valid(i)
		for i+1 < end && pg.bits.At(i+1) == nvsfmt.UseFree && !explained[i+1] {
			if next := c.entry(pg.sector, i+1); next.Valid(i + 1) {
				break
			}
			i++
			n++
		}
		blank := nvsfmt.IsErased(c.image[nvsfmt.EntryOffset(pg.sector, first):nvsfmt.EntryOffset(pg.sector, first+n)])
		c.note(pg, first, Warning, func() string {
			these, erased := "the entry is", "it"
			if n > 1 {
				these, erased = fmt.Sprintf("the %d entries from here on are", n), fmt.Sprintf("these %d entries", n)
			}
			switch {
			case whole:
				return fmt.Sprintf("%s was written, but its mark in the bitmap was not: power was cut between the two. It does "+
					"not count; opening marks %s erased, and the key's older value counts, if it has one", c.describe(&e), erased)
			case blank:
				return these + " blank and not marked in the bitmap, with later ones in use: power was cut inside a write. " +
					"Opening marks " + erased + " erased"
			}
			return these + " not blank and not marked in the bitmap: power was cut while something was being written " +
				"there. Opening marks " + erased + " erased"
		})
	}
}

// leftovers notes invalid entries of a page that takes no more items.
func (c *checker) leftovers(pg *page) {
	first, n := -1, 0
	for i := range nvsfmt.EntriesPerPage {
		if pg.bits.At(i) == nvsfmt.UseFree && !nvsfmt.IsErased(c.raw(pg.sector, i)) {
			n++
			if first < 0 {
				first = i
			}
		}
	}
	if n > 0 {
		c.note(pg, first, Info, textf("%d entries from here on are not blank, though the bitmap says so. The page takes no more "+
			"items, so it does not matter", n))
	}
}
