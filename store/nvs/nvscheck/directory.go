// SPDX-License-Identifier: Apache-2.0

package nvscheck

import (
	"fmt"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
)

// names reports whether an item gives a namespace its number.
func (it *item) names() bool {
	return it.e.Namespace() == 0 && it.e.Type() == nvsfmt.TypeU8
}

// namesakes drops entries that share a name with a later entry where opening erases them
// (nvs.md 5.3, 5.6): if both are on an active page, or if the later one is the last item
// of all.
func (c *checker) namesakes() {
	if len(c.pages) == 0 {
		return
	}
	drop := func(it, newer *item) {
		c.drop(it, Warning, func() string {
			return fmt.Sprintf("%s has the number %d here, and the number %d at sector %d, entry %d, which is newer: power was cut "+
				"behind that. Opening marks this one erased", c.describe(&it.e), it.e.Value()[0], newer.e.Value()[0],
				newer.pg.sector, newer.at)
		})
	}
	newest := c.pages[len(c.pages)-1]
	var last *item
	if n := len(newest.items); n > 0 && newest.items[n-1].names() {
		last = newest.items[n-1]
	}
	for _, pg := range c.pages {
		later := map[id]*item{}
		for j := len(pg.items) - 1; j >= 0; j-- {
			it := pg.items[j]
			switch {
			case !it.names():
			case pg.h.State == nvsfmt.Active && later[it.id()] != nil:
				drop(it, later[it.id()])
			case last != nil && pg != newest && pg.h.State != nvsfmt.Freeing && it.id() == last.id():
				drop(it, last)
			default:
				later[it.id()] = it
			}
		}
	}
}

// directory collects the namespaces (nvs.md 4.6, 5.9).
func (c *checker) directory() {
	c.names, c.numbers, c.hidden = map[byte]string{}, map[string]byte{}, map[byte]bool{}
	keys := map[byte]int{}
	for _, pg := range c.pages {
		for _, it := range pg.items {
			if !it.gone && it.e.Type() != nvsfmt.TypeChunk {
				keys[it.e.Namespace()]++
			}
		}
	}
	var others []*item // that give a namespace another number
	for _, pg := range c.pages {
		for _, it := range pg.items {
			if it.gone || it.e.Namespace() != 0 {
				continue
			}
			name, number := it.e.Name().String(), it.e.Value()[0]
			first, twice := c.numbers[name]
			switch {
			case it.e.Type() != nvsfmt.TypeU8:
				c.note(pg, it.at, Warning, func() string {
					return c.describe(&it.e) + " is in the directory of namespaces and names none: no writer does that. " +
						"Opening leaves it"
				})
			case number == 0 || number > nvsfmt.MaxNamespaces:
				c.note(pg, it.at, Error, func() string {
					return fmt.Sprintf("%s has the number %d, and 1 to 254 are allowed: no writer does that. Opening leaves it, "+
						"and does not know the namespace", c.describe(&it.e), number)
				})
			case twice && first == number:
				c.note(pg, it.at, Warning, func() string {
					return fmt.Sprintf("%s is named twice, with the same number %d: no writer does that. Opening leaves it, and it does "+
						"no harm", c.describe(&it.e), number)
				})
			case twice:
				others = append(others, it)
			default:
				c.numbers[name] = number
				if other, taken := c.names[number]; taken {
					c.note(pg, it.at, Warning, func() string {
						return fmt.Sprintf("%s has the number %d, and so has namespace %s: no writer does that. Opening leaves it; both "+
							"names lead to the same keys", c.describe(&it.e), number, printable(other))
					})
					continue
				}
				c.names[number] = name
			}
		}
	}
	for _, it := range others {
		c.otherNumber(it, keys[it.e.Value()[0]])
	}
}

// otherNumber explains an entry whose name had another number before.
func (c *checker) otherNumber(it *item, keys int) {
	number := it.e.Value()[0]
	severity := Warning
	reach := "no keys have the number"
	if name, leads := c.names[number]; leads {
		reach = "the keys with the number are those of namespace " + printable(name)
	} else if keys > 0 {
		c.hidden[number] = true
		severity = Error
		reach = fmt.Sprintf("%d keys have the number, and no name leads to them", keys)
	}
	c.note(it.pg, it.at, severity, func() string {
		return fmt.Sprintf("%s has the number %d here, and the number %d before: a device that did not find its own entry made it. "+
			"The first one counts for ESP-IDF and this library; %s. Opening leaves it", c.describe(&it.e), number,
			c.numbers[it.e.Name().String()], reach)
	})
}
