// SPDX-License-Identifier: Apache-2.0

package nvs

import "github.com/wifiprov/wifiprov/internal/nvsfmt"

// blobWriter writes the chunks of a blob, then the index that makes them valid.
type blobWriter struct {
	*Partition
	ns     byte
	name   nvsfmt.Name
	base   byte
	size   int
	chunks int // written so far
}

// write writes the blob and returns the place of its index.
func (w *blobWriter) write(value []byte) (pos, error) {
	for {
		if w.chunks == nvsfmt.MostChunks(w.base) {
			return pos{}, NotEnoughSpace // the free space has too many pieces
		}
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
		if free == nvsfmt.Span(n) {
			err = w.putClosing(value[:n])
		} else if from, ok := w.indexFirst(value); ok {
			return w.putWithIndex(value, from)
		} else {
			_, err = w.put(value, nil)
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

// minChunk is the smallest chunk at a page's end, in entries. A smaller one would save
// less space than the writes of another chunk are worth. ESP-IDF leaves up to 13 entries
// free.
const minChunk = 4

// entriesWanted returns how many entries a page must have free for the next chunk. A
// blob that could need more chunks than an index can name gets whole pages.
func (w *blobWriter) entriesWanted(rest int) int {
	pages := (rest + nvsfmt.MaxData - 1) / nvsfmt.MaxData
	if w.chunks+pages >= nvsfmt.MostChunks(w.base) {
		return nvsfmt.Span(min(rest, nvsfmt.MaxData))
	}
	return min(minChunk, nvsfmt.Span(rest))
}

// indexFirst reports whether the index may be written before the last chunk is
// marked, and how many entries have to be marked before it all the same.
//
// After a power cut ESP-IDF loses the blob if the newest page ends with a complete chunk
// of the new value and no index begins behind it (nvs.md 10.1). So the index goes first.
// But if an entry without a mark begins like erased flash, ESP-IDF would take it for the
// page's end, so such entries are marked before.
func (w *blobWriter) indexFirst(data []byte) (from int, ok bool) {
	if w.crypt != nil {
		return 0, true
	}
	span := nvsfmt.Span(len(data))
	for i := range span - 1 {
		d := data[i*nvsfmt.EntrySize:]
		if nvsfmt.IsErased(d[:min(4, len(d))]) {
			from = i + 2
		}
	}
	return from, from < span
}

func (w *blobWriter) makeIndex() {
	w.entry.New(w.ns, nvsfmt.TypeIndex, 1, nvsfmt.NoChunk, w.name)
	w.entry.SetIndex(w.size, w.chunks, w.base)
	w.entry.Seal()
}

// putWithIndex appends the last chunk, whose entry is in w.entry, and the
// index: chunk, marks of its first from entries, index, the chunk's other marks,
// the index's mark.
func (w *blobWriter) putWithIndex(data []byte, from int) (pos, error) {
	var chunk, index item
	span := w.entry.Span()
	q, err := w.place(&chunk)
	x := pos{q.pg, q.at + span}
	taken := span
	if err == nil {
		err = w.fill(q, from, data)
	}
	if err == nil {
		w.chunks++
		w.makeIndex()
		w.chunks-- // the last one is not listed yet
		_, err = w.place(&index)
		taken++
	}
	if err == nil {
		err = w.mark(q, from, span)
	}
	if err == nil {
		err = w.mark(x, 0, 1)
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

// putClosing appends a chunk, whose entry is in w.entry, that fills the newest page. The
// page is marked full before the chunk is complete, because of the loss that indexFirst
// describes: in full pages ESP-IDF looks at marks only.
func (w *blobWriter) putClosing(data []byte) error {
	var chunk item
	span := w.entry.Span()
	q, err := w.place(&chunk)
	from, _ := w.indexFirst(data)
	if from = min(from, span-1); from == 0 && span > 1 {
		from = 1
	}
	if err == nil {
		err = w.fill(q, from, data)
	}
	if err == nil {
		err = w.closeNewest()
	}
	if err == nil {
		err = w.mark(q, from, span)
	}
	if err != nil {
		w.spoil(q, span)
		return err
	}
	w.enlist(q, chunk, span)
	return nil
}

// fill writes a chunk's data and marks its first from entries, the first one
// before the data.
func (w *blobWriter) fill(q pos, from int, data []byte) error {
	if from > 0 {
		if err := w.mark(q, 0, 1); err != nil {
			return err
		}
	}
	if err := w.writeData(q.pg.offset(q.at+1), data, nil); err != nil {
		return err
	}
	if from > 1 {
		return w.mark(q, 1, from)
	}
	return nil
}

// undo drops the chunks written before an error.
func (w *blobWriter) undo() {
	if w.chunks == 0 {
		return
	}
	w.dropChunks(w.newest(), w.ns, w.name, w.base, w.chunks)
	for _, pg := range w.pages {
		_ = w.flush(pg)
	}
}
