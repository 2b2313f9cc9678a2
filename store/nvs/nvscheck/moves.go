// SPDX-License-Identifier: Apache-2.0

package nvscheck

import (
	"bytes"
	"fmt"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// id is what tells items apart.
type id struct {
	namespace, chunk byte
	name             nvsfmt.Name
}

func (it *item) id() id { return id{it.e.Namespace(), it.e.Chunk(), it.e.Name()} }

// moves explains interrupted page changes, and leaves out the pages that opening erases
// (nvs.md 5.7, 10.3).
func (c *checker) moves() {
	erasing := false
	var newest *page
	if len(c.pages) > 0 {
		newest = c.pages[len(c.pages)-1]
	}
	for i, pg := range c.pages {
		if pg.h.State != nvsfmt.Freeing {
			continue
		}
		if pg == newest || newest.h.State != nvsfmt.Active {
			break
		}
		erasing = true
		if copied, all := c.copied(pg, newest); all {
			c.remove(i, fmt.Sprintf("page change: everything on this page is on sector %d too, which is newer. Power was cut before "+
				"or while this sector was being erased. Opening erases it", newest.sector))
		} else {
			c.remove(len(c.pages)-1, fmt.Sprintf("page change: this is an incomplete copy of sector %d, with %d of its %d items. Power "+
				"was cut while they were being copied. Opening erases this sector and copies them again",
				pg.sector, copied, len(pg.items)))
		}
		break
	}
	if erasing {
		c.report.Repairs = true
	}
	for _, pg := range c.pages {
		if pg.h.State == nvsfmt.Freeing {
			c.report.Repairs = true
			c.note(pg, -1, Warning, textf("page change: the page is marked as being moved. Power was cut before its %d items were all "+
				"copied. Opening copies them to a free sector and erases this one", len(pg.items)))
		}
	}
	if c.free > 0 || erasing {
		return
	}
	const text = "no sector is free, and writing needs one"
	if len(c.report.Sectors) < 3 {
		if c.report.OpenError == 0 {
			c.report.OpenError = nvs.NoFreePages
		}
		c.note(nil, -1, Info, just(text+": a partition of this size is for reading only"))
		return
	}
	c.fail(nvs.NoFreePages, text+": no sound writer lets it come to that. The partition opens read-only; to write to it, "+
		"copy its values into a new image")
}

// copied counts the items of a page that another page has byte for byte, and reports
// whether these are all. An interrupted erase leaves first entries without data, and data
// without a first entry, which may look like items; like opening, copied ignores both.
func (c *checker) copied(from, to *page) (n int, all bool) {
	there := map[id]*item{}
	live, marked := 0, 0
	for _, it := range to.items {
		there[it.id()] = it
		live += it.e.Span()
	}
	for i := range nvsfmt.EntriesPerPage {
		if from.bits.At(i) == nvsfmt.UseWritten {
			marked++
		}
	}
	all = true
	for _, it := range from.items {
		twin := there[it.id()]
		data := c.data(it)
		if nvsfmt.HasData(it.e.Type()) {
			data = data[:it.e.DataSize()] // without the filling
		}
		if twin != nil && twin.e == it.e && bytes.HasPrefix(c.data(twin), data) {
			n++
			continue
		}
		whole := !nvsfmt.HasData(it.e.Type()) || nvsfmt.Sum(data) == it.e.DataSum()
		if none := it.at > from.bad && live >= marked; whole && !none {
			all = false
		}
	}
	return n, all
}

// remove leaves a page out, and the notes about its entries.
func (c *checker) remove(i int, why string) {
	pg := c.pages[i]
	c.pages = append(c.pages[:i], c.pages[i+1:]...)
	irregular := 0
	for _, n := range pg.notes {
		if n.at >= 0 && n.severity > Info {
			irregular++
		}
	}
	if irregular > 0 {
		why += fmt.Sprintf(". What else is irregular on it does not matter (places: %d)", irregular)
	}
	c.notes = append(c.notes, note{pg.sector, -1, Warning, just(why)})
}
