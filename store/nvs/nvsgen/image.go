// SPDX-License-Identifier: Apache-2.0

package nvsgen

import (
	"bytes"
	"fmt"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
)

// layout places items in an image as the original does: page after page,
// sequence numbers equal to sector numbers, the last page active and the rest
// blank (nvs.md 17).
type layout struct {
	image   []byte
	usable  int // sectors that may be used
	version byte
	cipher  *nvsfmt.Cipher

	page int // -1: none is begun
	next int // first free entry of the page
	bits nvsfmt.Bitmap
}

func newLayout(size int, version byte, cipher *nvsfmt.Cipher) *layout {
	l := &layout{image: bytes.Repeat([]byte{0xff}, size), version: version, cipher: cipher, page: -1}
	l.usable = size / nvsfmt.PageSize
	if l.usable >= minWritable {
		l.usable-- // a device needs one free sector to write
	}
	return l
}

// minWritable is the smallest partition that can be written (nvs.md 11).
const minWritable = 3

// newPage closes the page and begins the next one.
func (l *layout) newPage() error {
	if l.page+1 == l.usable {
		return ErrFull
	}
	l.header(nvsfmt.Full)
	l.page++
	l.next, l.bits = 0, nvsfmt.NewBitmap()
	l.header(nvsfmt.Active)
	return nil
}

func (l *layout) header(s nvsfmt.State) {
	if l.page >= 0 {
		nvsfmt.Header{State: s, Seq: uint32(l.page), Version: l.version}.Put(l.image[l.page*nvsfmt.PageSize:])
	}
}

// reserve begins a new page unless the present one has n free entries.
func (l *layout) reserve(n int) error {
	if l.page >= 0 && l.next+n <= nvsfmt.EntriesPerPage {
		return nil
	}
	return l.newPage()
}

// put writes an item, for which there is room.
func (l *layout) put(e *nvsfmt.Entry, data []byte) {
	e.Seal()
	off := nvsfmt.EntryOffset(l.page, l.next)
	b := l.image[off : off+int64(e.Span()*nvsfmt.EntrySize)]
	copy(b, e[:])
	copy(b[nvsfmt.EntrySize:], data)
	l.cipher.Encrypt(b, off)
	l.bits.Set(l.next, l.next+e.Span(), nvsfmt.UseWritten)
	l.bits.Put(l.image[l.page*nvsfmt.PageSize+nvsfmt.BitmapOffset:], 0, len(l.bits)-1)
	l.next += e.Span()
}

// integer writes a fixed-size value.
func (l *layout) integer(namespace byte, typ byte, name nvsfmt.Name, value []byte) error {
	if err := l.reserve(1); err != nil {
		return err
	}
	var e nvsfmt.Entry
	e.New(namespace, typ, 1, nvsfmt.NoChunk, name)
	copy(e.Value(), value)
	l.put(&e, nil)
	return nil
}

// data writes a string or an old blob. Like the original it requires one entry more than
// it uses.
func (l *layout) data(namespace byte, typ byte, name nvsfmt.Name, value []byte) error {
	if err := l.reserve(nvsfmt.Span(len(value)) + 1); err != nil {
		return err
	}
	l.withData(namespace, typ, nvsfmt.NoChunk, name, value)
	return nil
}

func (l *layout) withData(namespace, typ, chunk byte, name nvsfmt.Name, value []byte) {
	var e nvsfmt.Entry
	e.New(namespace, typ, nvsfmt.Span(len(value)), chunk, name)
	e.SetData(len(value), nvsfmt.Sum(value))
	l.put(&e, value)
}

// blob writes chunks, each as large as its page allows, and the index. The longest blob
// has nvsfmt.MaxChunks chunks.
func (l *layout) blob(namespace byte, name nvsfmt.Name, value []byte) error {
	if err := l.reserve(1); err != nil {
		return err
	}
	chunks := 0
	for rest := value; ; chunks++ {
		room := (nvsfmt.EntriesPerPage - l.next - 1) * nvsfmt.EntrySize
		n := min(room, len(rest))
		l.withData(namespace, nvsfmt.TypeChunk, byte(chunks), name, rest[:n])
		rest = rest[n:]
		// Behind the last chunk the page must have an entry for the index.
		if len(rest) > 0 || room-n < nvsfmt.EntrySize {
			if err := l.newPage(); err != nil {
				return err
			}
		}
		if len(rest) == 0 {
			break
		}
	}
	var e nvsfmt.Entry
	e.New(namespace, nvsfmt.TypeIndex, 1, nvsfmt.NoChunk, name)
	e.SetIndex(len(value), chunks+1, nvsfmt.BaseA)
	l.put(&e, nil)
	return nil
}

// maxVersion1 is the original's limit for blobs, and for strings with terminator, of
// version 1.
const maxVersion1 = 1984

func (l *layout) row(r *row) error {
	namespace, name := byte(r.namespace+1), nvsfmt.NameOf(r.key)
	switch {
	case r.typ == store.TypeString && l.version == nvsfmt.Version1 && len(r.data) >= maxVersion1:
		return &Error{File: r.file, Line: r.line, Key: r.key, Why: fmt.Sprintf(
			"a string of %d bytes: format version 1 takes at most %d; use version 2", len(r.data), maxVersion1-1)}
	case r.typ == store.TypeString:
		return l.data(namespace, nvsfmt.TypeString, name, append(r.data[:len(r.data):len(r.data)], 0))
	case r.typ != store.TypeBlob:
		return l.integer(namespace, byte(r.typ), name, r.data)
	case l.version == nvsfmt.Version1:
		if len(r.data) > maxVersion1 {
			return &Error{File: r.file, Line: r.line, Key: r.key, Why: fmt.Sprintf(
				"a blob of %d bytes: format version 1 takes at most %d; use version 2", len(r.data), maxVersion1)}
		}
		return l.data(namespace, nvsfmt.TypeOldBlob, name, r.data)
	}
	if len(r.data) > store.MaxBlob {
		return &Error{File: r.file, Line: r.line, Key: r.key, Why: fmt.Sprintf(
			"a blob of %d bytes: blobs have at most %d", len(r.data), store.MaxBlob)}
	}
	return l.blob(namespace, name, r.data)
}
