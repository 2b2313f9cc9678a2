// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/wifiprov/wifiprov/internal/files"
)

// Index is what reports say in the end of each device: the last success, or without one
// the last failure. It keeps the files open, and of a device its name and some 100 bytes.
type Index struct {
	files   []*os.File
	devices map[string]place
	// Conflicts tells of devices that were done in several reports.
	Conflicts []string
}

// place is where the record of a device is, and what decides whether another one is better.
type place struct {
	file   int
	at     int64
	length int
	done   bool
	ended  time.Time
}

// maxConflicts is how many conflicts are told one by one.
const maxConflicts = 100

// NewIndex reads reports.
func NewIndex(paths ...string) (*Index, error) {
	x := &Index{devices: map[string]place{}}
	for i, path := range paths {
		f, err := files.Open(path)
		if err != nil {
			x.Close()
			return nil, err
		}
		x.files = append(x.files, f)
		_, err = ReadRecords(path, f, func(rec *Record, at int64, length int) {
			x.add(rec, place{i, at, length, rec.Status == StatusDone, rec.Ended})
		})
		if err != nil {
			x.Close()
			return nil, err
		}
	}
	return x, nil
}

// Close closes the reports.
func (x *Index) Close() {
	for _, f := range x.files {
		f.Close()
	}
}

func (x *Index) add(rec *Record, p place) {
	id := rec.Device
	if id == "" { // a bad row, which its file and number tell apart from others
		id = fmt.Sprintf("\x00%s\x00%09d", x.files[p.file].Name(), rec.Row)
	}
	old, ok := x.devices[id]
	if ok && old.done && p.done && old.file != p.file && len(x.Conflicts) < maxConflicts {
		x.Conflicts = append(x.Conflicts, fmt.Sprintf("%s was done at %s (%s) and at %s (%s): the later one counts", rec.Device,
			old.ended.Format(time.RFC3339), x.files[old.file].Name(), p.ended.Format(time.RFC3339), x.files[p.file].Name()))
	}
	if !ok || better(p, old) {
		x.devices[id] = p
	}
}

// better says whether a record counts more than one before it. At the same time the one
// behind does.
func better(a, b place) bool {
	if a.done != b.done {
		return a.done
	}
	return !a.ended.Before(b.ended)
}

// Each calls f with the record of each device, in the order of their names.
func (x *Index) Each(f func(rec *Record) error) error {
	for _, id := range slices.Sorted(maps.Keys(x.devices)) {
		p := x.devices[id]
		line := make([]byte, p.length)
		if _, err := x.files[p.file].ReadAt(line, p.at); err != nil {
			return files.Error(x.files[p.file].Name(), err)
		}
		var rec Record
		if err := json.Unmarshal(line, &rec); err != nil {
			return fmt.Errorf("%s: it changed meanwhile: try again", x.files[p.file].Name())
		}
		if err := f(&rec); err != nil {
			return err
		}
	}
	return nil
}
