// SPDX-License-Identifier: Apache-2.0

package nvs

import (
	"bytes"
	"slices"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
)

// loader opens a partition in two steps. load finds the valid items without writing;
// repair then makes the flash agree. So a read-only partition needs only the first step,
// and a partition that cannot be understood stays unchanged. If power fails during
// repair, load finds the same items again.
type loader struct {
	*Partition
	good, bad int      // numbers of consistent and inconsistent first entries
	seen      []uint64 // a bit for each hash of a name found so far
	found     []item   // items of the present page
	names     int      // entries of namespaces met
}

func (l *loader) load() error {
	for sector := range l.sectors {
		if err := l.loadSector(sector); err != nil {
			return err
		}
	}
	if l.bad > 0 && l.good == 0 {
		return WrongEncryption
	}
	slices.SortStableFunc(l.pages, func(a, b *page) int {
		switch {
		case a.seq < b.seq:
			return -1
		case a.seq > b.seq:
			return 1
		}
		return 0
	})
	for i := 1; i < len(l.pages); i++ {
		// No device writes equal numbers, but a cursor needs an order.
		l.pages[i].seq = max(l.pages[i].seq, l.pages[i-1].seq+1)
	}
	if n := l.newest(); n != nil {
		l.nextSeq = n.seq + 1
	}
	if err := l.settleMove(); err != nil {
		return err
	}
	if err := l.settleItems(); err != nil {
		return err
	}
	return l.loadNames()
}

// loadSector reads a sector (nvs.md 5.1).
func (l *loader) loadSector(sector int) error {
	start := int64(sector) * SectorSize
	head, err := l.raw(start, start+SectorSize)
	if err != nil {
		return err
	}
	h, ok := nvsfmt.ParseHeader(head)
	if !ok {
		dirty := h.State != nvsfmt.Empty
		for off := start; !dirty && off < start+SectorSize; off += nvsfmt.EntrySize {
			b, err := l.raw(off, start+SectorSize)
			if err != nil {
				return err
			}
			dirty = !nvsfmt.IsErased(b)
		}
		l.unused = append(l.unused, unused{sector, dirty})
		return nil
	}
	if h.Version < nvsfmt.Version2 {
		return NewVersionFound
	}
	b, err := l.raw(start+nvsfmt.BitmapOffset, start+SectorSize)
	if err != nil {
		return err
	}
	pg := &page{sector: sector, seq: h.Seq, state: h.State, next: nvsfmt.EntriesPerPage, bad: nvsfmt.EntriesPerPage}
	pg.bits = nvsfmt.ParseBitmap(b)
	pg.stored = pg.bits
	if h.State == nvsfmt.Active {
		if err := l.findEnd(pg); err != nil {
			return err
		}
	}
	if err := l.loadItems(pg); err != nil {
		return err
	}
	l.pages = append(l.pages, pg)
	return nil
}

// rawEntry returns an entry as it is on flash.
func (l *loader) rawEntry(pg *page, entry int) ([]byte, error) {
	return l.raw(pg.offset(entry), int64(pg.sector+1)*SectorSize)
}

// findEnd finds the first entry that can be written. Behind the last marked
// entry lies what was being written when power failed; parts of it may be
// 0xff, so it ends with the last entry that is not (nvs.md 5.2, 10.4).
func (l *loader) findEnd(pg *page) error {
	end := nvsfmt.EntriesPerPage
	for end > 0 && pg.bits.At(end-1) == nvsfmt.UseFree {
		end--
	}
	for i := end; i < nvsfmt.EntriesPerPage; i++ {
		b, err := l.rawEntry(pg, i)
		if err != nil {
			return err
		}
		if !nvsfmt.IsErased(b) {
			end = i + 1
		}
	}
	for i := range end {
		if pg.bits.At(i) == nvsfmt.UseFree {
			pg.bits.Set(i, i+1, nvsfmt.UseErased)
		}
	}
	pg.next = end
	return nil
}

