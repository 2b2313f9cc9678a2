// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wifiprov/wifiprov/internal/filelock"
	"github.com/wifiprov/wifiprov/internal/files"
)

// recordStart begins every line of a report.
const recordStart = `{"device":`

// Report is a file of records, one a line, that one batch at a time appends to. A line
// that a crash tore is cut off when the report is opened. Its methods may not overlap.
type Report struct {
	file   *os.File
	done   map[key]string // devices that are done, with the digests of their rows
	end    int64          // of the last whole line
	broken error          // why nothing can be appended any more
	// Lines is how many records the report had when it was opened.
	Lines int
}

// ErrReportInUse: two batches cannot append to one report.
var ErrReportInUse = errors.New("another batch is at work on this report")

// OpenReport opens a report, or makes a new one that only its owner may read. It fails
// if another batch has it open, or if the file is no report.
func OpenReport(path string) (*Report, error) {
	f, err := filelock.Open(path, true, false)
	if errors.Is(err, filelock.ErrLocked) {
		return nil, fmt.Errorf("%s: %w: wait for its end, or give another --report", path, ErrReportInUse)
	}
	if err != nil {
		return nil, files.Error(path, err)
	}
	r := &Report{file: f, done: map[key]string{}}
	end, err := ReadRecords(path, f, func(rec *Record, _ int64, _ int) {
		r.Lines++
		if rec.Status == StatusDone {
			r.done[keyOf("device", rec.Device)] = rec.Digest
		}
	})
	if err == nil {
		err = files.Error(path, f.Truncate(end))
	}
	if err == nil {
		r.end, err = f.Seek(end, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

// Done reports whether a device is done, and whether its row has changed since.
func (r *Report) Done(d *Device) (done, changed bool) {
	digest, ok := r.done[keyOf("device", d.ID())]
	return ok, ok && digest != d.Digest()
}

// Devices is how many devices were done when the report was opened.
func (r *Report) Devices() int { return len(r.done) }

// Append writes records, and returns when they are on the disk. After an error nothing
// can be appended any more, since a torn line may only be the last one.
func (r *Report) Append(records []*Record) error {
	if r.broken != nil {
		return r.broken
	}
	var all []byte
	for _, rec := range records {
		all = append(all, rec.Line()...)
	}
	_, err := r.file.Write(all)
	if err == nil {
		err = r.file.Sync()
	}
	if err != nil {
		r.broken = files.Error(r.file.Name(), err)
		_ = r.file.Truncate(r.end) // or else the next batch cuts it
		return r.broken
	}
	r.end += int64(len(all))
	return nil
}

// Close closes the file.
func (r *Report) Close() error { return r.file.Close() }

// ReadRecords calls f with each record of a report, its place in bytes and its length, and
// returns the place behind the last whole line. It fails if the text is no report. A line
// at the end that a crash tore is left out.
func ReadRecords(path string, in io.Reader, f func(rec *Record, at int64, length int)) (int64, error) {
	lines := bufio.NewReaderSize(in, 64<<10)
	var at int64
	for n := 1; ; n++ {
		line, err := readLine(lines)
		whole := bytes.HasSuffix(line, []byte("\n"))
		var rec Record
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return at, files.Error(path, err)
		case len(line) == 0:
			return at, nil
		case !bytes.HasPrefix(line, []byte(recordStart)) && (whole || !bytes.HasPrefix([]byte(recordStart), line)):
			return at, fmt.Errorf("%s:%d: this is no line of a report of espprov batch: is it the right file?", path, n)
		case !whole:
			return at, nil
		case json.Unmarshal(line, &rec) != nil:
			return at, fmt.Errorf("%s:%d: this line of the report is damaged: remove it, and its device is provisioned again", path, n)
		}
		f(&rec, at, len(line))
		at += int64(len(line))
	}
}

// readLine reads a line with its end, up to a limit that no record reaches.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > 2*maxRow {
			return nil, errors.New("a line is too long for a report: is it the right file?")
		}
	}
}
