// SPDX-License-Identifier: Apache-2.0

package nvs

import (
	"encoding/binary"
	"slices"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
)

// find returns the newest item with a name and reads its entry into p.entry; the zero
// pos if there is none. With nvsfmt.NoChunk it finds the item of a whole value, which is
// any item but a chunk.
func (p *Partition) find(namespace byte, name nvsfmt.Name, chunk byte) (pos, error) {
	return p.findBut(pos{}, namespace, name, chunk)
}

// findBut is find that skips one place.
func (p *Partition) findBut(but pos, namespace byte, name nvsfmt.Name, chunk byte) (pos, error) {
	if q, known, err := p.findIndexed(but, namespace, name, chunk); known {
		return q, err
	}
	h := hashOf(namespace, name, chunk)
	for i := len(p.pages) - 1; i >= 0; i-- {
		if q, err := p.scan(p.pages[i], h, but, namespace, name, chunk); err != nil || q.ok() {
			return q, err
		}
	}
	return pos{}, nil
}

// findOn is find on one page.
func (p *Partition) findOn(pg *page, namespace byte, name nvsfmt.Name, chunk byte) (pos, error) {
	return p.scan(pg, hashOf(namespace, name, chunk), pos{}, namespace, name, chunk)
}

func (p *Partition) scan(pg *page, hash uint32, but pos, namespace byte, name nvsfmt.Name, chunk byte) (pos, error) {
	for j := len(pg.items) - 1; j >= 0; j-- {
		if pg.items[j].hash() != hash {
			continue
		}
		q := pos{pg, pg.items[j].at()}
		if q == but {
			continue
		}
		if err := p.read(q); err != nil {
			return pos{}, err
		}
		if p.entry.Named(namespace, name, chunk) {
			return q, nil
		}
	}
	return pos{}, nil
}

// chunk finds a chunk. It looks on the index's page first, where it nearly always is.
func (p *Partition) chunk(near *page, namespace byte, name nvsfmt.Name, number byte) (pos, error) {
	q, err := p.findOn(near, namespace, name, number)
	if err != nil || q.ok() {
		return q, err
	}
	return p.find(namespace, name, number)
}

// drop removes an item in memory; its marks wait for flush.
func (p *Partition) drop(q pos, span int) {
	q.pg.clear(q.at, span)
	q.pg.forget(q.at)
}

// put appends the item whose first entry is in p.entry, with its data, to the newest
// page, which has room for it (nvs.md 7). After an error the place is lost and the item
// is not stored.
func (p *Partition) put(data, more []byte) (pos, error) {
	it, span := item(0), p.entry.Span()
	q, err := p.place(&it)
	if err == nil {
		err = p.mark(q, 0, 1)
	}
	if err == nil && span > 1 {
		if err = p.writeData(q.pg.offset(q.at+1), data, more); err == nil {
			err = p.mark(q, 1, span)
		}
	}
	if err != nil {
		p.spoil(q, span)
		return pos{}, err
	}
	p.enlist(q, it, span)
	return q, nil
}

// place writes p.entry behind the last used entry, without a mark, and reserves the
// item's entries. After an error the caller gives these entries up, if the place is ok.
func (p *Partition) place(it *item) (pos, error) {
	pg := p.newest()
	if pg.state == nvsfmt.Empty {
		if err := p.writeHeader(pg); err != nil {
			return pos{}, err
		}
	}
	q, span := pos{pg, pg.next}, p.entry.Span()
	*it = itemOf(&p.entry, q.at)
	pg.next += span
	return q, p.writeEntry(pg.offset(q.at))
}

// mark stores that entries from to to-1 of an item are written.
func (p *Partition) mark(q pos, from, to int) error {
	pg := q.pg
	if err := p.ascertain(pg); err != nil {
		return err
	}
	from, to = q.at+from, q.at+to
	target := pg.stored
	target.Set(from, to, nvsfmt.UseWritten)
	if err := p.writeWords(pg, &target, from/16, (to-1)/16); err != nil {
		return err
	}
	pg.bits.Set(from, to, nvsfmt.UseWritten)
	return nil
}

// enlist makes a complete item valid.
func (p *Partition) enlist(q pos, it item, span int) {
	q.pg.live += span
	q.pg.items = append(q.pg.items, it)
	p.indexItem(q.pg, it)
}

// spoil gives up entries after an error, since their content on flash is unknown. If the
// marks cannot be stored now, they wait.
func (p *Partition) spoil(q pos, span int) {
	if !q.ok() {
		return
	}
	pg := q.pg
	pg.live += span // clear takes it off again
	pg.clear(q.at, span)
	_ = p.ascertain(pg)
	if pg.stored.At(q.at) == nvsfmt.UseFree {
		// Without a mark it is no head, and a hole before marked entries.
		pg.heads[q.at/32] &^= 1 << (q.at % 32)
	}
	_ = p.flush(pg)
}

// writeHeader puts a page into use.
func (p *Partition) writeHeader(pg *page) error {
	b := p.scratch()[:nvsfmt.HeaderSize]
	nvsfmt.Header{State: nvsfmt.Active, Seq: pg.seq, Version: nvsfmt.Version2}.Put(b)
	if err := p.write(b, int64(pg.sector)*SectorSize); err != nil {
		p.remove(pg)
		p.unused = slices.Insert(p.unused, 0, unused{pg.sector, true})
		return err
	}
	pg.state = nvsfmt.Active
	return nil
}

// writeState changes a page's state on flash.
func (p *Partition) writeState(pg *page, s nvsfmt.State) error {
	b := p.scratch()[:4]
	binary.LittleEndian.PutUint32(b, uint32(s))
	return p.write(b, int64(pg.sector)*SectorSize)
}

func (p *Partition) remove(pg *page) {
	p.pages = slices.DeleteFunc(p.pages, func(other *page) bool { return other == pg })
	p.unindexPage(pg)
}
