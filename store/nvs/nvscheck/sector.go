// SPDX-License-Identifier: Apache-2.0

package nvscheck

import (
	"encoding/binary"
	"fmt"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// page is a sector in use.
type page struct {
	sector  int
	h       nvsfmt.Header
	bits    nvsfmt.Bitmap
	next    int // entries from here on can be written
	bad     int // the first inconsistent entry
	items   []*item
	notes   []note
	repairs bool // opening changes marks on it
}

// item is a complete item.
type item struct {
	pg   *page
	at   int
	e    nvsfmt.Entry
	gone bool // replaced, orphaned or incomplete
	kept bool // a chunk that an index names
}

// sector reads a sector (nvs.md 5.1).
func (c *checker) sector(sector int) {
	b := c.image[sector*nvsfmt.PageSize:][:nvsfmt.PageSize]
	h, ok := nvsfmt.ParseHeader(b)
	s := Sector{State: "empty"}
	pg := &page{sector: sector, h: h, next: nvsfmt.EntriesPerPage, bad: nvsfmt.EntriesPerPage}
	switch {
	case !ok:
		c.free++
		if !nvsfmt.IsErased(b) {
			s.State = "corrupt"
			c.note(pg, -1, Warning, just("corrupt sector: "+corrupt(b, h)+
				". Opening takes it for free; it is erased before it is used again"))
			c.notes = append(c.notes, pg.notes...)
		}
	case h.Version < nvsfmt.Version2:
		s = Sector{State: stateName(h.State), Seq: h.Seq, Version: ^h.Version + 1}
		c.fail(nvs.NewVersionFound, fmt.Sprintf("sector %d has format version %d, and versions 1 and 2 are known: "+
			"a newer release wrote it, or the flash is damaged. Opening refuses and changes nothing", sector, s.Version))
	default:
		s = Sector{State: stateName(h.State), Seq: h.Seq, Version: ^h.Version + 1}
		pg.bits = nvsfmt.ParseBitmap(b[nvsfmt.BitmapOffset:])
		for i := range nvsfmt.EntriesPerPage {
			switch pg.bits.At(i) {
			case nvsfmt.UseErased:
				s.Erased++
			case nvsfmt.UseIllegal:
				s.Illegal++
			case nvsfmt.UseWritten:
				s.Written++
			case nvsfmt.UseFree:
				s.Empty++
			}
		}
		c.entries(pg)
		c.pages = append(c.pages, pg)
	}
	c.report.Sectors = append(c.report.Sectors, s)
}

func stateName(s nvsfmt.State) string {
	switch s {
	case nvsfmt.Active:
		return "active"
	case nvsfmt.Full:
		return "full"
	case nvsfmt.Freeing:
		return "freeing"
	}
	return "corrupt"
}

// corrupt says why a sector is neither a page nor blank.
func corrupt(b []byte, h nvsfmt.Header) string {
	blank := 0
	for blank < len(b) && b[blank] == 0xff {
		blank++
	}
	stored, want := binary.LittleEndian.Uint32(b[28:]), nvsfmt.Sum(b[4:28])
	switch {
	case blank == nvsfmt.EntriesOffset:
		return "entries without a page header: power was cut while a page change copied items here. " +
			"The page they come from still has them"
	case blank >= 4:
		return fmt.Sprintf("its first %d bytes are blank and the rest is not: power was cut while it was being erased. "+
			"What counts of it had been moved before", blank)
	case nvsfmt.IsErased(b[nvsfmt.HeaderSize:]):
		return "a page header that is incomplete, and nothing behind it: power was cut while the page was put into use"
	case stored != want:
		return fmt.Sprintf("the page header's checksum is wrong (%08x stored, %08x computed): power was cut while the "+
			"sector was being erased, which loses nothing, or the flash is damaged and the page's values are lost", stored, want)
	}
	if h.State == nvsfmt.Corrupt {
		return "marked as corrupt: a page change moved what counted, and power was cut before or while the sector was erased"
	}
	return fmt.Sprintf("the state word %08x is no state: the flash is damaged, and the page's values are lost", uint32(h.State))
}

// leftActive reports whether early editions of ESP-IDF's generator may have left this
// page active: it was never used, or the next item did not fit.
func (c *checker) leftActive(pg, next *page) bool {
	if pg.next == 0 || next.next == 0 || len(next.items) == 0 {
		return true
	}
	first := next.items[0]
	needs := first.e.Span()
	if nvsfmt.HasData(first.e.Type()) {
		needs++ // the generator leaves one entry unused
	}
	return pg.next+needs > nvsfmt.EntriesPerPage
}

// order notes peculiarities of the order and states of the pages.
func (c *checker) order() {
	missing, active := 0, false
	for i, pg := range c.pages {
		active = active || pg.h.State == nvsfmt.Active
		if i > 0 {
			before := c.pages[i-1]
			if before.h.Seq == pg.h.Seq {
				c.note(pg, -1, Warning, textf("sequence number %d is that of sector %d too: no writer does that. Opening "+
					"takes the pages in the order of their sectors", pg.h.Seq, before.sector))
			} else {
				missing += int(min(pg.h.Seq-before.h.Seq-1, 1<<30))
			}
		}
		if pg.h.State == nvsfmt.Active && i < len(c.pages)-1 {
			if c.leftActive(pg, c.pages[i+1]) {
				c.note(pg, -1, Info, just("the page is active, and is not the newest one: early editions of ESP-IDF's generator leave "+
					"all pages so. New items go to the newest page"))
				continue
			}
			c.note(pg, -1, Warning, just("the page is active, and so should only the newest one be: no writer does "+
				"that. Opening leaves it; new items go to the newest page"))
		}
	}
	if missing > 0 {
		c.note(nil, -1, Info, textf("sequence numbers between those of the pages are missing (%d): their pages were moved by a "+
			"page change and their sectors erased. A power cut right behind such an erase leaves nothing to repair", missing))
	}
	if len(c.pages) > 0 && !active {
		c.note(nil, -1, Info, just("no page is active: ESP-IDF's generator up to 5.2 leaves it so, and a power cut after a page "+
			"was marked full. The next set makes a page change"))
	}
}
