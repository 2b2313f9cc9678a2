// SPDX-License-Identifier: Apache-2.0

package nvs

import (
	"bytes"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
)

// terminator ends a string on flash.
var terminator = []byte{0}

// Set implements store.Store. It does not write an unchanged value. It writes the new
// value before it gives up the old one, so both need room. An integer takes one entry of
// 32 bytes; a string or blob takes one more for every 32 bytes or part of them, and a
// blob another two. One sector stays free.
func (p *Partition) Set(namespace, key string, t store.Type, value []byte) error {
	if err := checkValue(namespace, key, t, value); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return fail("set", namespace, key, p.set(namespace, key, t, value))
}

func (p *Partition) set(namespace, key string, t store.Type, value []byte) error {
	if err := p.usable(true); err != nil {
		return err
	}
	ns, err := p.makeSpace(namespace)
	if err != nil {
		return err
	}
	name := nvsfmt.NameOf(key)
	old, err := p.find(ns, name, nvsfmt.NoChunk)
	if err != nil {
		return err
	}
	if t == store.TypeBlob {
		return p.setBlob(ns, name, value, old)
	}
	var more []byte
	size, span := len(value), 1
	if t == store.TypeString {
		more = terminator
		size++
		span = nvsfmt.Span(size)
	}
	if old.ok() && p.entry.Type() == byte(t) {
		same, err := p.same(old, value, more)
		if err != nil || same {
			return err
		}
	}
	if err := p.reserve(span); err != nil {
		return err
	}
	p.entry.New(ns, byte(t), span, nvsfmt.NoChunk, name)
	data := value
	if t == store.TypeString {
		p.entry.SetData(size, nvsfmt.Continue(nvsfmt.Sum(value), more))
	} else {
		copy(p.entry.Value(), value)
		data = nil
	}
	p.entry.Seal()
	q, err := p.put(data, more)
	if err != nil {
		return err
	}
	p.replaced(q, ns, name)
	return nil
}

// makeSpace returns the number of a namespace, and creates the namespace if need be
// (nvs.md 8.4).
func (p *Partition) makeSpace(name string) (byte, error) {
	if index, ok := p.space(name); ok {
		return index, nil
	}
	index, err := p.freeIndex()
	if err != nil {
		return 0, err
	}
	if err := p.reserve(1); err != nil {
		return 0, err
	}
	p.entry.New(0, nvsfmt.TypeU8, 1, nvsfmt.NoChunk, nvsfmt.NameOf(name))
	p.entry.Value()[0] = index
	p.entry.Seal()
	q, err := p.put(nil, nil)
	if err != nil {
		return 0, err
	}
	p.replaced(q, 0, nvsfmt.NameOf(name)) // an entry with an invalid number
	p.spaces = append(p.spaces, space{name, index})
	return index, nil
}

// freeIndex returns the lowest number that no namespace and no item has. A damaged
// directory may leave items without a namespace, which a new namespace must not get.
func (p *Partition) freeIndex() (byte, error) {
	var used [256]bool
	for _, s := range p.spaces {
		used[s.index] = true
	}
	for _, pg := range p.pages {
		for _, it := range pg.items {
			if err := p.read(pos{pg, it.at()}); err != nil {
				return 0, err
			}
			used[p.entry.Namespace()] = true
		}
	}
	for index := 1; index <= nvsfmt.MaxNamespaces; index++ {
		if !used[index] {
			return byte(index), nil
		}
	}
	return 0, NotEnoughSpace
}

// same reports whether the item whose entry was just read, of a type that is
// no blob, holds value followed by more.
func (p *Partition) same(q pos, value, more []byte) (bool, error) {
	if !nvsfmt.HasData(p.entry.Type()) {
		return bytes.Equal(p.entry.Value()[:len(value)], value), nil
	}
	size := len(value) + len(more)
	if p.entry.DataSize() != size || p.entry.DataSum() != nvsfmt.Continue(nvsfmt.Sum(value), more) {
		return false, nil
	}
	off := q.pg.offset(q.at + 1)
	for len(value)+len(more) > 0 {
		b := p.scratch()[:min(len(p.buf), (len(value)+len(more)+nvsfmt.EntrySize-1)/nvsfmt.EntrySize*nvsfmt.EntrySize)]
		if _, err := p.flash.ReadAt(b, off); err != nil {
			return false, err
		}
		p.crypt.Decrypt(b, off)
		off += int64(len(b))
		n := min(len(b), len(value))
		m := min(len(b)-n, len(more))
		if !bytes.Equal(b[:n], value[:n]) || !bytes.Equal(b[n:n+m], more[:m]) {
			return false, nil
		}
		value, more = value[n:], more[m:]
	}
	return true, nil
}

