package nvs

import (
	"iter"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
)

// Entries implements store.Store, in ESP-IDF's order: oldest page first, and a
// key that was set is at the end (nvs.md 13). Blobs of format version 1 are
// left out, as ESP-IDF does; Get, Find and Erase know them. If the loop's body
// sets keys, a page change may bring keys to the end that were met already.
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
	for _, pg := range p.pages {
		if pg.seq < c.seq {
			continue
		}
		if pg.seq > c.seq {
			*c = cursor{seq: pg.seq}
		}
		for _, it := range pg.items {
			if it.at() < c.at || it.kind() == kindName || it.kind() == kindIndex {
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

// listed returns what Entries says of the entry just read.
func (p *Partition) listed() (store.Entry, bool) {
	typ := p.entry.Type()
	switch {
	case typ == nvsfmt.TypeChunk && p.entry.Chunk()&^nvsfmt.BaseB == 0:
	case p.entry.Chunk() == nvsfmt.NoChunk && (typ == nvsfmt.TypeString || nvsfmt.Size(typ) != 0):
	default:
		return store.Entry{}, false
	}
	for _, s := range p.spaces {
		if s.index == p.entry.Namespace() {
			return store.Entry{Namespace: s.name, Key: p.entry.Name().String(), Type: typeOf(typ)}, true
		}
	}
	return store.Entry{}, false
}

// Namespaces yields the namespaces with their numbers on flash, in the order
// in which they were found or made. Namespaces without keys are among them.
func (p *Partition) Namespaces() iter.Seq2[string, uint8] {
	return func(yield func(string, uint8) bool) {
		for i := 0; ; i++ {
			p.mu.Lock()
			if i >= len(p.spaces) {
				p.mu.Unlock()
				return
			}
			s := p.spaces[i]
			p.mu.Unlock()
			if !yield(s.name, s.index) {
				return
			}
		}
	}
}

// Stats counts entries of 32 bytes (nvs.md 14).
type Stats struct {
	Used       int // hold items, namespaces, and data
	Free       int // all others, those that were given up and those of free sectors among them
	Available  int // Free without the sector that stays free
	Total      int
	Namespaces int
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

// Used returns the entries of 32 bytes that a namespace's keys take, without
// its own. NotFound: there is no such namespace.
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
