// SPDX-License-Identifier: Apache-2.0

package nvs

import (
	"iter"
	"slices"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
)

// Entries implements store.Store, in ESP-IDF's order: the oldest page first, so the key
// set last is at the end. Like ESP-IDF it leaves out blobs of format version 1; Get, Find
// and Erase know them. If the loop's body sets keys, a page change may move keys to the
// end, which are then yielded twice.
func (p *Partition) Entries(namespace string) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		c := cursor{}
		for {
			e, ok, err := p.next(&c, namespace)
			if err != nil {
				yield(store.Entry{}, fail("entries", namespace, "", err))
				return
			}
			if !ok || !yield(e, nil) {
				return
			}
		}
	}
}

// cursor is a place between items that stays valid when pages change.
type cursor struct {
	seq uint32
	at  int
}

// next returns the first entry at or behind c, and moves c behind it.
func (p *Partition) next(c *cursor, namespace string) (store.Entry, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(false); err != nil {
		return store.Entry{}, false, err
	}
	for _, pg := range p.pages[count(len(p.pages), func(i int) bool { return p.pages[i].seq < c.seq }):] {
		if pg.seq > c.seq {
			*c = cursor{seq: pg.seq}
		}
		for _, it := range pg.items[count(len(pg.items), func(i int) bool { return pg.items[i].at() < c.at }):] {
			if it.kind() == kindName || it.kind() == kindIndex {
				continue
			}
			c.at = it.at() + 1
			if err := p.read(pos{pg, it.at()}); err != nil {
				return store.Entry{}, false, err
			}
			if e, ok := p.listed(); ok && (namespace == "" || e.Namespace == namespace) {
				return e, true, nil
			}
		}
	}
	return store.Entry{}, false, nil
}

// count returns how many of n sorted elements are before a place.
func count(n int, before func(i int) bool) int {
	from := 0
	for from < n {
		if middle := (from + n) / 2; before(middle) {
			from = middle + 1
		} else {
			n = middle
		}
	}
	return from
}

// listed returns the Entry for the entry just read.
func (p *Partition) listed() (store.Entry, bool) {
	typ := p.entry.Type()
	switch {
	case typ == nvsfmt.TypeChunk && p.entry.Chunk()&^nvsfmt.BaseB == 0:
	case p.entry.Chunk() == nvsfmt.NoChunk && (typ == nvsfmt.TypeString || nvsfmt.Size(typ) != 0):
	default:
		return store.Entry{}, false
	}
	name, ok := p.nameOf(p.entry.Namespace())
	if !ok {
		return store.Entry{}, false
	}
	return store.Entry{Namespace: name, Key: p.entry.Name().String(), Type: typeOf(typ)}, true
}

// Namespaces yields the namespaces with their numbers on flash, in the order in which
// they were found or made, also those without keys. In a partition that others wrote two
// names may have the same number.
func (p *Partition) Namespaces() iter.Seq2[string, uint8] {
	return func(yield func(string, uint8) bool) {
		for i := 0; ; i++ {
			p.mu.Lock()
			if i >= len(p.spaces) {
				p.mu.Unlock()
				return
			}
			s := p.spaces[i]
			index, _ := p.space(s.name)
			again := slices.ContainsFunc(p.spaces[:i], func(t space) bool { return t.name == s.name })
			p.mu.Unlock()
			if !again && !yield(s.name, index) {
				return
			}
		}
	}
}

// Stats counts entries of 32 bytes.
type Stats struct {
	Used       int // entries of items, namespaces and data
	Free       int // all others, also erased entries and those of free sectors
	Available  int // Free without the sector that stays free
	Total      int
	Namespaces int // entries of the directory, also invalid ones
}

// Stats returns how full the partition is.
func (p *Partition) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Stats{Total: p.sectors * nvsfmt.EntriesPerPage, Namespaces: len(p.spaces)}
	for _, pg := range p.pages {
		s.Used += pg.live
	}
	s.Free = s.Total - s.Used
	s.Available = max(0, s.Free-nvsfmt.EntriesPerPage)
	return s
}

// Used returns how many entries of 32 bytes a namespace's keys take. It fails with
// NotFound if there is no such namespace.
func (p *Partition) Used(namespace string) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, err := p.used(namespace)
	return n, fail("used", namespace, "", err)
}

func (p *Partition) used(namespace string) (int, error) {
	if err := p.usable(false); err != nil {
		return 0, err
	}
	ns, ok := p.space(namespace)
	if !ok {
		return 0, NotFound
	}
	n := 0
	for _, pg := range p.pages {
		for _, it := range pg.items {
			if err := p.read(pos{pg, it.at()}); err != nil {
				return 0, err
			}
			if p.entry.Namespace() == ns {
				n += p.entry.Span()
			}
		}
	}
	return n, nil
}
