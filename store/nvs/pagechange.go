// SPDX-License-Identifier: Apache-2.0

package nvs

import (
	"slices"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
)

// reserve makes sure that the newest page has that many free entries in a row. It writes
// nothing if it fails with NotEnoughSpace.
func (p *Partition) reserve(entries int) error {
	for {
		if pg := p.newest(); pg != nil && pg.free() >= entries {
			return nil
		}
		if !p.canChange(entries) {
			return NotEnoughSpace
		}
		if err := p.changePage(entries); err != nil {
			return err
		}
	}
}

// canChange reports whether a page change gives a page with that many free entries.
func (p *Partition) canChange(entries int) bool {
	if p.nextSeq == 0 && len(p.pages) > 0 {
		return false // no more sequence numbers; no device gets there
	}
	if len(p.unused) > 1 {
		return true
	}
	v := p.victim(entries)
	return v != nil && len(p.unused) == 1 && (v.state == nvsfmt.Freeing || nvsfmt.EntriesPerPage-v.live >= entries)
}

// restRounds is how often, on average, all sectors are erased before a page that never
// changes is moved. While it stays, the other sectors wear out, and its dead entries
// waste space. ESP-IDF never moves it.
const restRounds = 8

// victim returns the page whose items the next page change moves: a page whose move has
// failed; else one that has not changed for too long, if that frees enough entries; else
// the oldest of those with the fewest live entries. nil: all are full of live entries.
func (p *Partition) victim(entries int) *page {
	var v *page
	for _, pg := range p.pages {
		if pg.state == nvsfmt.Freeing {
			return pg
		}
		if pg.live < nvsfmt.EntriesPerPage && (v == nil || pg.live < v.live) {
			v = pg
		}
	}
	if v != nil {
		oldest := p.pages[0]
		rested := p.nextSeq-oldest.seq > uint32(restRounds*p.sectors)
		if rested && nvsfmt.EntriesPerPage-oldest.live >= entries {
			return oldest
		}
	}
	return v
}

// changePage makes a free sector the newest page. If it is the last free sector, the
// items of a page with dead entries are moved there (nvs.md 8.5).
func (p *Partition) changePage(entries int) error {
	if err := p.closeNewest(); err != nil {
		return err
	}
	v := p.victim(entries)
	if len(p.unused) > 1 && (v == nil || v.state != nvsfmt.Freeing) {
		return p.addPage()
	}
	// From here on the page stays the victim, even after an error: on flash it
	// may be freeing already, and only one page may be.
	v.state = nvsfmt.Freeing
	if err := p.writeState(v, nvsfmt.Freeing); err != nil {
		return err
	}
	if err := p.move(v); err != nil {
		return err
	}
	if pg := p.newest(); pg == nil || pg.state != nvsfmt.Active {
		return p.addPage()
	}
	return nil
}

// closeNewest makes the newest page take no more items.
func (p *Partition) closeNewest() error {
	pg := p.newest()
	if pg == nil || pg.state != nvsfmt.Active {
		return nil
	}
	if err := p.flush(pg); err != nil {
		return err
	}
	pg.next = nvsfmt.EntriesPerPage // even after an error: on flash it may be full
	if err := p.writeState(pg, nvsfmt.Full); err != nil {
		return err
	}
	pg.state = nvsfmt.Full
	pg.items = slices.Clip(pg.items)
	return nil
}

// addPage makes the first free sector the newest page. Its header is written
// with its first item.
func (p *Partition) addPage() error {
	sector, err := p.take()
	if err != nil {
		return err
	}
	p.pages = append(p.pages, &page{
		sector: sector, seq: p.nextSeq, state: nvsfmt.Empty,
		bits: nvsfmt.NewBitmap(), stored: nvsfmt.NewBitmap(),
	})
	p.nextSeq++
	return nil
}

