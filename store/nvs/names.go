// SPDX-License-Identifier: Apache-2.0

package nvs

import "github.com/wifiprov/wifiprov/internal/nvsfmt"

// space gives a namespace its number on flash.
type space struct {
	name  string
	index byte
}

// space returns the number of a namespace. If several entries have its name, the first
// is valid (nvs.md 5.9).
func (p *Partition) space(name string) (byte, bool) {
	for i := range p.spaces {
		if p.spaces[i].name == name {
			return p.spaces[i].index, true
		}
	}
	return 0, false
}

// nameOf returns the first namespace with a number.
func (p *Partition) nameOf(index byte) (string, bool) {
	for i := range p.spaces {
		if p.spaces[i].index != index {
			continue
		}
		if counts, _ := p.space(p.spaces[i].name); counts == index {
			return p.spaces[i].name, true
		}
	}
	return "", false
}

// loadNames lists the directory of namespaces, invalid entries included, since their
// numbers are in use.
func (l *loader) loadNames() error {
	l.spaces = make([]space, 0, l.names)
	for _, pg := range l.pages {
		for _, it := range pg.items {
			if it.kind() != kindName {
				continue
			}
			if err := l.read(pos{pg, it.at()}); err != nil {
				return err
			}
			if index := l.entry.Value()[0]; index != 0 && index <= nvsfmt.MaxNamespaces {
				l.spaces = append(l.spaces, space{l.entry.Name().String(), index})
			}
		}
	}
	return nil
}

// settleNames drops entries that share a name with a later entry where ESP-IDF erases
// them: if both are on an active page, or if the later one is the last item of all. Only
// then a power cut can have left both (nvs.md 5.3, 5.6). All others stay.
func (l *loader) settleNames() error {
	var last pos
	for _, pg := range l.pages {
		last = pos{}
		for j := len(pg.items) - 1; j >= 0; j-- {
			if j >= len(pg.items) || pg.items[j].kind() != kindName {
				continue
			}
			q := pos{pg, pg.items[j].at()}
			if j == len(pg.items)-1 {
				last = q
			}
			if pg.state == nvsfmt.Active {
				if err := l.dropNamesakes(q, pg); err != nil {
					return err
				}
			}
		}
	}
	for _, pg := range l.pages {
		if last.ok() && pg != last.pg && pg.state != nvsfmt.Freeing {
			if err := l.dropNamesakes(last, pg); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropNamesakes drops a page's other entries with the name of one.
func (l *loader) dropNamesakes(q pos, on *page) error {
	e, err := l.plain(q)
	if err != nil {
		return err
	}
	for {
		other, err := l.scan(on, hashOf(0, e.Name(), e.Chunk()), q, 0, e.Name(), e.Chunk())
		if err != nil || !other.ok() || l.entry.Type() != nvsfmt.TypeU8 {
			return err
		}
		l.drop(other, 1)
	}
}

// eraseNamesakes erases the invalid entries of namespaces before a page is moved. If the
// move took the valid entry behind an invalid one, the latter would become valid.
func (p *Partition) eraseNamesakes() error {
	for _, s := range p.spaces {
		if index, _ := p.space(s.name); index == s.index {
			continue
		}
		for _, pg := range p.pages {
			if err := p.eraseName(pg, nvsfmt.AnyName(s.name), s.index); err != nil {
				return err
			}
		}
	}
	return nil
}

// eraseName erases a page's entries that give a namespace a number.
func (p *Partition) eraseName(pg *page, name nvsfmt.Name, index byte) error {
	for j := len(pg.items) - 1; j >= 0; j-- {
		q := pos{pg, pg.items[j].at()}
		if pg.items[j].kind() != kindName {
			continue
		}
		if err := p.read(q); err != nil {
			return err
		}
		if p.entry.Name() == name && p.entry.Value()[0] == index {
			p.drop(q, 1)
		}
	}
	return p.flush(pg)
}
