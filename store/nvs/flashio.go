// SPDX-License-Identifier: Apache-2.0

package nvs

import (
	"github.com/wifiprov/wifiprov/internal/nvsfmt"
)

const bufEntries = 512 / nvsfmt.EntrySize

// window is a run of entries in the buffer, as they are on flash.
type window struct {
	off int64
	n   int // bytes; 0: none
}

// raw returns the 32 bytes at off as they are on flash, from the buffer if it has them.
// It reads ahead up to limit. The result is valid until the next use of the buffer.
func (p *Partition) raw(off, limit int64) ([]byte, error) {
	if w := p.window; off < w.off || off+nvsfmt.EntrySize > w.off+int64(w.n) {
		n := min(limit-off, int64(len(p.buf)))
		p.window = window{}
		if _, err := p.flash.ReadAt(p.buf[:n], off); err != nil {
			return nil, err
		}
		p.window = window{off, int(n)}
	}
	i := off - p.window.off
	return p.buf[i : i+nvsfmt.EntrySize], nil
}

// scratch returns the buffer for other uses.
func (p *Partition) scratch() []byte {
	p.window = window{}
	return p.buf[:]
}

// read reads an entry of a page into p.entry.
func (p *Partition) read(q pos) error {
	off := q.pg.offset(q.at)
	if _, err := p.flash.ReadAt(p.entry[:], off); err != nil {
		return err
	}
	p.crypt.Decrypt(p.entry[:], off)
	return nil
}

// readData appends the data of an item with size bytes to dst and returns the
// checksum over it.
func (p *Partition) readData(dst []byte, q pos, size int) ([]byte, uint32, error) {
	start := len(dst)
	full := size / nvsfmt.EntrySize * nvsfmt.EntrySize
	dst = grow(dst, size)[:start+full]
	off := q.pg.offset(q.at + 1)
	if full > 0 {
		if _, err := p.flash.ReadAt(dst[start:], off); err != nil {
			return dst[:start], 0, err
		}
		p.crypt.Decrypt(dst[start:], off)
	}
	if rest := size - full; rest > 0 {
		last := p.scratch()[:nvsfmt.EntrySize]
		if _, err := p.flash.ReadAt(last, off+int64(full)); err != nil {
			return dst[:start], 0, err
		}
		p.crypt.Decrypt(last, off+int64(full))
		dst = append(dst, last[:rest]...)
	}
	return dst, nvsfmt.Sum(dst[start:]), nil
}

// writeData writes data entries: first followed by second, the last entry
// filled with 0xff.
func (p *Partition) writeData(off int64, first, second []byte) error {
	if p.crypt == nil {
		full := len(first) / nvsfmt.EntrySize * nvsfmt.EntrySize
		if full > 0 {
			if err := p.write(first[:full], off); err != nil {
				return err
			}
			off += int64(full)
			first = first[full:]
		}
	}
	for len(first)+len(second) > 0 {
		b := p.scratch()
		n := copy(b, first)
		first = first[n:]
		m := copy(b[n:], second)
		second = second[m:]
		for n += m; n%nvsfmt.EntrySize != 0; n++ {
			b[n] = 0xff
		}
		p.crypt.Encrypt(b[:n], off)
		if err := p.write(b[:n], off); err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}

// writeEntry writes p.entry, encrypted; p.entry is lost.
func (p *Partition) writeEntry(off int64) error {
	p.crypt.Encrypt(p.entry[:], off)
	return p.write(p.entry[:], off)
}

func (p *Partition) write(b []byte, off int64) error {
	if off < p.window.off+int64(p.window.n) && off+int64(len(b)) > p.window.off {
		p.window = window{}
	}
	_, err := p.flash.WriteAt(b, off)
	return err
}

func (p *Partition) eraseSector(sector int) error {
	p.window = window{}
	blocks := SectorSize / p.flash.EraseBlockSize()
	return p.flash.EraseBlocks(int64(sector)*blocks, blocks)
}

// writeBitmap stores the changed bits of a page's bitmap. mask returns the bits of a word
// to leave out for now.
func (p *Partition) writeBitmap(pg *page, mask func(word int) uint32) error {
	if err := p.ascertain(pg); err != nil {
		return err
	}
	target := pg.stored
	for w := range target {
		target[w] &= pg.bits[w] | mask(w)
	}
	for w := 0; w < len(target); w++ {
		if target[w] == pg.stored[w] {
			continue
		}
		last := w // neighbours share a write
		for last+1 < len(target) && target[last+1] != pg.stored[last+1] {
			last++
		}
		if err := p.writeWords(pg, &target, w, last); err != nil {
			return err
		}
		w = last
	}
	return nil
}

// writeWords stores words first to last of a bitmap.
func (p *Partition) writeWords(pg *page, target *nvsfmt.Bitmap, first, last int) error {
	b := p.scratch()[:4*(last-first+1)]
	target.Put(b, first, last)
	pg.unsure = true
	if err := p.write(b, pg.bitmapOffset()+int64(4*first)); err != nil {
		return err
	}
	pg.unsure = false
	copy(pg.stored[first:last+1], target[first:last+1])
	return nil
}

// ascertain reads the bitmap again after a failed write, since part of it may be
// written, and later writes must include that part. If flash has an item as partly
// erased, the item is gone, as the next opening would find.
func (p *Partition) ascertain(pg *page) error {
	if !pg.unsure {
		return nil
	}
	b := p.scratch()[:nvsfmt.HeaderSize]
	if _, err := p.flash.ReadAt(b, pg.bitmapOffset()); err != nil {
		return err
	}
	have := nvsfmt.ParseBitmap(b)
	for w := range have {
		pg.stored[w] &= have[w]
	}
	pg.unsure = false
	end := nvsfmt.EntriesPerPage
	for j := len(pg.items) - 1; j >= 0; j-- {
		at, span := pg.items[j].at(), 1
		for at+span < end && pg.bits.At(at+span) == nvsfmt.UseWritten {
			span++
		}
		if end = at; !pg.stored.All(at, at+span, nvsfmt.UseWritten) {
			p.drop(pos{pg, at}, span)
			p.stale = true // other parts of a blob may be left
		}
	}
	return nil
}

// flush stores all waiting marks of a page. After an error they keep waiting, and flush
// may be called again.
func (p *Partition) flush(pg *page) error {
	if pg.bits == pg.stored && !pg.unsure {
		return nil
	}
	if err := p.writeBitmap(pg, pg.headMask); err != nil {
		return err
	}
	if err := p.writeBitmap(pg, none); err != nil {
		return err
	}
	pg.heads = [4]uint32{}
	return nil
}

func none(int) uint32 { return 0 }

func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	return append(make([]byte, 0, len(b)+n), b...)
}