// take takes the first free sector, so that all sectors wear evenly.
func (p *Partition) take() (int, error) {
	if len(p.unused) == 0 {
		return 0, NoFreePages
	}
	u := p.unused[0]
	if u.dirty {
		if err := p.eraseSector(u.sector); err != nil {
			return 0, err
		}
	}
	p.unused = slices.Delete(p.unused, 0, 1)
	return u.sector, nil
}

// move copies the live items of a freeing page to a free sector and erases the page.
//
// The copy's header is written last, so an interrupted copy is no page, and a copy with a
// header is complete. Then the page is marked corrupt. Otherwise an interrupted erase
// could leave a freeing page with holes, and ESP-IDF would throw the copy away (nvs.md
// 10.3).
func (p *Partition) move(from *page) error {
	if err := p.eraseNamesakes(); err != nil {
		return err
	}
	if err := p.flush(from); err != nil { // the next opening counts these marks, if the erase is interrupted
		return err
	}
	if from.live > 0 {
		if p.nextSeq == 0 {
			return NotEnoughSpace
		}
		sector, err := p.take()
		if err != nil {
			return err
		}
		to := &page{
			sector: sector, seq: p.nextSeq, state: nvsfmt.Active,
			bits: nvsfmt.NewBitmap(), stored: nvsfmt.NewBitmap(),
		}
		if err := p.copyItems(from, to); err != nil {
			p.eraseFirst = sector
			return err
		}
		p.nextSeq++
		p.pages = append(p.pages, to)
		for _, it := range to.items {
			p.indexItem(to, it)
		}
	}
	p.remove(from)
	p.eraseFirst = from.sector
	if err := p.writeState(from, nvsfmt.Corrupt); err != nil {
		return err
	}
	return p.finish()
}

// copyItems fills a page with the live items of another, without gaps. Chunks come first:
// if the last item of the newest page is a chunk, ESP-IDF erases another chunk of the
// same blob there (nvs.md 10.1).
func (p *Partition) copyItems(from, to *page) error {
	b := p.scratch()
	n := 0 // entries that wait in the buffer
	store := func() error {
		off := to.offset(to.next - n)
		p.crypt.Encrypt(b[:n*nvsfmt.EntrySize], off)
		err := p.write(b[:n*nvsfmt.EntrySize], off)
		n = 0
		return err
	}
	for _, chunks := range [...]bool{true, false} {
		for _, it := range from.items {
			if (it.kind() == kindChunk) != chunks {
				continue
			}
			if err := p.read(pos{from, it.at()}); err != nil {
				return err
			}
			to.items = append(to.items, it&^0x7f|item(to.next))
			for i := range p.entry.Span() {
				slot, off := b[n*nvsfmt.EntrySize:(n+1)*nvsfmt.EntrySize], from.offset(it.at()+i)
				if _, err := p.flash.ReadAt(slot, off); err != nil {
					return err
				}
				p.crypt.Decrypt(slot, off)
				to.next++
				if n++; n == bufEntries {
					if err := store(); err != nil {
						return err
					}
				}
			}
		}
	}
	if n > 0 {
		if err := store(); err != nil {
			return err
		}
	}
	to.bits.Set(0, to.next, nvsfmt.UseWritten)
	to.stored, to.live = to.bits, to.next
	nvsfmt.Header{State: nvsfmt.Active, Seq: to.seq, Version: nvsfmt.Version2}.Put(b)
	last := (to.next - 1) / 16
	to.bits.Put(b[nvsfmt.BitmapOffset:], 0, last)
	return p.write(b[:nvsfmt.BitmapOffset+4*(last+1)], int64(to.sector)*SectorSize)
}

// finish erases what has to be erased before anything else is written.
func (p *Partition) finish() error {
	if p.eraseFirst < 0 {
		return nil
	}
	if err := p.eraseSector(p.eraseFirst); err != nil {
		return err
	}
	p.unused = append(p.unused, unused{sector: p.eraseFirst})
	p.eraseFirst = -1
	return nil
}