// setBlob stores a blob as in nvs.md 8.2, but also uses the last 400 bytes of a page. old
// is the key's present value, whose entry was just read.
func (p *Partition) setBlob(ns byte, name nvsfmt.Name, value []byte, old pos) error {
	if len(value) > min((p.sectors-1)*nvsfmt.MaxData, nvsfmt.MaxBlob) || nvsfmt.Span(len(value))+1 > p.available() {
		return NotEnoughSpace
	}
	base := byte(nvsfmt.BaseA)
	if old.ok() {
		index := p.entry.Type() == nvsfmt.TypeIndex
		if index {
			_, _, base = p.entry.Index()
			base ^= nvsfmt.BaseB
		}
		if same, err := p.sameBlob(old, ns, name, value); err != nil || same {
			return err
		}
	}
	w := blobWriter{Partition: p, ns: ns, name: name, base: base, size: len(value)}
	index, err := w.write(value)
	if err != nil {
		w.undo()
		return err
	}
	p.replaced(index, ns, name)
	return nil
}

// sameBlob reports whether the value whose entry was just read is this blob.
func (p *Partition) sameBlob(old pos, ns byte, name nvsfmt.Name, value []byte) (bool, error) {
	if p.entry.Type() != nvsfmt.TypeIndex {
		return false, nil // an old blob is replaced by the new form
	}
	size, count, base := p.entry.Index()
	if size != len(value) {
		return false, nil
	}
	for i := range count {
		q, err := p.chunk(old.pg, ns, name, base+byte(i))
		if err != nil || !q.ok() {
			return false, err
		}
		n := p.entry.DataSize()
		if n > len(value) {
			return false, nil
		}
		same, err := p.same(q, value[:n], nil)
		if err != nil || !same {
			return false, err
		}
		value = value[n:]
	}
	return len(value) == 0, nil
}

// MaxBlob returns the length in bytes of the longest blob that the partition takes while
// it holds nothing else. A blob that replaces another one needs room beside it.
func (p *Partition) MaxBlob() int {
	return max(0, min((p.sectors-1)*nvsfmt.MaxData-2*nvsfmt.EntrySize, store.MaxBlob))
}

// available returns an upper bound of the entries that can be written.
func (p *Partition) available() int {
	n := (len(p.unused) - 1) * nvsfmt.EntriesPerPage
	for _, pg := range p.pages {
		n += nvsfmt.EntriesPerPage - pg.live
	}
	return n
}

// replaced gives up the older value of a key whose new value is at q. At this point the
// set has succeeded. Marks that cannot be stored now wait for the next flush, and Open
// drops the older of two values anyway.
//
// Marks on the newest page wait, to be stored together. If ESP-IDF finds two values of a
// key on its newest page, it takes the later one too (nvs.md 5.3). Only the marks of a
// blob with several chunks cannot wait. The next value but one has the same chunk
// numbers; if it has fewer chunks, ESP-IDF would take the old ones for its own (nvs.md
// 5.10).
func (p *Partition) replaced(q pos, ns byte, name nvsfmt.Name) {
	old, err := p.findBut(q, ns, name, nvsfmt.NoChunk)
	switch {
	case err != nil:
		p.stale = true
	case old.ok():
		chunks := p.giveUp(old)
		p.flushOlder()
		if pg := p.newest(); chunks > 1 {
			_ = p.writeBitmap(pg, pg.headMask) // a chunk without its data is invalid
		}
	}
}

// giveUp drops the value whose entry was just read, in memory, and returns how
// many chunks it had.
func (p *Partition) giveUp(q pos) int {
	ns, name := p.entry.Namespace(), p.entry.Name()
	count, base := 0, byte(0)
	if p.entry.Type() == nvsfmt.TypeIndex {
		_, count, base = p.entry.Index()
	}
	p.drop(q, p.entry.Span())
	p.dropChunks(q.pg, ns, name, base, count)
	return count
}

// dropChunks drops chunks that no index names any more, in memory.
func (p *Partition) dropChunks(near *page, ns byte, name nvsfmt.Name, base byte, count int) {
	for i := range count {
		c, err := p.chunk(near, ns, name, base+byte(i))
		switch {
		case err != nil:
			p.stale = true
		case c.ok():
			p.drop(c, p.entry.Span())
		}
	}
}

// flushOlder tries to store the marks of all pages but the newest.
func (p *Partition) flushOlder() {
	for _, pg := range p.pages[:len(p.pages)-1] {
		_ = p.flush(pg)
	}
}
