// SPDX-License-Identifier: Apache-2.0

package nvscheck

import (
	"fmt"
	"slices"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// checker does in memory what opening does on flash, and notes the reasons.
type checker struct {
	image  []byte
	cipher *nvsfmt.Cipher
	report *Report

	pages     []*page         // in use, by sequence number
	free      int             // sectors that hold no page
	good, bad int             // first entries that are consistent, and not
	names     map[byte]string // by number; the first name counts
	numbers   map[string]byte // by name; the first number counts
	hidden    map[byte]bool   // numbers whose names all have another number too
	notes     []note
}

// note is a finding whose text is made when all names are known.
type note struct {
	sector, at int
	severity   Severity
	text       func() string
}

func just(s string) func() string { return func() string { return s } }

// textf returns a function that calls fmt.Sprintf.
func textf(format string, args ...any) func() string {
	return func() string { return fmt.Sprintf(format, args...) }
}

// note records a finding about an entry of a page, about the page (at -1), or
// about the partition (no page).
func (c *checker) note(pg *page, at int, s Severity, text func() string) {
	n := note{sector: -1, at: at, severity: s, text: text}
	if pg == nil {
		c.notes = append(c.notes, n)
		return
	}
	n.sector = pg.sector
	pg.notes = append(pg.notes, n)
}

func (c *checker) run() {
	sectors := len(c.image) / nvsfmt.PageSize
	if rest := len(c.image) % nvsfmt.PageSize; rest != 0 {
		c.note(nil, -1, Warning, textf("%d bytes behind the last whole sector of 4096 do not count: the image was "+
			"cut off, or is none of a partition", rest))
	}
	if sectors == 0 {
		c.report.Foreign = Looks(c.image).What
		c.fail(nvs.InvalidSize, "the image has no whole sector of 4096 bytes: it is none of a partition")
		c.publish()
		return
	}
	if l := Looks(c.image); l.Kind == Other || l.Kind == Larger && l.FirstPage < 0 {
		c.report.Foreign = l.What
		c.note(nil, -1, Error, just("this is no image of an NVS partition: it looks like "+l.What+". A device that has it for one "+
			"erases what it does not know"))
	}
	for sector := range sectors {
		c.sector(sector)
	}
	if c.bad > 0 && c.good == 0 {
		c.wrongKeys()
		c.publish()
		return
	}
	slices.SortStableFunc(c.pages, func(a, b *page) int {
		switch {
		case a.h.Seq < b.h.Seq:
			return -1
		case a.h.Seq > b.h.Seq:
			return 1
		}
		return 0
	})
	c.order()
	c.moves()
	c.namesakes()
	c.values()
	c.directory()
	c.items()
	c.publish()
}

// fail notes why the partition does not open.
func (c *checker) fail(code nvs.Code, text string) {
	if c.report.OpenError == 0 {
		c.report.OpenError = code
	}
	c.note(nil, -1, Error, just(text))
}

// publish turns notes into findings.
func (c *checker) publish() {
	all := c.notes
	for _, pg := range c.pages {
		all = append(all, pg.notes...)
		c.report.Repairs = c.report.Repairs || pg.repairs
	}
	if c.report.OpenError != 0 {
		c.report.Repairs = false
	}
	for _, n := range all {
		f := Finding{Sector: n.sector, Entry: n.at, Offset: -1, Severity: n.severity, Text: n.text()}
		switch {
		case n.sector >= 0 && n.at >= 0:
			f.Offset = nvsfmt.EntryOffset(n.sector, n.at)
		case n.sector >= 0:
			f.Offset = int64(n.sector) * nvsfmt.PageSize
		}
		c.report.Findings = append(c.report.Findings, f)
	}
}

// wrongKeys replaces all findings about entries (nvs-encryption.md 2).
func (c *checker) wrongKeys() {
	entries := c.bad
	for _, pg := range c.pages {
		pg.notes, pg.repairs = nil, false
	}
	text := fmt.Sprintf("none of the %d entries can be read: ", entries)
	if c.cipher == nil {
		text += "the partition is encrypted, or the image is none. Give the keys"
	} else {
		plain := &checker{image: c.image, report: &Report{}}
		for sector := range len(c.image) / nvsfmt.PageSize {
			plain.sector(sector)
		}
		if plain.good > 0 {
			text += "the partition is plain, not encrypted. Give no keys"
		} else {
			text += "the partition is encrypted with other keys, or the image is none. Give the keys that it was made with"
		}
	}
	c.fail(nvs.WrongEncryption, text+". Opening refuses and changes nothing; a device without the right keys would "+
		"mark every entry erased")
}

// raw returns the bytes of an entry as stored.
func (c *checker) raw(sector, at int) []byte {
	off := nvsfmt.EntryOffset(sector, at)
	return c.image[off : off+nvsfmt.EntrySize]
}

// entry returns an entry decrypted.
func (c *checker) entry(sector, at int) nvsfmt.Entry {
	e := nvsfmt.Entry(c.raw(sector, at))
	c.cipher.Decrypt(e[:], nvsfmt.EntryOffset(sector, at))
	return e
}

// data returns all data entries of an item, decrypted.
func (c *checker) data(it *item) []byte {
	off := nvsfmt.EntryOffset(it.pg.sector, it.at+1)
	b := slices.Clone(c.image[off : off+int64(it.e.Span()-1)*nvsfmt.EntrySize])
	c.cipher.Decrypt(b, off)
	return b
}
