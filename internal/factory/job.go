// SPDX-License-Identifier: Apache-2.0

// Package factory makes the images of NVS partitions for many devices: one image for each
// row of a list, from one template. It draws each device's secrets and keys, reads every
// image back, and keeps a report from which an interrupted run goes on.
//
// The folder of a run has
//
//	bin/NAME.bin         the images
//	keys/keys-NAME.bin   key partitions, with Job.DeviceKeys
//	csv/NAME.csv         what the images hold, with Job.KeepCSV
//	report.jsonl         a line for each finished device, in the order of the list
//	report.csv           the same for spreadsheets and label printers
//
// as Espressif's mass-manufacturing tool names them.
package factory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

// Job says what to make. Its fields do not change during Run.
type Job struct {
	Template *nvsgen.Template
	// InOrder gives each place the next column with its name, as a configuration file
	// requires it; several keys may have one name then.
	InOrder bool
	List    string // file of the devices, read twice
	Folder  string // made if it does not exist

	Prefix string // of names; may be empty
	Number string // counts from here, with as many digits; empty: names have no number
	ID     string // column with the rest of the names; empty: 1, 2, 3 …

	Options    nvsgen.Options // size, version, and keys that all devices have
	DeviceKeys bool           // each device has keys of its own
	Username   string         // for verifiers

	Secrets   bool            // the report has what was drawn, and the proof of possession
	Service   string          // column with the names of the services; empty: no QR texts. Wants Secrets
	Transport label.Transport // for QR texts
	KeepCSV   bool
	Resume    bool // go on where the report in Folder ends
	// Write puts a file in place as a whole, readable for its owner alone; calls overlap.
	Write func(path string, b []byte) error
	// Done is told each device in the order of the list, also those that an earlier run
	// finished; calls do not overlap. An error ends Run. nil: nobody is told.
	Done func(Record) error
}

// Summary counts what Run did.
type Summary struct {
	Devices int // in the list
	Made    int // images made now
	Before  int // images of an earlier run, checked
}

// ErrNotFinished is wrapped by errors that come when some images may be made already: Run
// with Resume goes on.
var ErrNotFinished = errors.New("not finished")

// Check looks at each row of the list as Run does, and writes nothing.
func (j *Job) Check(ctx context.Context) (Summary, error) {
	r, err := newRun(j)
	if err != nil {
		return Summary{}, err
	}
	return r.check(ctx)
}

// Run checks the whole list, and then makes everything. Its errors are *Problems,
// a file's, and the context's; whatever happens, each file is whole, and each device in
// the report is finished.
func (j *Job) Run(ctx context.Context) (Summary, error) {
	r, err := newRun(j)
	if err != nil {
		return Summary{}, err
	}
	if sum, err := r.check(ctx); err != nil {
		return sum, err
	}
	return r.make(ctx)
}

// run is a job with what its template and list say.
type run struct {
	*Job
	columns []string
	sources map[nvsgen.Place]source
	drawn   map[string]int // length of what is drawn, by name
	random  []string       // names of what is drawn, sorted
	id      int            // column; -1: none
	service int            // column; -1: none
	pop     int            // column; -1: none
	proof   source         // of what proves possession; it may be none
	number  int
	first   []nvsgen.Cell // the first device's, for places that repeat; nil: not read yet
}

func newRun(j *Job) (*run, error) {
	r := &run{Job: j, id: -1, service: -1, pop: -1}
	list, closer, err := r.open()
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	r.columns = list.Columns()
	if j.ID != "" {
		if r.id, err = r.column(j.ID); err != nil {
			return nil, err
		}
	}
	if j.Service != "" {
		if r.service, err = r.column(j.Service); err != nil {
			return nil, err
		}
	}
	if _, err := strconv.Atoi("0" + j.Number); err != nil || len(j.Number) > 9 {
		return nil, fmt.Errorf("the number %q to count from is none: give up to 9 digits, like 0001", j.Number)
	}
	r.number, _ = strconv.Atoi(j.Number)
	if !j.Resume {
		if err := mustNotExist(filepath.Join(j.Folder, reportName)); err != nil {
			return nil, err
		}
	}
	return r, r.resolve()
}