// loadItems lists a page's items (nvs.md 5.3, 5.4). Which of several items with one name
// is valid is decided when all pages are known.
func (l *loader) loadItems(pg *page) error {
	l.found = l.found[:0]
	for i := 0; i < pg.next; {
		use := pg.bits.At(i)
		if use != nvsfmt.UseWritten {
			if use == nvsfmt.UseIllegal {
				pg.bits.Set(i, i+1, nvsfmt.UseErased)
			}
			i++
			continue
		}
		b, err := l.rawEntry(pg, i)
		if err != nil {
			return err
		}
		e := &l.entry
		copy(e[:], b)
		l.crypt.Decrypt(e[:], pg.offset(i))
		if !e.Valid(i) {
			l.bad++
			pg.bad = min(pg.bad, i)
			pg.bits.Set(i, i+1, nvsfmt.UseErased)
			i++
			continue
		}
		l.good++
		span := e.Span()
		if pg.bits.All(i, i+span, nvsfmt.UseWritten) {
			it := itemOf(e, i)
			l.found = append(l.found, it)
			if it.kind() == kindName {
				l.names++
			}
			pg.live += span
		} else {
			pg.bits.Set(i, i+span, nvsfmt.UseErased)
			pg.heads[i/32] |= 1 << (i % 32)
			pg.next = max(pg.next, i+span)
		}
		i += span
	}
	pg.items = slices.Clone(l.found)
	return nil
}

// settleMove settles an interrupted page change. If the newest page has all items of the
// freeing page, the move was complete and only erasing the freeing page is left. Else the
// newest page is an incomplete copy, and the freeing page is valid (nvs.md 5.7, 10.3).
func (l *loader) settleMove() error {
	newest := l.newest()
	for i, pg := range l.pages {
		if pg.state != nvsfmt.Freeing {
			continue
		}
		if pg == newest || newest.state != nvsfmt.Active {
			return nil
		}
		moved, err := l.moved(pg, newest)
		if err != nil {
			return err
		}
		if moved {
			l.eraseFirst = pg.sector
			l.pages = slices.Delete(l.pages, i, i+1)
		} else {
			l.eraseFirst = newest.sector
			l.pages = l.pages[:len(l.pages)-1]
		}
		return nil
	}
	return nil
}

// moved reports whether another page has all complete items of a page.
//
// An interrupted erase may leave first entries without data, and data without a first
// entry. Such data lies behind an inconsistent entry and may look like an item. It is
// not one if the other page has as many entries as were marked on this page before the
// erase.
func (l *loader) moved(from, to *page) (bool, error) {
	marked := 0
	for i := range nvsfmt.EntriesPerPage {
		if from.stored.At(i) == nvsfmt.UseWritten {
			marked++
		}
	}
	for _, it := range from.items {
		q := pos{from, it.at()}
		e, err := l.plain(q)
		if err != nil {
			return false, err
		}
		twin, err := l.findOn(to, e.Namespace(), e.Name(), e.Chunk())
		if err != nil {
			return false, err
		}
		same := twin.ok() && l.entry == e
		// The filling behind the data is ignored: an interrupted erase may have
		// changed only that.
		sum, size := nvsfmt.Sum(nil), (e.Span()-1)*nvsfmt.EntrySize
		if nvsfmt.HasData(e.Type()) {
			size = e.DataSize()
		}
		for i := 1; i < e.Span(); i++ {
			a, err := l.plain(pos{from, q.at + i})
			if err != nil {
				return false, err
			}
			n := min(nvsfmt.EntrySize, size)
			sum = nvsfmt.Continue(sum, a[:n])
			size -= n
			if same {
				b, err := l.plain(pos{to, twin.at + i})
				if err != nil {
					return false, err
				}
				same = bytes.Equal(a[:n], b[:n])
			}
		}
		whole := !nvsfmt.HasData(e.Type()) || sum == e.DataSum()
		fake := q.at > from.bad && to.live >= marked
		if whole && !same && !fake {
			return false, nil
		}
	}
	return true, nil
}

func (l *loader) plain(q pos) (nvsfmt.Entry, error) {
	err := l.read(q)
	return l.entry, err
}

// repair makes the flash agree with what load found. It finishes moves first, since the
// next opening could misread marks on the pages of an unfinished move.
func (l *loader) repair() error {
	if len(l.unused) == 0 && l.eraseFirst < 0 {
		return NoFreePages
	}
	if err := l.finish(); err != nil {
		return err
	}
	for _, pg := range slices.Clone(l.pages) {
		if pg.state != nvsfmt.Freeing {
			continue
		}
		// The next opening would take an active page for this move's copy. There is
		// none, unless several pages are freeing, which no device does.
		if err := l.closeNewest(); err != nil {
			return err
		}
		if err := l.move(pg); err != nil {
			return err
		}
	}
	for _, pg := range l.pages {
		if err := l.flush(pg); err != nil {
			return err
		}
	}
	return nil
}
