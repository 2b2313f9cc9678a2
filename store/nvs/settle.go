// SPDX-License-Identifier: Apache-2.0

package nvs

import "github.com/wifiprov/wifiprov/internal/nvsfmt"

// settleItems drops items that were replaced or never finished. Of several items with one
// name the newest is valid, whatever its type. An index is valid if its chunks are
// complete, a chunk if an index names it (nvs.md 5.3, 5.6, 5.10, with 10.1, 10.2 and
// 10.5). The directory of namespaces has its own rule.
func (l *loader) settleItems() error {
	if err := l.settleNames(); err != nil {
		return err
	}
	total := 0
	for _, pg := range l.pages {
		total += len(pg.items)
	}
	bits := 64
	for bits < 16*total {
		bits *= 2
	}
	l.seen = make([]uint64, bits/64)
	chunks := false
	for i := len(l.pages) - 1; i >= 0; i-- {
		pg := l.pages[i]
		for j := len(pg.items) - 1; j >= 0; j-- {
			it := pg.items[j]
			switch it.kind() {
			case kindName:
				continue
			case kindChunk:
				chunks = true
				continue
			}
			if err := l.settleItem(pg, it); err != nil {
				return err
			}
		}
	}
	if chunks {
		return l.dropOrphans()
	}
	return nil
}

// settleItem keeps or drops an item of a whole value.
func (l *loader) settleItem(pg *page, it item) error {
	q := pos{pg, it.at()}
	h := int(it.hash()) & (64*len(l.seen) - 1)
	met := l.seen[h/64]&(1<<(h%64)) != 0
	l.seen[h/64] |= 1 << (h % 64)
	if !met && it.kind() != kindIndex {
		return nil
	}
	e, err := l.plain(q)
	if err != nil {
		return err
	}
	if met {
		newer, err := l.find(e.Namespace(), e.Name(), e.Chunk())
		if err != nil {
			return err
		}
		if newer.ok() && newer != q {
			l.drop(q, e.Span())
			return nil
		}
	}
	if it.kind() == kindIndex {
		complete, err := l.complete(pg, &e)
		if err != nil {
			return err
		}
		if !complete {
			l.drop(q, 1)
		}
	}
	return nil
}

// complete reports whether all chunks of an index exist, and then marks them to be kept.
func (l *loader) complete(pg *page, index *nvsfmt.Entry) (bool, error) {
	size, count, base := index.Index()
	for keep := range 2 {
		sum := 0
		for i := range count {
			q, err := l.chunk(pg, index.Namespace(), index.Name(), base+byte(i))
			if err != nil || !q.ok() {
				return false, err
			}
			sum += l.entry.DataSize()
			if keep == 1 {
				q.pg.keep[q.at/32] |= 1 << (q.at % 32)
			}
		}
		if sum != size {
			return false, nil
		}
	}
	return true, nil
}

// dropOrphans drops all chunks that no index names.
func (l *loader) dropOrphans() error {
	for _, pg := range l.pages {
		for j := len(pg.items) - 1; j >= 0; j-- {
			it := pg.items[j]
			at := it.at()
			if it.kind() != kindChunk || pg.keep[at/32]&(1<<(at%32)) != 0 {
				continue
			}
			e, err := l.plain(pos{pg, at})
			if err != nil {
				return err
			}
			l.drop(pos{pg, at}, e.Span())
		}
	}
	return nil
}
