// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package nvs

import "github.com/wifiprov/wifiprov/internal/nvsfmt"

// indexFrom is the smallest partition that gets an index, in sectors: 68 KiB. In smaller
// ones a search through the items is as fast. Tests change it.
var indexFrom = 17

// index tells which pages may have an item with a hash, so that a lookup need not search
// all items of a large partition. It takes 8 to 16 bytes for each item. It is for hosts:
// chips have neither such partitions nor the memory.
//
// It is a hash table of sectors. Removed items stay listed until the index is built
// again; they only cost a useless search of their page.
type index struct {
	pages []*page // by sector; nil: none
	// slots: sector+1 in the high half, the hash's high bits in the low half.
	// 0: free. A chain of slots begins at the hash's low bits.
	slots []uint32
	used  int
}

// The hash has 23 bits: tagShift leaves those that 16 bits take.
const (
	tagShift   = 7
	mostSlots  = 1 << 23
	mostSector = 1<<16 - 2
)

// buildIndex lists all items anew.
func (p *Partition) buildIndex() {
	if p.sectors < indexFrom || p.sectors > mostSector {
		return
	}
	items := 0
	for _, pg := range p.pages {
		items += len(pg.items)
	}
	n := 1 << 10
	for n < 4*items && n < mostSlots {
		n *= 2
	}
	p.index = index{pages: make([]*page, p.sectors), slots: make([]uint32, n)}
	for _, pg := range p.pages {
		p.index.pages[pg.sector] = pg
		for _, it := range pg.items {
			p.index.put(pg, it)
		}
	}
}

// put lists an item.
func (x *index) put(pg *page, it item) {
	x.pages[pg.sector] = pg
	slot := uint32(pg.sector+1)<<16 | it.hash()>>tagShift
	i := int(it.hash()) & (len(x.slots) - 1)
	for ; x.slots[i] != 0; i = (i + 1) & (len(x.slots) - 1) {
		if x.slots[i] == slot {
			return
		}
	}
	x.slots[i] = slot
	x.used++
}

// indexItem lists an item that was added to a page.
func (p *Partition) indexItem(pg *page, it item) {
	if p.index.slots == nil {
		return
	}
	if p.index.put(pg, it); p.index.used > len(p.index.slots)*3/4 {
		p.buildIndex()
	}
}

// unindexPage forgets a page that is no longer in use.
func (p *Partition) unindexPage(pg *page) {
	if p.index.slots != nil && p.index.pages[pg.sector] == pg {
		p.index.pages[pg.sector] = nil
	}
}

// dropIndex makes lookups go through all items.
func (p *Partition) dropIndex() { p.index = index{} }

// findIndexed is findBut by the index; false without one.
func (p *Partition) findIndexed(but pos, namespace byte, name nvsfmt.Name, chunk byte) (found pos, known bool, err error) {
	x := &p.index
	if x.slots == nil {
		return pos{}, false, nil
	}
	hash, mask, pages := hashOf(namespace, name, chunk), len(x.slots)-1, 0
	for i := int(hash) & mask; x.slots[i] != 0; i = (i + 1) & mask {
		pg := x.pages[x.slots[i]>>16-1]
		if pg == nil || x.slots[i]&0xffff != hash>>tagShift || found.ok() && pg.seq < found.pg.seq {
			continue
		}
		pages++
		q, err := p.scan(pg, hash, but, namespace, name, chunk)
		if err != nil {
			return pos{}, true, err
		}
		if q.ok() {
			found = q
		}
	}
	if found.ok() && pages > 1 {
		err = p.read(found) // a later page may have had another name with this hash
	}
	return found, true, err
}
