// SPDX-License-Identifier: Apache-2.0

package nvs

import (
	"slices"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
)

// Erase implements store.Store. If the flash fails and cannot be read either, a later
// call or the next Open may still erase the key.
func (p *Partition) Erase(namespace, key string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return notFound("erase", namespace, key, p.eraseKey(namespace, key))
}

func (p *Partition) eraseKey(namespace, key string) error {
	if err := p.usable(true); err != nil {
		return err
	}
	q, err := p.findKey(namespace, key)
	if err != nil {
		return err
	}
	e := p.entry
	if err := p.eraseOn(q.pg, func(at int) bool { return at == q.at }); err != nil {
		return err
	}
	if e.Type() == nvsfmt.TypeIndex {
		// Without its index the key is gone. If marking the chunks fails, the next
		// flush or opening does it.
		_, count, base := e.Index()
		p.dropChunks(q.pg, e.Namespace(), e.Name(), base, count)
		for _, pg := range p.pages {
			_ = p.flush(pg)
		}
	}
	return nil
}

// EraseAll implements store.Store. It erases page by page; a power cut in between leaves
// the keys of some pages. The namespace keeps its number.
func (p *Partition) EraseAll(namespace string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fail("erase", namespace, "", p.eraseAll(namespace))
}

func (p *Partition) eraseAll(namespace string) error {
	if err := p.usable(true); err != nil {
		return err
	}
	ns, ok := p.space(namespace)
	if !ok {
		return checkNames("erase", namespace, "-")
	}
	// As in Erase, indexes are erased before chunks.
	err := p.eraseValues(ns)
	for _, pg := range p.pages {
		if p.dropUnnamed(pg, ns) != nil {
			p.stale = true
		}
		_ = p.flush(pg)
	}
	return err
}

func (p *Partition) eraseValues(ns byte) error {
	for _, pg := range p.pages {
		var chosen [4]uint32
		for _, it := range pg.items {
			if it.kind() == kindChunk {
				continue
			}
			if err := p.read(pos{pg, it.at()}); err != nil {
				return err
			}
			if p.entry.Namespace() == ns {
				chosen[it.at()/32] |= 1 << (it.at() % 32)
			}
		}
		if chosen == [4]uint32{} {
			continue
		}
		if err := p.eraseOn(pg, func(at int) bool { return chosen[at/32]&(1<<(at%32)) != 0 }); err != nil {
			return err
		}
	}
	return nil
}

// dropUnnamed drops, in memory, a namespace's chunks on a page whose index is
// gone.
func (p *Partition) dropUnnamed(pg *page, ns byte) error {
	for j := len(pg.items) - 1; j >= 0; j-- {
		q := pos{pg, pg.items[j].at()}
		if pg.items[j].kind() != kindChunk {
			continue
		}
		if err := p.read(q); err != nil {
			return err
		}
		e := p.entry
		if e.Namespace() != ns {
			continue
		}
		index, err := p.find(ns, e.Name(), nvsfmt.NoChunk)
		if err != nil {
			return err
		}
		if !index.ok() {
			p.drop(q, e.Span())
		}
	}
	return nil
}

// eraseOn erases the chosen items of a page on flash. After an error they stay.
func (p *Partition) eraseOn(pg *page, chosen func(at int) bool) error {
	bits, heads, live := pg.bits, pg.heads, pg.live
	for _, it := range pg.items {
		if !chosen(it.at()) {
			continue
		}
		if err := p.read(pos{pg, it.at()}); err != nil {
			pg.bits, pg.heads, pg.live = bits, heads, live
			return err
		}
		pg.clear(it.at(), p.entry.Span())
	}
	if err := p.flush(pg); err != nil {
		pg.bits, pg.heads, pg.live = bits, heads, live
		if p.ascertain(pg) == nil && !slices.ContainsFunc(pg.items, func(it item) bool { return chosen(it.at()) }) {
			return nil // the write failed, but the items are erased
		}
		return err
	}
	kept := pg.items[:0]
	for _, it := range pg.items {
		if !chosen(it.at()) {
			kept = append(kept, it)
		}
	}
	pg.items = kept
	return nil
}