// open opens the list.
func (r *run) open() (*nvsgen.List, io.Closer, error) {
	f, err := files.Open(r.List)
	if err != nil {
		return nil, nil, err
	}
	list, err := nvsgen.NewList(f)
	if err != nil {
		f.Close()
		return nil, nil, r.named(err)
	}
	return list, f, nil
}

// named adds the list's name to an error of a row.
func (r *run) named(err error) error { return fmt.Errorf("%s: %w", r.List, err) }

// row is a row of the list.
type row struct {
	number int // from 0
	cells  []nvsgen.Cell
	err    error // the row is no row; nil: it is one
}

func (r *row) line() int {
	if len(r.cells) > 0 {
		return r.cells[0].Line
	}
	return 0
}

// each works on all rows, several at a time, and hands over what comes of them in their
// order. prepare is called in the order of the rows, and its error ends the work.
func each[In, Out any](ctx context.Context, r *run, prepare func(row) (In, error), work func(In) Out, done func(Out) error) error {
	list, closer, err := r.open()
	if err != nil {
		return err
	}
	defer closer.Close()
	n := -1
	return inOrder(ctx, runtime.GOMAXPROCS(0), func() (in In, err error) {
		cells, err := list.Next()
		var bad *nvsgen.Error
		if err != nil && !errors.As(err, &bad) {
			return in, err
		}
		if n++; err == nil && r.first == nil {
			r.first = cells
		}
		return prepare(row{n, cells, err})
	}, work, done)
}

// check looks at all rows.
func (r *run) check(ctx context.Context) (Summary, error) {
	var sum Summary
	p := &Problems{List: r.List}
	names := newNames()
	err := each(ctx, r, func(row row) (row, error) { return row, nil }, r.look, func(v verdict) error {
		sum.Devices++
		if v.fatal != nil {
			return v.fatal
		}
		if v.name != "" {
			v.add(names.taken(v.name, v.line), v.line, r.idColumn(v.row))
			if !r.Resume {
				for _, path := range r.files(v.name) {
					if err := mustNotExist(path); err != nil {
						v.add(err.Error(), v.line, 0)
					}
				}
			}
		}
		p.add(v.problems...)
		return nil
	})
	switch {
	case err != nil:
		return sum, err
	case sum.Devices == 0:
		return sum, fmt.Errorf("%s: it has no devices: write a row for each below the heading", r.List)
	case p.Count > 0:
		return sum, p
	}
	return sum, nil
}

// verdict is what check thinks of a row.
type verdict struct {
	row
	line     int
	name     string
	problems []Problem
	fatal    error // the template is wrong
}

func (v *verdict) add(why string, line, column int) {
	if why != "" {
		v.problems = append(v.problems, Problem{Line: line, Column: column, Why: why})
	}
}

// look does everything for a row that costs little.
func (r *run) look(row row) verdict {
	v := verdict{row: row, line: row.line()}
	var bad *nvsgen.Error
	if errors.As(row.err, &bad) {
		v.line = bad.Line
		v.problems = []Problem{{Line: bad.Line, Column: bad.Column, Why: bad.Why}}
		return v
	}
	name, why := r.name(row)
	v.add(why, v.line, r.idColumn(row))
	if why == "" {
		v.name = name
	}
	d := r.device(row, true)
	t, err := r.Template.Fill(d.fill)
	if err == nil {
		_, err = t.Image(r.Options)
	}
	if err != nil {
		p, fatal := r.problem(row, err)
		v.fatal = fatal
		v.problems = append(v.problems, p)
	}
	if err := d.label(new(Record)); err != nil {
		cell := row.cells[r.service]
		v.problems = append(v.problems, Problem{Line: cell.Line, Column: cell.Column, Name: r.Service, Why: "no QR text: " + err.Error()})
	}
	return v
}
