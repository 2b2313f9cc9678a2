// SPDX-License-Identifier: Apache-2.0

package nvscheck

import (
	"fmt"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
)

// items lists the valid values and explains peculiarities.
func (c *checker) items() {
	type unnamed struct {
		pg    *page
		at, n int
	}
	lost := map[byte]*unnamed{}
	for _, pg := range c.pages {
		for _, it := range pg.items {
			if it.gone {
				continue
			}
			c.key(it)
			c.checkData(it)
			namespace := it.e.Namespace()
			if namespace == 0 || it.e.Type() == nvsfmt.TypeChunk {
				continue
			}
			if it.e.Chunk() != nvsfmt.NoChunk {
				c.note(pg, it.at, Warning, func() string {
					return c.describe(&it.e) + " has a chunk number and is no chunk: no writer does that. Opening leaves it, and " +
						"does not find it by its name"
				})
				continue
			}
			name, named := c.names[namespace]
			if c.hidden[namespace] {
				c.report.Items = append(c.report.Items, listed(it, ""))
				continue
			}
			if !named {
				if lost[namespace] == nil {
					lost[namespace] = &unnamed{pg: pg, at: it.at}
				}
				lost[namespace].n++
			}
			l := listed(it, name)
			l.Unnamed = named && name == ""
			c.report.Items = append(c.report.Items, l)
		}
		if pg.h.State == nvsfmt.Active {
			c.collisions(pg)
		}
	}
	for namespace, u := range lost {
		c.note(u.pg, u.at, Error, textf("no namespace has the number %d, and %d keys do, this one first: the entry with the "+
			"namespace's name is lost, so no name leads to them. Opening leaves them", namespace, u.n))
	}
}

func listed(it *item, namespace string) Item {
	l := Item{Namespace: namespace, Key: it.e.Name().String(), Sector: it.pg.sector, Entry: it.at}
	switch typ := it.e.Type(); typ {
	case nvsfmt.TypeIndex:
		l.Type = store.TypeBlob
		l.Size, _, _ = it.e.Index()
	case nvsfmt.TypeOldBlob:
		l.Type, l.Old, l.Size = store.TypeBlob, true, it.e.DataSize()
	case nvsfmt.TypeString:
		l.Type, l.Size = store.TypeString, max(0, it.e.DataSize()-1)
	default:
		l.Type, l.Size = store.Type(typ), nvsfmt.Size(typ)
	}
	return l
}

// key explains odd names and types.
func (c *checker) key(it *item) {
	typ := it.e.Type()
	switch {
	case typ == nvsfmt.TypeFloat || typ == nvsfmt.TypeDouble:
		c.note(it.pg, it.at, Info, func() string {
			return c.describe(&it.e) + " is of a type that ESP-IDF knows from 6.1 on. Opening leaves it; a device with 5.x erases it"
		})
	case typ != nvsfmt.TypeIndex && !nvsfmt.HasData(typ) && nvsfmt.Size(typ) == 0:
		c.note(it.pg, it.at, Info, func() string {
			return c.describe(&it.e) + " is of an unknown type: a newer release wrote it. Opening leaves it; a device with " +
				"ESP-IDF 5.0 or later erases it"
		})
	}
	name := it.e.Name()
	switch key := name.String(); {
	case key == "":
		c.note(it.pg, it.at, Info, func() string {
			return c.describe(&it.e) + " has an empty name, which ESP-IDF allows and does not support. Opening leaves it"
		})
	case len(key) > nvsfmt.MaxKey:
		c.note(it.pg, it.at, Warning, func() string {
			return c.describe(&it.e) + " has a name of 16 bytes, and keys have at most 15: no writer does that. Opening leaves it; " +
				"a device finds it under no name, and this library under all 16 bytes"
		})
	case !ascii(key):
		c.note(it.pg, it.at, Info, func() string {
			return c.describe(&it.e) + " has a name that is not printable ASCII, which ESP-IDF allows. Opening leaves it; it can be read and erased"
		})
	}
}

// checkData explains data with a wrong checksum.
func (c *checker) checkData(it *item) {
	if !nvsfmt.HasData(it.e.Type()) {
		return
	}
	data, size := c.data(it), it.e.DataSize()
	text := it.e.Type() == nvsfmt.TypeString
	if nvsfmt.Sum(data[:size]) == it.e.DataSum() {
		if text && (size == 0 || data[size-1] != 0) {
			c.note(it.pg, it.at, Error, func() string {
				return c.describe(&it.e) + " has no terminator: no writer does that. Opening leaves it; this library says not found"
			})
		}
		return
	}
	sum := nvsfmt.Sum(data[:size])
	for n := size; text && n < len(data); n++ {
		if sum = nvsfmt.Continue(sum, data[n:n+1]); sum == it.e.DataSum() {
			c.note(it.pg, it.at, Error, func() string {
				return fmt.Sprintf("%s says %d bytes, and its checksum covers %d: ESP-IDF's generator before April 2025 counts "+
					"characters instead of bytes where text is not ASCII. Opening leaves it; reading says not found, and a device "+
					"then erases it. Set it anew", c.describe(&it.e), size, n+1)
			})
			return
		}
	}
	c.note(it.pg, it.at, Error, func() string {
		return fmt.Sprintf("%s: the checksum of its %d bytes of data is wrong: the flash is damaged, or power was cut inside a write. "+
			"Opening leaves it; reading says not found, and a device then erases it", c.describe(&it.e), size)
	})
}

// collisions warns of keys that ESP-IDF confuses with each other (nvs.md 10.2).
func (c *checker) collisions(pg *page) {
	known := map[uint32]*item{}
	for _, it := range pg.items {
		if it.gone {
			continue
		}
		sum := nvsfmt.Sum(it.e[0:1])
		sum = nvsfmt.Continue(sum, it.e[8:24])
		hash := nvsfmt.Continue(sum, it.e[3:4]) & 0xffffff
		if older := known[hash]; older != nil {
			c.note(pg, older.at, Warning, func() string {
				return fmt.Sprintf("%s and %s (entry %d) have the same hash %06x in ESP-IDF's index. Opening keeps both; a device "+
					"erases this one, the older, when it starts. Give one of them another name",
					c.describe(&older.e), c.describe(&it.e), it.at, hash)
			})
		}
		known[hash] = it
	}
}
