package nvs

import "github.com/wifiprov/wifiprov/internal/nvsfmt"

// blobWriter writes the chunks of a blob and then its index, which makes them
// count.
type blobWriter struct {
	*Partition
	ns     byte
	name   nvsfmt.Name
	base   byte
	size   int
	chunks int // written so far
	near   *page
}

// write returns where the index is.
func (w *blobWriter) write(value []byte) (pos, error) {
	for {
		err := w.reserve(w.entriesWanted(len(value)))
		if err == NotEnoughSpace {
			err = w.reserve(min(2, nvsfmt.Span(len(value)))) // better than nothing
		}
		if err != nil {
			return pos{}, err
		}
		free := w.newest().free()
		n := min(len(value), (free-1)*nvsfmt.EntrySize)
		last := n == len(value)
		w.entry.New(w.ns, nvsfmt.TypeChunk, nvsfmt.Span(n), w.base+byte(w.chunks), w.name)
		w.entry.SetData(n, nvsfmt.Sum(value[:n]))
		w.entry.Seal()
		w.near = w.newest()
		if last && free > nvsfmt.Span(n) && (w.crypt != nil || indexFirst(value)) {
			return w.putWithIndex(value)
		}
		if last {
			_, err = w.put(value, nil)
		} else {
			err = w.putFilling(value[:n])
		}
		if err != nil {
			return pos{}, err
		}
		w.chunks++
		if value = value[n:]; last {
			break
		}
	}
	if err := w.reserve(1); err != nil {
		return pos{}, err
	}
	w.makeIndex()
	return w.put(nil, nil)
}

// minChunk is the smallest chunk that begins a rest, in entries: what it saves
// of a page's end is worth the writes of another chunk. ESP-IDF leaves ends of
// up to 13 entries.
const minChunk = 4

// putFilling appends a chunk that fills the page, whose entry is in w.entry.
// The page is closed before the chunk's last marks, so that ESP-IDF never finds
// a complete chunk of the new value at the end of an active page (nvs.md 10.1).
func (w *blobWriter) putFilling(data []byte) error {
	var chunk item
	span := w.entry.Span()
	q, err := w.place(&chunk)
	if err != nil {
		return err
	}
	if err = w.mark(q, 0, 1); err == nil {
		err = w.writeData(q.pg.offset(q.at+1), data, nil)
	}
	if err == nil {
		err = w.closeNewest()
	}
	if err == nil {
		err = w.mark(q, 1, span)
	}
	if err != nil {
		w.spoil(q, span)
		return err
	}
	w.enlist(q, chunk, span)
	return nil
}

// entriesWanted says what a page must have free for the next chunk. A blob
// that could need more chunks than an index can name gets full pages.
func (w *blobWriter) entriesWanted(rest int) int {
	pages := (rest + nvsfmt.MaxData - 1) / nvsfmt.MaxData
	if w.chunks+pages >= nvsfmt.MaxChunks {
		return nvsfmt.Span(min(rest, nvsfmt.MaxData))
	}
	return min(minChunk, nvsfmt.Span(rest))
}

// indexFirst reports whether the last chunk of this data may be marked after
// its index was written. ESP-IDF loses the blob if power fails when it finds a
// complete chunk of the new value at the end of the newest page, with no index
// begun behind it (nvs.md 10.1); so the index goes first. But where a block
// begins like erased flash it would take the block for the page's end.
func indexFirst(data []byte) bool {
	for i := 0; i < len(data); i += nvsfmt.EntrySize {
		if nvsfmt.IsErased(data[i:min(i+4, len(data))]) {
			return false
		}
	}
	return true
}

func (w *blobWriter) makeIndex() {
	w.entry.New(w.ns, nvsfmt.TypeIndex, 1, nvsfmt.NoChunk, w.name)
	w.entry.SetIndex(w.size, w.chunks, w.base)
	w.entry.Seal()
}

// putWithIndex appends the last chunk, whose entry is in w.entry, and the
// index: chunk, index, the chunk's marks, the index's mark.
func (w *blobWriter) putWithIndex(data []byte) (pos, error) {
	var chunk, index item
	span := w.entry.Span()
	q, err := w.place(&chunk)
	if err != nil {
		return pos{}, err
	}
	x := pos{q.pg, q.at + span}
	taken := span
	if span > 1 {
		if err = w.mark(q, 0, 1); err == nil {
			err = w.writeData(q.pg.offset(q.at+1), data, nil)
		}
	}
	if err == nil {
		w.chunks++
		w.makeIndex()
		w.chunks-- // not listed yet
		if _, err = w.place(&index); err == nil {
			taken++
			err = w.mark(q, min(1, span-1), span) // an empty chunk has its first entry only
		}
		if err == nil {
			err = w.mark(x, 0, 1)
		}
	}
	if err != nil {
		w.spoil(q, taken)
		return pos{}, err
	}
	w.enlist(q, chunk, span)
	w.enlist(x, index, 1)
	w.chunks++
	return x, nil
}

// undo drops the chunks written before an error.
func (w *blobWriter) undo() {
	if w.chunks == 0 {
		return
	}
	w.dropChunks(w.near, w.ns, w.name, w.base, w.chunks)
	for _, pg := range w.pages {
		_ = w.flush(pg)
	}
}
