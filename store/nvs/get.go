// SPDX-License-Identifier: Apache-2.0

package nvs

import (
	"strconv"
	"strings"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
)

// Get implements store.Store. It also reads TypeFloat and TypeDouble, and blobs of both
// format versions as store.TypeBlob. A value with a wrong checksum is NotFound; ESP-IDF
// erases such values, Get leaves them for package nvscheck to explain. Like Find and the
// erasing methods, Get takes names that Set refuses, for values that others stored. It
// allocates nothing if dst has room.
func (p *Partition) Get(dst []byte, namespace, key string, t store.Type) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	got, why, err := p.get(dst, namespace, key, t)
	switch {
	case err != nil:
		return dst, notFound("get", namespace, key, err)
	case why != "":
		return dst, &store.Error{Op: "get", Namespace: namespace, Key: key, Err: NotFound, Why: why}
	}
	return got, nil
}

func (p *Partition) get(dst []byte, namespace, key string, t store.Type) (value []byte, why string, err error) {
	q, err := p.findKey(namespace, key)
	if err != nil {
		return dst, "", err
	}
	e := &p.entry
	if have := typeOf(e.Type()); have != t {
		return dst, "it is a " + have.String() + ", not a " + t.String(), nil
	}
	switch e.Type() {
	case nvsfmt.TypeIndex:
		return p.getBlob(dst, q)
	case nvsfmt.TypeString, nvsfmt.TypeOldBlob:
		return p.getData(dst, q)
	}
	return append(dst, e.Value()[:nvsfmt.Size(e.Type())]...), "", nil
}

// getData appends the data of the item whose entry was just read.
func (p *Partition) getData(dst []byte, q pos) ([]byte, string, error) {
	text := p.entry.Type() == nvsfmt.TypeString
	size, want := p.entry.DataSize(), p.entry.DataSum()
	got, sum, err := p.readData(dst, q, size)
	if err != nil {
		return dst, "", err
	}
	if sum != want {
		return dst, "its data checksum is wrong", nil
	}
	if text {
		n := len(got) - 1
		if size == 0 || got[n] != 0 {
			return dst, "the string has no terminator", nil
		}
		got = got[:n]
	}
	return got, "", nil
}

// getBlob appends the blob whose index was just read.
func (p *Partition) getBlob(dst []byte, q pos) ([]byte, string, error) {
	ns, name := p.entry.Namespace(), p.entry.Name()
	size, count, base := p.entry.Index()
	if size > p.sectors*SectorSize {
		return dst, "its index is wrong", nil
	}
	got := grow(dst, size)
	start := len(got)
	for i := range count {
		c, err := p.chunk(q.pg, ns, name, base+byte(i))
		if err != nil {
			return dst, "", err
		}
		if !c.ok() {
			return dst, "chunk " + strconv.Itoa(i) + " is missing", nil
		}
		n, want := p.entry.DataSize(), p.entry.DataSum()
		var sum uint32
		if got, sum, err = p.readData(got, c, n); err != nil {
			return dst, "", err
		}
		if sum != want {
			return dst, "the data checksum of chunk " + strconv.Itoa(i) + " is wrong", nil
		}
	}
	if len(got)-start != size {
		return dst, "its chunks do not add up", nil
	}
	return got, "", nil
}

// typeOf returns the type of an item for callers.
func typeOf(typ byte) store.Type {
	switch typ {
	case nvsfmt.TypeIndex, nvsfmt.TypeOldBlob, nvsfmt.TypeChunk:
		return store.TypeBlob
	}
	return store.Type(typ)
}

// Find returns the type of the value under a key; NotFound without one.
func (p *Partition) Find(namespace, key string) (store.Type, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.findKey(namespace, key); err != nil {
		return 0, notFound("find", namespace, key, err)
	}
	return typeOf(p.entry.Type()), nil
}

// findKey finds the item of a key's value, or the index if it is a blob, and reads its
// entry into p.entry; NotFound without one.
func (p *Partition) findKey(namespace, key string) (pos, error) {
	if err := p.usable(false); err != nil {
		return pos{}, err
	}
	ns, ok := p.space(namespace)
	if !ok || !possible(key) {
		return pos{}, NotFound
	}
	q, err := p.find(ns, nvsfmt.AnyName(key), nvsfmt.NoChunk)
	if err == nil && !q.ok() {
		err = NotFound
	}
	return q, err
}

// possible reports whether an entry can have a name. Other writers may store names that
// Set refuses.
func possible(name string) bool {
	return len(name) <= nvsfmt.MaxName && strings.IndexByte(name, 0) < 0
}
